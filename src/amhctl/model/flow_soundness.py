"""The rules of a checkpoint of FlowVoice, a voice or a training state. Sees facts of tensors, not the tensors."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import Surveys
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.findings import Finding
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.network_soundness import contradiction, find_network_faults
from amhctl.model.shapes import Shape
from amhctl.nn.unfilled import unfilled


def flow_shapes(config: FlowVoiceConfig) -> dict[str, Shape]:
    """Return the shape of every tensor of a FlowVoice, by name."""
    # Made without memory: a manifest may ask for any size.
    with unfilled():
        state = FlowVoice(config).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _zero_at_first(shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """Return the matrices by which a new voice is not moved yet; what it has not met in training leaves them zero."""
    inputs = ("prosody_condition.", "noise_condition.")
    return tuple(name for name in shapes if name.startswith(inputs) or name.endswith(".modulate.weight"))


def find_flow_faults(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
    """Return what is wrong with a voice or a training state.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    """
    try:
        config = FlowVoiceConfig.model_validate(manifest.config)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    shapes = flow_shapes(config)
    beside, zero = _speaker_faults(manifest, surveys, config), _zero_at_first(shapes)
    return (*_manifest_faults(manifest, config), *find_network_faults(manifest, surveys, shapes, beside, zero=zero))


def _manifest_faults(manifest: Manifest, config: FlowVoiceConfig) -> Iterator[Finding]:
    mel = config.acoustics.mel
    pairs: list[tuple[str, object, str, object]] = [
        ("sample_rate", manifest.sample_rate, "config.acoustics.mel.sample_rate", mel.sample_rate)
    ]
    if manifest.vocabulary is not None:
        size = manifest.vocabulary.size
        pairs.append(("config.number_text_tokens", config.number_text_tokens, "vocabulary.size", size))
    if manifest.codec is not None and config.codebooks:
        codec = manifest.codec
        pairs += [
            ("config.codebook_size", config.codebook_size, "codec.codebook_size", codec.codebook_size),
            ("config.code_frame_samples", config.code_frame_samples, "codec.frame_samples", codec.frame_samples),
        ]
    for ours, value, theirs, other in pairs:
        if value != other:
            yield contradiction(ours, value, theirs, other)
    hint = "the manifest was edited or written by another version: copy the checkpoint from its source again"
    if manifest.vocoder is None:
        yield RULES.finding("C021", "vocoder", "a FlowVoice must name a vocoder, and this one names none", hint)
    elif manifest.vocoder.mel != mel.model_dump(mode="json"):
        yield contradiction("config.acoustics.mel", mel.model_dump(mode="json"), "vocoder.mel", manifest.vocoder.mel)
    if config.codebooks and manifest.codec is None:
        yield RULES.finding("C021", "codec", "the voice is conditioned on codes, but names no codec", hint)


def _speaker_faults(manifest: Manifest, surveys: Surveys, config: FlowVoiceConfig) -> Iterator[Finding]:
    hint = "export the voice again from its run"
    if SPEAKERS_FILE not in surveys or not manifest.speakers:
        yield RULES.finding("C022", SPEAKERS_FILE, "missing or unreadable: the voice has no speaker", hint)
        return
    for name in manifest.speakers:
        embedding = surveys[SPEAKERS_FILE].get(name)
        if embedding is None:
            yield RULES.finding("C022", SPEAKERS_FILE, f"holds no speaker {name}", hint)
        elif not embedding.is_float or embedding.shape != (config.speaker_dim,):
            message = (
                f"speaker {name} of shape {embedding.shape} and type {embedding.type}, not ({config.speaker_dim},)"
            )
            yield RULES.finding("C022", SPEAKERS_FILE, message, hint)

"""The rules of a checkpoint of a voice of either kind, or of its training. Sees facts of tensors, not the tensors.

``ckpt validate`` reports what they find, and every command that loads or writes such a checkpoint refuses it.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import LoadedCheckpoint, Surveys, read_checkpoint
from amhctl.config.conditioning import read_conditioning, width_of
from amhctl.config.unified import ModelConfig
from amhctl.core.findings import Finding
from amhctl.model.conditioning import FEWEST_FEATURES
from amhctl.model.flow_soundness import find_flow_faults
from amhctl.model.flow_voice import MODEL_VERSION as FLOW_VERSION
from amhctl.model.network_soundness import contradiction, find_network_faults
from amhctl.model.shapes import parameter_shapes
from amhctl.model.unified_voice import MODEL_VERSION

REFERENCE_FILE = "reference.safetensors"
_FEATURES = "features"


def read_voice(folder: Path, *, kind: str = "voice") -> LoadedCheckpoint:
    """Read a voice, or a training state of one, and refuse it if any rule is broken.

    Raises
    ------
    CheckpointError
        If it is of another kind, changed, or not sound.
    """
    return read_checkpoint(folder, kind=kind, check=find_faults)


def find_faults(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
    """Return what is wrong with a voice or a training state.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    """
    is_voice = manifest.kind in ("voice", "training", "adapter")
    if is_voice and manifest.model_version == FLOW_VERSION:
        return find_flow_faults(manifest, surveys)
    if not is_voice or manifest.model_version != MODEL_VERSION:
        known = f"{MODEL_VERSION} and {FLOW_VERSION}"
        message = f"a {manifest.kind} of version {manifest.model_version}, which is none of {known}"
        return (RULES.finding("C021", "kind", message, "a training run keeps its voice in the folder best/"),)
    try:
        config = ModelConfig.model_validate(manifest.config)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    shapes = parameter_shapes(config)
    beside = _prompt_faults(manifest, surveys, config)
    return (*_manifest_faults(manifest, config), *find_network_faults(manifest, surveys, shapes, beside))


def _manifest_faults(manifest: Manifest, config: ModelConfig) -> Iterator[Finding]:
    codec, vocabulary = manifest.codec, manifest.vocabulary
    pairs: list[tuple[str, object, str, object]] = []
    if codec is not None:
        pairs += [
            ("sample_rate", manifest.sample_rate, "codec.sample_rate", codec.sample_rate),
            ("config.number_mel_codes", config.number_mel_codes, "codec.codebook_size and 2", codec.codebook_size + 2),
        ]
        if config.codebooks > codec.codebooks:
            yield contradiction("config.codebooks", config.codebooks, "codec.codebooks", codec.codebooks)
    if vocabulary is not None:
        pairs.append(("config.number_text_tokens", config.number_text_tokens, "vocabulary.size", vocabulary.size))
    if manifest.conditioning is not None:
        try:
            width = width_of(read_conditioning(manifest.conditioning))
        except ValidationError as error:
            yield rules.config_finding("conditioning", error)
        else:
            pairs.append(
                ("config.condition_dim", config.condition_dim, "the width of the conditioning features", width)
            )
    for ours, value, theirs, other in pairs:
        if value != other:
            yield contradiction(ours, value, theirs, other)


def _prompt_faults(manifest: Manifest, surveys: Surveys, config: ModelConfig) -> Iterator[Finding]:
    if manifest.lineage is not None and REFERENCE_FILE not in manifest.files:
        message = "the voice was imported and has no prompt of its own"
        yield RULES.finding(
            "C031", REFERENCE_FILE, message, "fine-tune it: the new voice gets a prompt from its training data"
        )
        return
    hint = "export the voice again from its run"
    if REFERENCE_FILE not in surveys:
        yield RULES.finding(
            "C022", REFERENCE_FILE, "missing or unreadable: the voice has no prompt for inference", hint
        )
        return
    features = surveys[REFERENCE_FILE].get(_FEATURES)
    if features is None:
        yield RULES.finding("C022", REFERENCE_FILE, f"holds no tensor {_FEATURES}", hint)
    elif not features.is_float:
        yield RULES.finding("C022", REFERENCE_FILE, f"features made of {features.type}", hint)
    elif len(features.shape) != 2 or features.shape[1] != config.condition_dim or features.shape[0] < FEWEST_FEATURES:
        wanted = f"at least {FEWEST_FEATURES} frames of width {config.condition_dim}"
        yield RULES.finding("C022", REFERENCE_FILE, f"features of shape {features.shape}, not {wanted}", hint)

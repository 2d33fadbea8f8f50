"""The rules of a checkpoint of UnifiedVoice, a voice or a training state. Sees facts of tensors, not the tensors.

``ckpt validate`` reports what they find, and every command that loads or writes such a checkpoint refuses it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import WEIGHTS_FILE, LoadedCheckpoint, Surveys, read_checkpoint
from amhctl.checkpoint.survey import Survey, check_weights
from amhctl.config.conditioning import read_conditioning, width_of
from amhctl.config.schema import ModelConfig
from amhctl.core.findings import Finding
from amhctl.model.shapes import Shape, parameter_shapes
from amhctl.model.unified_voice import FEWEST_FEATURES, MODEL_VERSION

REFERENCE_FILE = "reference.safetensors"
AVERAGE_FILE = "average.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"
_FEATURES = "features"
# A table for two speeds that the official training starts at zero and never reads otherwise.
_MAY_BE_ZERO = ("speed_emb.weight",)
# Squared gradients, averaged: their root is taken.
_SQUARES = "exp_avg_sq"


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
    if manifest.kind in ("codec", "vocoder") or manifest.model_version != MODEL_VERSION:
        message = f"a {manifest.kind} of version {manifest.model_version}, which is none of {MODEL_VERSION}"
        return (rules.finding("C021", "kind", message, "a training run keeps its voice in the folder best/"),)
    try:
        config = ModelConfig.model_validate(manifest.config)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    shapes = parameter_shapes(config)
    found = [*_manifest_faults(manifest, config)]
    for file in (WEIGHTS_FILE, AVERAGE_FILE):
        if file in surveys:
            found += find_weight_faults(surveys[file], shapes, file="" if file == WEIGHTS_FILE else file)
    found += _prompt_faults(surveys, config) if manifest.kind == "voice" else _state_faults(surveys, shapes)
    return tuple(found)


def find_weight_faults(facts: Survey, shapes: Mapping[str, Shape], *, file: str = "") -> tuple[Finding, ...]:
    """Return what is wrong with the tensors of a network: names, shapes, types, and matrices of zeros.

    Parameters
    ----------
    facts : Survey
        The tensors.
    shapes : Mapping[str, Shape]
        The shapes they must have, by name.
    file : str
        What stands before their names; empty for the weights themselves.
    """
    found = rules.compare_shapes({name: each.shape for name, each in facts.items()}, shapes, file=file)
    return (*found, *check_weights(facts, file=file, zero=_MAY_BE_ZERO))


def _manifest_faults(manifest: Manifest, config: ModelConfig) -> Iterator[Finding]:
    codec, vocabulary = manifest.codec, manifest.vocabulary
    pairs: list[tuple[str, object, str, object]] = []
    if codec is not None:
        pairs += [
            ("sample_rate", manifest.sample_rate, "codec.sample_rate", codec.sample_rate),
            ("config.number_mel_codes", config.number_mel_codes, "codec.codebook_size and 2", codec.codebook_size + 2),
        ]
        if config.codebooks > codec.codebooks:
            yield _contradiction("config.codebooks", config.codebooks, "codec.codebooks", codec.codebooks)
    if vocabulary is not None:
        pairs.append(("config.number_text_tokens", config.number_text_tokens, "vocabulary.size", vocabulary.size))
    if manifest.conditioning is not None:
        try:
            width = width_of(read_conditioning(manifest.conditioning))
        except ValidationError as error:
            yield rules.config_finding("conditioning", error)
        else:
            pairs.append(("config.condition_dim", config.condition_dim, "the width of conditioning", width))
    for ours, value, theirs, other in pairs:
        if value != other:
            yield _contradiction(ours, value, theirs, other)


def _contradiction(ours: str, value: object, theirs: str, other: object) -> Finding:
    hint = "the manifest was made by hand or by another version: take the checkpoint from its source again"
    return rules.finding("C021", ours, f"{value}, where {theirs} is {other}", hint)


def _prompt_faults(surveys: Surveys, config: ModelConfig) -> Iterator[Finding]:
    hint = "export the voice again from its run"
    if REFERENCE_FILE not in surveys:
        yield rules.finding("C022", REFERENCE_FILE, "absent or unreadable: the voice has no prompt to speak with", hint)
        return
    features = surveys[REFERENCE_FILE].get(_FEATURES)
    if features is None:
        yield rules.finding("C022", REFERENCE_FILE, f"holds no tensor {_FEATURES}", hint)
    elif not features.is_float:
        yield rules.finding("C022", REFERENCE_FILE, f"features made of {features.type}", hint)
    elif len(features.shape) != 2 or features.shape[1] != config.condition_dim or features.shape[0] < FEWEST_FEATURES:
        wanted = f"at least {FEWEST_FEATURES} frames of width {config.condition_dim}"
        yield rules.finding("C022", REFERENCE_FILE, f"features of shape {features.shape}, not {wanted}", hint)


def _state_faults(surveys: Surveys, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    hint = "go on from an earlier checkpoint of the run"
    for file in (AVERAGE_FILE, OPTIMIZER_FILE):
        if file not in surveys:
            yield rules.finding("C023", file, "absent or unreadable", hint)
    moments = surveys.get(OPTIMIZER_FILE, {})
    for key, each in moments.items():
        name, _, slot = key.rpartition("/")
        place = f"{OPTIMIZER_FILE}: {key}"
        if name not in shapes:
            yield rules.finding("C023", place, "belongs to no parameter", hint)
        elif each.shape != shapes[name] and (slot != "step" or each.shape):
            yield rules.finding("C023", place, f"shape {each.shape}, the parameter has {shapes[name]}", hint)
        elif not each.is_float:
            yield rules.finding("C023", place, f"made of {each.type}", hint)
        elif slot == _SQUARES and each.lowest < 0:
            yield rules.finding("C023", place, "an average of squares is negative", hint)
    squares = [each for key, each in moments.items() if key.endswith(f"/{_SQUARES}") and each.shape]
    if squares and all(each.is_zero for each in squares):
        yield rules.finding("C024", OPTIMIZER_FILE, "all averages of squares are zero", hint)

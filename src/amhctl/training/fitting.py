"""What must agree before a run starts: model, codec, vocabulary, frontend and the checkpoint it starts from.

A run starts from nothing or from an *origin*: a voice to fine-tune, or its own training checkpoint to resume. Values
that the data or the origin decide are taken from there; a value someone chose that says otherwise is an error.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from pydantic import JsonValue, ValidationError
from torch import nn

from amhctl.checkpoint.folder import codec_differences
from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning, conditioning_differences, read_conditioning, width_of
from amhctl.config.document import Document
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError, DatasetError, VocabularyError
from amhctl.core.shortage import require_memory
from amhctl.model.shapes import parameter_count
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.seeding import derive_seed

_FREE_IN_ORIGIN = frozenset({"dropout", "text_dropout", "position_rule"})
"""Model values that may differ from the origin's: they have no weights."""

Explicit = Callable[[str], bool]
"""Tells whether someone chose the value of a key such as ``model.layers``, rather than a preset or a default."""


def fit_codec(spec: CodecSpec, *, wanted: CodecSpec | None, origin: LoadedCheckpoint | None) -> None:
    """Check the codec of a code store against the one someone chose and the one of the origin.

    Raises
    ------
    CodecError
        If the store's codes are of another codec.
    """
    others = [("the selected codec", wanted)] if wanted else []
    if origin is not None and origin.manifest.codec is not None:
        others.append(("the base checkpoint", origin.manifest.codec))
    for owner, theirs in others:
        differences = [
            f"{item.field.removeprefix('codec.')} {item.found} instead of {item.expected}"
            for item in codec_differences(theirs, spec)
        ]
        if differences:
            raise CodecError(
                f"the store's codes are not those of {owner}: {', '.join(differences)}",
                subject=spec.name,
                hint="run `amhctl codes extract` with that codec",
            )


def fit_level(level: float | None, *, origin: LoadedCheckpoint | None, store: str) -> float:
    """Return the speech level of a code store's recordings, which is the one of the origin.

    Parameters
    ----------
    level : float | None
        The store's, in dBFS; None where its recordings were left as they were.
    origin : LoadedCheckpoint | None
        The checkpoint that training starts from.
    store : str
        Where the store lies, for messages.

    Raises
    ------
    DatasetError
        If the store has no level.
    CheckpointError
        If the origin learnt at another.
    """
    theirs = None if origin is None else completed(origin.manifest).level
    if level is None:
        raise DatasetError(
            "the store's recordings were not normalised to one level, so prompts would not match them",
            subject=store,
            hint="extract them into a new store with `amhctl codes extract`, which normalises speech to one level",
        )
    if theirs is not None and theirs != level:
        raise CheckpointError(
            f"the store's speech has a level of {level:g} dBFS, the base checkpoint was trained at {theirs:g}",
            subject=store,
            hint=f"extract codes with `amhctl codes extract --level {theirs:g}`",
        )
    return level


_KEEPS_READING = (
    "omit the value: a fine-tuned voice keeps its text frontend; or use the frontend of this package with --set "
    "training.reading=package"
)


def fit_vocabulary(vocabulary: Vocabulary, frontend: Frontend, origin: LoadedCheckpoint | None) -> None:
    """Check a vocabulary against the frontend's units and the origin's vocabulary.

    Raises
    ------
    VocabularyError
        If its units or its pieces are others.
    """
    units = frontend.config.units
    if vocabulary.units != units:
        raise VocabularyError(
            f"the vocabulary has units {vocabulary.units}, but text.units is {units}",
            hint=f"use --set text.units={vocabulary.units}, or train a vocabulary of {units}",
        )
    theirs = origin.manifest.vocabulary if origin else None
    if theirs is not None and theirs.fingerprint != vocabulary.fingerprint:
        raise VocabularyError(
            f"the vocabulary ({vocabulary.size} pieces, {vocabulary.fingerprint[:12]}) is not that of the base "
            f"checkpoint ({theirs.size} pieces, {theirs.fingerprint[:12]})",
            hint="grow the checkpoint with `amhctl vocab extend BASE.model CORPUS -o V.model --size N "
            "--base-checkpoint C --checkpoint-out D`, then pass --base D",
        )


def fit_frontend(
    config: TextConfig,
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    origin: LoadedCheckpoint | None,
    explicit: Explicit,
    *,
    reading: Literal["base", "package"],
) -> Frontend:
    """Return the frontend of the origin, or a new one that reads in the vocabulary's units.

    Parameters
    ----------
    config, lexicon : TextConfig, Lexicon
        Options and readings of the project, for a new frontend.
    vocabulary : Vocabulary
        Decides the units, unless someone chose them.
    origin : LoadedCheckpoint | None
        The checkpoint that training starts from.
    explicit : Explicit
        Whether someone chose a value himself.
    reading : Literal["base", "package"]
        ``package`` makes a new frontend even where there is an origin.

    Raises
    ------
    ConfigError
        If someone chose a text option or a lexicon that the origin does not have.
    """
    if origin is None or origin.manifest.text is None or reading == "package":
        units = config.units if explicit("text.units") else vocabulary.units
        return Frontend(config.model_copy(update={"units": units}), lexicon)
    frontend = Frontend.from_state(origin.read_json(origin.manifest.text.file), place=origin.manifest.text.file)
    for name in TextConfig.model_fields:
        ours, theirs = getattr(config, name), getattr(frontend.config, name)
        if explicit(f"text.{name}") and ours != theirs:
            raise ConfigError(
                f"the base checkpoint normalises text with {theirs!r}, not {ours!r}",
                subject=f"text.{name}",
                hint=_KEEPS_READING,
            )
    if explicit("paths.lexicons") and frontend.with_lexicon(lexicon).state() != frontend.state():
        raise ConfigError(
            "the base checkpoint does not have the pronunciations of these lexicons",
            subject="paths.lexicons",
            hint=_KEEPS_READING,
        )
    return frontend


def fit_model(
    config: ModelConfig,
    *,
    spec: CodecSpec,
    conditioning: Conditioning,
    vocabulary: Vocabulary,
    origin: LoadedCheckpoint | None,
    explicit: Explicit,
) -> ModelConfig:
    """Return the model's configuration with the values that vocabulary, codec, features and origin decide.

    Raises
    ------
    ConfigError
        If someone chose another value.
    CheckpointError
        If the origin's configuration cannot be read, or it was conditioned on features of another kind.
    """
    decided: dict[str, JsonValue] = {
        "number_text_tokens": vocabulary.size,
        "number_mel_codes": spec.codebook_size + 2,
        "start_mel_token": spec.codebook_size,
        "stop_mel_token": spec.codebook_size + 1,
        "condition_dim": width_of(conditioning),
    }
    refuse_contradictions(config, decided, explicit, "the vocabulary and the code store require")
    written = (config if origin is None else _config_of(origin)).codebooks
    if written > spec.codebooks:
        raise ConfigError(
            f"model.codebooks is {written}, but the codec has {spec.codebooks}",
            subject="model.codebooks",
            hint=f"a voice can predict fewer codebooks than its codec has: --set model.codebooks={spec.codebooks}",
        )
    if origin is None:
        return _validated({**config.model_dump(mode="json"), **decided}, subject="model")
    _require_conditioning(conditioning, origin)
    # Complete: a value that the base was made before, and does not name, has its default there.
    theirs = _config_of(origin).model_dump(mode="json")
    kept = {name: value for name, value in theirs.items() if name not in _FREE_IN_ORIGIN}
    refuse_contradictions(config, kept, explicit, "the base checkpoint requires")
    chosen = config.model_dump(mode="json", include={name for name in _FREE_IN_ORIGIN if explicit(f"model.{name}")})
    model = _validated({**theirs, **chosen}, subject=str(origin.folder))
    differing = [
        f"{name} {getattr(model, name)} instead of {value}"
        for name, value in decided.items()
        if getattr(model, name) != value
    ]
    if differing:
        raise CheckpointError(
            f"the base checkpoint does not fit the vocabulary and the code store: {', '.join(differing)}",
            subject=str(origin.folder),
            hint="extract codes with the checkpoint's codec and use its vocabulary",
        )
    return model


def _require_conditioning(conditioning: Conditioning, origin: LoadedCheckpoint) -> None:
    """Refuse features that a voice has not learnt to listen to; one from elsewhere does not say which it has."""
    if origin.manifest.conditioning is None:
        return
    theirs = read_part(
        read_conditioning, origin.manifest.conditioning, place="conditioning", subject=str(origin.folder)
    )
    if differing := conditioning_differences(conditioning, theirs):
        raise CheckpointError(
            f"the store's conditioning features are not those of the base checkpoint: {', '.join(differing)}",
            subject=str(origin.folder),
            hint="extract codes with the features and the speech encoder with which the base was trained",
        )


def build_model(config: ModelConfig, seed: int, origin: LoadedCheckpoint | None) -> UnifiedVoice:
    """Return a model with weights drawn by the seed, or with those of the origin, each by name and shape.

    Raises
    ------
    CheckpointError
        If a tensor of the origin is missing, left over or of another shape.
    ConfigError
        If the memory of this machine cannot hold it.
    """
    require_memory(parameter_count(config), subject="model", hint="reduce model.model_dim or model.layers")
    torch.manual_seed(derive_seed(seed, "weights"))
    model = UnifiedVoice(config)
    if origin is not None:
        take_weights(model, origin)
    return model


def take_weights(model: nn.Module, origin: LoadedCheckpoint) -> None:
    """Put the weights of an origin into a model, each by name and shape.

    Raises
    ------
    CheckpointError
        If a tensor of the origin is missing, left over or of another shape.
    """
    try:
        model.load_state_dict(origin.tensors, strict=True)
    except RuntimeError as error:
        raise CheckpointError(
            f"the weights do not fit the model: {error}",
            subject=str(origin.folder),
            hint="see `amhctl ckpt validate`",
        ) from error


def refuse_contradictions(config: Document, decided: Mapping[str, JsonValue], explicit: Explicit, owner: str) -> None:
    """Refuse values of the model that someone chose and that are decided elsewhere.

    Raises
    ------
    ConfigError
        If there are any.
    """
    chosen = config.model_dump(mode="json")
    faults = [
        f"model.{name} is {chosen[name]}, {owner} {value}"
        for name, value in decided.items()
        if explicit(f"model.{name}") and chosen.get(name) != value
    ]
    if faults:
        raise ConfigError("; ".join(faults), subject="model", hint="omit these values: they follow from the data")


def _config_of(origin: LoadedCheckpoint) -> ModelConfig:
    return read_part(ModelConfig.model_validate, origin.manifest.config, place="config", subject=str(origin.folder))


def _validated(values: dict[str, JsonValue], *, subject: str) -> ModelConfig:
    try:
        return ModelConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"the model's configuration is not valid: {error}", subject=subject) from error

"""What must agree before a run of a FlowVoice starts: its shape, the code store, the vocoder and its origin."""

import torch
from pydantic import JsonValue, ValidationError

from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codec.vocoder_spec import VocoderSpec
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError
from amhctl.core.shortage import require_memory
from amhctl.model.flow_soundness import flow_shapes
from amhctl.model.flow_voice import MODEL_VERSION, FlowVoice
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.fitting import Explicit, refuse_contradictions, take_weights
from amhctl.training.guided_teacher import GuidedTeacher
from amhctl.training.seeding import derive_seed

_FREE_IN_ORIGIN = frozenset({"dropout", "text_dropout", "prosody_dropout", "code_dropout"})
"""Model values that may differ from the origin's: they have no weights."""


def fit_vocoder(vocoder: VocoderSpec, acoustics: AcousticsConfig) -> None:
    """Check that a vocoder turns the store's spectrograms into sound.

    Raises
    ------
    CodecError
        If its own is another.
    """
    ours, theirs = acoustics.mel.model_dump(), vocoder.mel.model_dump()
    differing = [f"{key} {theirs[key]} instead of {value}" for key, value in ours.items() if theirs[key] != value]
    if differing:
        raise CodecError(
            f"the vocoder's spectrogram is not the store's: {', '.join(differing)}",
            subject=vocoder.name,
            hint="select a vocoder for this spectrogram with --set paths.vocoder=FOLDER, or train one: amhctl codec "
            "train --arch vocoder",
        )


def fit_flow(
    config: FlowVoiceConfig,
    *,
    acoustics: AcousticsConfig,
    speaker: SpeakerEncoderConfig,
    spec: CodecSpec,
    vocabulary: Vocabulary,
    origin: LoadedCheckpoint | None,
    explicit: Explicit,
) -> FlowVoiceConfig:
    """Return the voice's configuration with the values that vocabulary, store and origin decide.

    Raises
    ------
    ConfigError
        If someone chose another value.
    CheckpointError
        If the origin is of another kind, cannot be read, or does not fit.
    """
    decided: dict[str, JsonValue] = {
        "number_text_tokens": vocabulary.size,
        "acoustics": acoustics.model_dump(mode="json"),
        "speaker_dim": speaker.width,
        "speaker_fingerprint": speaker.fingerprint,
    }
    if config.codebooks:
        decided |= {"codebook_size": spec.codebook_size, "code_frame_samples": spec.frame_samples}
    refuse_contradictions(config, decided, explicit, "the vocabulary and the code store require")
    if config.codebooks > spec.codebooks:
        raise ConfigError(
            f"model.codebooks is {config.codebooks}, but the codec has {spec.codebooks}",
            subject="model.codebooks",
            hint=f"--set model.codebooks={spec.codebooks}",
        )
    if origin is None:
        return _validated({**config.model_dump(mode="json"), **decided}, subject="model")
    theirs = require_flow(origin).model_dump(mode="json")
    kept = {name: value for name, value in theirs.items() if name not in _FREE_IN_ORIGIN}
    refuse_contradictions(config, kept, explicit, "the base checkpoint requires")
    chosen = config.model_dump(mode="json", include={name for name in _FREE_IN_ORIGIN if explicit(f"model.{name}")})
    model = _validated({**theirs, **chosen}, subject=str(origin.folder))
    ours = model.model_dump(mode="json")
    decided = decided if model.codebooks else {key: value for key, value in decided.items() if "code" not in key}
    differing = [f"{name} {ours[name]} instead of {value}" for name, value in decided.items() if ours[name] != value]
    if differing:
        raise CheckpointError(
            f"the base checkpoint does not fit the vocabulary and the code store: {', '.join(differing)}",
            subject=str(origin.folder),
            hint="extract codes with --acoustics and the settings of the base, and use its vocabulary",
        )
    return model


def settle_guidance(model: FlowVoiceConfig, config: TrainingConfig, base: LoadedCheckpoint | None) -> FlowVoiceConfig:
    """Return the shape of a voice that says which guidance it will have learnt.

    Parameters
    ----------
    model : FlowVoiceConfig
        The shape, with the guidance of the base.
    config : TrainingConfig
        Whether guidance is to be distilled. What learns from recordings instead loses what its base has learnt of it.
    base : LoadedCheckpoint | None
        The voice that a run starts from, or started from.

    Raises
    ------
    ConfigError
        If there is no base to learn from, or it has learnt guidance itself.
    """
    if config.distil_guidance:
        key = "training.distil_guidance"
        if base is None:
            raise ConfigError("guidance distillation needs a base", subject=key, hint="pass --base VOICE")
        if require_flow(base).distilled_guidance:
            raise ConfigError(
                "the base is a distilled voice already",
                subject=key,
                hint="distil the voice from which the base was made",
            )
    return model.model_copy(update={"distilled_guidance": config.distil_guidance})


def build_teacher(model: FlowVoiceConfig, base: LoadedCheckpoint) -> GuidedTeacher:
    """Return the base as what a voice learns guided velocities from.

    Raises
    ------
    CheckpointError
        If a tensor of the base is missing, left over or of another shape.
    ConfigError
        If the memory of this machine cannot hold it.
    """
    still = model.model_copy(update={"dropout": 0.0, "distilled_guidance": 0.0})
    return GuidedTeacher(build_flow(still, 0, base), model.distilled_guidance)


def require_flow(origin: LoadedCheckpoint) -> FlowVoiceConfig:
    """Return the shape of a checkpoint of a FlowVoice.

    Raises
    ------
    CheckpointError
        If it is one of another kind.
    """
    if origin.manifest.model_version != MODEL_VERSION:
        raise CheckpointError(
            f"the base is a {origin.manifest.model_version}, but the run trains a {MODEL_VERSION}",
            subject=str(origin.folder),
            hint="use the --preset and model.kind of the base",
        )
    return read_part(FlowVoiceConfig.model_validate, origin.manifest.config, place="config", subject=str(origin.folder))


def build_flow(config: FlowVoiceConfig, seed: int, origin: LoadedCheckpoint | None) -> FlowVoice:
    """Return a voice with weights drawn by the seed, or with those of the origin, each by name and shape.

    Raises
    ------
    CheckpointError
        If a tensor of the origin is missing, left over or of another shape.
    ConfigError
        If the memory of this machine cannot hold it.
    """
    count = sum(torch.Size(shape).numel() for shape in flow_shapes(config).values())
    require_memory(count, subject="model", hint="reduce model.model_dim or model.layers")
    torch.manual_seed(derive_seed(seed, "weights"))
    model = FlowVoice(config)
    if origin is not None:
        take_weights(model, origin)
    return model


def _validated(values: dict[str, JsonValue], *, subject: str) -> FlowVoiceConfig:
    try:
        return FlowVoiceConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"the model's configuration is not valid: {error}", subject=subject) from error

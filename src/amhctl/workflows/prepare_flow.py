"""A run of a FlowVoice: its shape, data, network and identity, seen to fit one another."""

from functools import partial

import torch

from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codec.vocoder import load_vocoder
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import CheckpointError, DatasetError
from amhctl.core.files import sha256_of_file
from amhctl.model.soundness import read_voice
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.acoustic_material import gather_acoustics
from amhctl.training.conditions import require_conditions
from amhctl.training.fitting import fit_codec
from amhctl.training.flow_fitting import build_flow, build_teacher, fit_flow, fit_vocoder, settle_guidance
from amhctl.training.flow_recipe import FlowRecipe, init_acoustic_scale
from amhctl.workflows.former_data import gather_former
from amhctl.workflows.run_parts import PreparedRun, RunParts, assemble_run, identify, tell_findings, tune_network


def prepare_flow(parts: RunParts) -> PreparedRun:
    """Return a run of a FlowVoice.

    Raises
    ------
    AmhctlError
        If something does not fit.
    """
    store, origin, config = parts.store, parts.origin, parts.settings.config
    acoustics, speaker = _require_acoustics(parts)
    vocoder = load_vocoder(config.paths.vocoder).spec
    fit_vocoder(vocoder, acoustics)
    model = _fit_model(parts, acoustics, speaker)
    base = _read_taught_base(parts) if config.training.distil_guidance else origin
    model = settle_guidance(model, config.training, base)
    if model.codebooks:
        fit_codec(store.spec, wanted=None, origin=origin)
    gather_one = partial(
        gather_acoustics,
        frontend=parts.frontend,
        tokenizer=Tokenizer(parts.vocabulary),
        vocabulary_fingerprint=parts.vocabulary.fingerprint,
        model=model,
        seed=config.seed,
        progress=parts.progress,
    )
    material = gather_one(store)
    data = gather_former(material, store, parts.former, gather_one, config)
    tell_findings(material, data, parts.progress)
    network = build_flow(model, config.seed, None if parts.resume else origin)
    if origin is None:
        init_acoustic_scale(network, material.train)
    teacher = build_teacher(model, base) if config.training.distil_guidance and base is not None else None
    tuning = tune_network(parts, network, "flow")
    identity = identify(
        parts,
        data,
        model=model,
        sample_rate=acoustics.mel.sample_rate,
        codec=store.spec if model.codebooks else None,
        conditioning=None,
        vocoder=vocoder.identity,
        speakers={name: torch.from_numpy(mean_E) for name, mean_E in material.train.speakers().items()},
        alignment=material.alignment,
        adapter=tuning.adapter,
    )
    return assemble_run(parts, data, material, FlowRecipe(model, teacher), network, tuning, identity)


def _require_acoustics(parts: RunParts) -> tuple[AcousticsConfig, SpeakerEncoderConfig]:
    acoustics, speaker = parts.store.document.acoustics, parts.store.document.speaker
    if acoustics is None or speaker is None:
        raise DatasetError(
            "the store has no acoustics, which a FlowVoice needs",
            subject=str(parts.store.path),
            hint="extract into a new store: amhctl codes extract MANIFEST -o STORE --acoustics",
        )
    return acoustics, speaker


def _fit_model(parts: RunParts, acoustics: AcousticsConfig, speaker: SpeakerEncoderConfig) -> FlowVoiceConfig:
    """Return the shape of the voice: the configuration's, made to fit store, vocabulary and base."""
    config = parts.settings.config
    if not isinstance(config.model, FlowVoiceConfig):
        raise TypeError("the configuration is for another kind of voice")
    model = fit_flow(
        config.model,
        acoustics=acoustics,
        speaker=speaker,
        spec=parts.store.spec,
        vocabulary=parts.vocabulary,
        origin=parts.origin,
        explicit=parts.settings.explicit,
    )
    require_conditions(config.training, model)
    return model


def _read_taught_base(parts: RunParts) -> LoadedCheckpoint | None:
    """Return the base that a run learns guidance from: a resumed run reads it again, and must find it unchanged.

    Raises
    ------
    CheckpointError
        If it is another one, or cannot be read.
    """
    origin, path = parts.origin, parts.settings.config.paths.base
    if not parts.resume or origin is None or path is None:
        return origin
    base = read_voice(path)
    if sha256_of_file(base.folder / "model.safetensors") != origin.manifest.parent:
        raise CheckpointError(
            "the base is not the one that this run started with, but guidance distillation needs it",
            subject=str(path),
            hint="restore the original base, or start a new run with --base",
        )
    return base

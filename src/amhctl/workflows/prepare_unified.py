"""A run of a UnifiedVoice: its shape, data, network and identity, seen to fit one another."""

from functools import partial

from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codec.codec import Codec
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codes.store import CodeStore
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ConfigError
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.conditions import require_conditions, require_speeds
from amhctl.training.export import choose_reference
from amhctl.training.fitting import build_model, fit_codec, fit_model
from amhctl.training.geometry import init_code_embeddings
from amhctl.training.material import gather
from amhctl.training.speaker_adversary import build_adversary
from amhctl.training.standard import init_feature_scale
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.workflows.former_data import gather_former
from amhctl.workflows.run_parts import PreparedRun, RunParts, assemble_run, identify, tell_findings, tune_network
from amhctl.workflows.run_settings import Settings


def prepare_unified(parts: RunParts) -> PreparedRun:
    """Return a run of a UnifiedVoice.

    Raises
    ------
    AmhctlError
        If something does not fit.
    """
    store, origin, config = parts.store, parts.origin, parts.settings.config
    codec = _load_codec(parts.settings, store, origin)
    fit_codec(store.spec, wanted=codec.spec if codec else None, origin=origin)
    model = _fit_model(parts)
    gather_one = partial(
        gather,
        frontend=parts.frontend,
        tokenizer=Tokenizer(parts.vocabulary),
        vocabulary_fingerprint=parts.vocabulary.fingerprint,
        model=model,
        training=config.training,
        seed=config.seed,
        progress=parts.progress,
    )
    material = gather_one(store)
    data = gather_former(material, store, parts.former, partial(gather_one, of_base=True), config)
    tell_findings(material, data, parts.progress)
    network = build_model(model, config.seed, None if parts.resume else origin)
    if origin is None:
        init_feature_scale(network, store, material.train)
    if codec is not None and config.training.codebook_start and origin is None:
        init_code_embeddings(network, codec.codebooks(), config.seed)
    tuning = tune_network(parts, network, "unified")
    require_speeds(config.training, network, material.train.speed_range)
    identity = identify(
        parts,
        data,
        model=model,
        sample_rate=store.spec.sample_rate,
        codec=store.spec,
        conditioning=store.conditioning_config,
        speeds=material.train.speed_range,
        reference_TF=choose_reference(store, material.train, config.training.prompt_seconds),
        alignment=material.alignment,
        adapter=tuning.adapter,
    )
    adversary = build_adversary(config.training, model, material.train.speaker_count, config.seed)
    return assemble_run(parts, data, material, UnifiedRecipe(model), network, tuning, identity, adversary)


def _fit_model(parts: RunParts) -> ModelConfig:
    """Return the shape of the voice: the configuration's, made to fit store, vocabulary and base."""
    config, store = parts.settings.config, parts.store
    if not isinstance(config.model, ModelConfig):
        raise TypeError("the configuration is for another kind of voice")
    model = fit_model(
        config.model,
        spec=store.spec,
        conditioning=store.conditioning_config,
        vocabulary=parts.vocabulary,
        origin=parts.origin,
        explicit=parts.settings.explicit,
    )
    require_conditions(config.training, model)
    return model


def _load_codec(settings: Settings, store: CodeStore, origin: LoadedCheckpoint | None) -> Codec | None:
    """Return the codec that someone chose, or else the bundled one of the store where a new model wants to see it."""
    if settings.explicit("paths.codec"):
        return load_codec(settings.config.paths.codec)
    if origin is not None or not settings.config.training.codebook_start:
        return None
    if store.spec.name in bundled_codecs():
        return load_codec(store.spec.name)
    raise ConfigError(
        f"the store's codec {store.spec.name} is not bundled, and training needs its codebooks",
        subject="paths.codec",
        hint="give its folder with --codec, or use --set training.codebook_start=false",
    )

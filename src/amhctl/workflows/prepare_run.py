"""The parts of a run of training, seen to fit one another: of a UnifiedVoice, or of a FlowVoice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Required, TypedDict, Unpack

import torch
from torch import Tensor, nn

from amhctl.checkpoint.manifest import AdapterIdentity, TextIdentity, VocabularyIdentity, VocoderIdentity
from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codec.codec import Codec
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codec.vocoder import load_vocoder
from amhctl.codes.store import CodeStore
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import RunConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, ConfigError, DatasetError
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.model.soundness import read_voice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.acoustic_material import gather_acoustics
from amhctl.training.conditions import require_conditions, require_speeds
from amhctl.training.export import VoiceIdentity, choose_reference
from amhctl.training.finetune import Base, Kind, Tuning, tune
from amhctl.training.fitting import build_model, fit_codec, fit_model
from amhctl.training.flow_fitting import build_flow, build_teacher, fit_flow, fit_vocoder, settle_guidance
from amhctl.training.flow_recipe import FlowRecipe, init_acoustic_scale
from amhctl.training.geometry import init_code_embeddings
from amhctl.training.inventory import Inventory, take_inventory
from amhctl.training.material import Material, gather
from amhctl.training.replay import ReplayedUtterances, own_part
from amhctl.training.run import Run
from amhctl.training.speaker_adversary import build_adversary
from amhctl.training.standard import init_feature_scale
from amhctl.training.state import RunFolder
from amhctl.training.sufficiency import find_scarcity, hours_of
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.workflows.former_data import FormerData, gather_former
from amhctl.workflows.provenance import gather_provenance

_VOCABULARY_FILE = "vocabulary.model"
_TEXT_FILE = "text_state.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration and where each value comes from."""

    config: RunConfig
    sources: Mapping[str, str]

    def explicit(self, key: str) -> bool:
        """Return whether someone chose the value, or one inside it, rather than a preset or a default."""
        return any(
            (name == key or name.startswith(f"{key}.")) and not source.startswith(("preset", "default"))
            for name, source in self.sources.items()
        )

    def document(self) -> str:
        """Return the text of ``config.json``."""
        values = {"config": self.config.model_dump(mode="json"), "sources": dict(self.sources)}
        return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, slots=True, eq=False)
class RunParts:
    """What the runs of both kinds have in common, already seen to fit.

    Attributes
    ----------
    level : float
        Speech level in dBFS of the store's recordings.
    origin : LoadedCheckpoint | None
        The checkpoint that training starts from.
    resume : bool
        Whether that is one of the run itself.
    former : Mapping[str, CodeStore]
        Stores of the base's language, by what they are for: ``replay`` and ``probe``.
    """

    settings: Settings
    folder: RunFolder
    store: CodeStore
    vocabulary: Vocabulary
    vocabulary_bytes: bytes
    frontend: Frontend
    level: float
    origin: LoadedCheckpoint | None
    resume: bool
    progress: Progress
    former: Mapping[str, CodeStore] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run, ready to begin, and what was found about its data."""

    run: Run
    findings: tuple[Finding, ...]
    inventory: Inventory


def prepare_unified(parts: RunParts) -> PreparedRun:
    """Return a run of a UnifiedVoice.

    Raises
    ------
    AmhctlError
        If something does not fit.
    """
    settings, store, origin, config = parts.settings, parts.store, parts.origin, parts.settings.config
    shape = config.model
    if not isinstance(shape, ModelConfig):
        raise TypeError("the configuration is for another kind of voice")
    codec = _load_codec(settings, store, origin)
    fit_codec(store.spec, wanted=codec.spec if codec else None, origin=origin)
    model = fit_model(
        shape,
        spec=store.spec,
        conditioning=store.conditioning_config,
        vocabulary=parts.vocabulary,
        origin=origin,
        explicit=settings.explicit,
    )
    require_conditions(config.training, model)
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
    data = gather_former(material, store, parts.former, partial(gather_one, former=True), config)
    _tell_findings(material, data, parts.progress)
    network = build_model(model, config.seed, None if parts.resume else origin)
    if origin is None:
        init_feature_scale(network, store, material.train)
    if codec is not None and config.training.codebook_start and origin is None:
        init_code_embeddings(network, codec.codebooks(), config.seed)
    tuning = _tune(parts, network, "unified")
    require_speeds(config.training, network, material.train.speed_range)
    identity = _identify(
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
    run = Run(
        folder=parts.folder,
        config=config.training,
        seed=config.seed,
        recipe=UnifiedRecipe(model),
        model=network,
        train=data.train,
        valid=material.valid,
        identity=identity,
        document=settings.document(),
        ranks=tuning.ranks,
        probe=data.probe,
        adversary=build_adversary(config.training, model, material.train.speaker_count, config.seed),
    )
    findings = (*material.findings, *data.findings, *_find_scarcity(parts, run))
    return PreparedRun(run, findings, _take_inventory(parts, network))


def prepare_flow(parts: RunParts) -> PreparedRun:
    """Return a run of a FlowVoice.

    Raises
    ------
    AmhctlError
        If something does not fit.
    """
    settings, store, origin, config = parts.settings, parts.store, parts.origin, parts.settings.config
    shape, acoustics, speaker = config.model, store.document.acoustics, store.document.speaker
    if not isinstance(shape, FlowVoiceConfig):
        raise TypeError("the configuration is for another kind of voice")
    if acoustics is None or speaker is None:
        raise DatasetError(
            "the store has no acoustics, which a FlowVoice needs",
            subject=str(store.path),
            hint="extract into a new store: amhctl codes extract MANIFEST -o STORE --acoustics",
        )
    vocoder = load_vocoder(config.paths.vocoder).spec
    fit_vocoder(vocoder, acoustics)
    model = fit_flow(
        shape,
        acoustics=acoustics,
        speaker=speaker,
        spec=store.spec,
        vocabulary=parts.vocabulary,
        origin=origin,
        explicit=settings.explicit,
    )
    require_conditions(config.training, model)
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
    _tell_findings(material, data, parts.progress)
    network = build_flow(model, config.seed, None if parts.resume else origin)
    if origin is None:
        init_acoustic_scale(network, material.train)
    teacher = build_teacher(model, base) if config.training.distil_guidance and base is not None else None
    tuning = _tune(parts, network, "flow")
    identity = _identify(
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
    run = Run(
        folder=parts.folder,
        config=config.training,
        seed=config.seed,
        recipe=FlowRecipe(model, teacher),
        model=network,
        train=data.train,
        valid=material.valid,
        identity=identity,
        document=settings.document(),
        ranks=tuning.ranks,
        probe=data.probe,
    )
    findings = (*material.findings, *data.findings, *_find_scarcity(parts, run))
    return PreparedRun(run, findings, _take_inventory(parts, network))


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
            hint="restore the former base, or start a new run with --base",
        )
    return base


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
        hint="pass --codec with its folder, or --set training.codebook_start=false",
    )


def _tune(parts: RunParts, network: nn.Module, kind: Kind) -> Tuning:
    """Let what is to learn of a voice learn."""
    config, origin = parts.settings.config, parts.origin
    base = None
    if origin is not None:
        known = origin.manifest.adapter
        base = Base(origin.manifest.name if known is None else known.base, origin.manifest.growth)
    return tune(network, config.training, kind=kind, pieces=parts.vocabulary.size, base=base, seed=config.seed)


def _find_scarcity(parts: RunParts, run: Run) -> tuple[Finding, ...]:
    """Return a finding, and say it at once, if there is too little speech for what learns."""
    hours = hours_of(own_part(run.train).entries, parts.store.spec)
    # A resumed run began from nothing unless it knows its parent.
    has_base = bool(run.identity.parent)
    found = find_scarcity(run.model, hours, has_base=has_base, subject=str(parts.store.path))
    for finding in found:
        parts.progress.say(f"warning: {finding.message}; {finding.hint}")
    return found


def _take_inventory(parts: RunParts, network: nn.Module) -> Inventory:
    growth = None if parts.origin is None else parts.origin.manifest.growth
    rows = None if growth is None else growth.base_size
    return take_inventory(network, pieces=parts.vocabulary.size, base_rows=rows)


class _Own(TypedDict, total=False):
    """What the identities of the two kinds do not share."""

    model: Required[ModelConfig | FlowVoiceConfig]
    sample_rate: Required[int]
    codec: Required[CodecSpec | None]
    conditioning: Required[Conditioning | None]
    alignment: Required[str]
    adapter: Required[AdapterIdentity | None]
    speeds: tuple[float, float] | None
    reference_TF: Tensor | None
    vocoder: VocoderIdentity | None
    speakers: Mapping[str, Tensor]


def _identify(parts: RunParts, data: FormerData, **own: Unpack[_Own]) -> VoiceIdentity:
    """Return what a run says of its voice; ``own`` is what only its kind has."""
    config, origin = parts.settings.config, parts.origin
    records = [entry.record for entry in data.train.entries]
    # What is replayed is there so that nothing is lost: the voice is one of its own data's language.
    languages = sorted({entry.record.language for entry in own_part(data.train).entries})
    parent = ""
    if origin is not None:
        resumed = origin.manifest.kind == "training"
        parent = origin.manifest.parent if resumed else sha256_of_file(origin.folder / "model.safetensors")
    provenance = gather_provenance(records, None if origin is None else origin.manifest)
    return VoiceIdentity(
        name=parts.folder.root.name,
        language=languages[0] if len(languages) == 1 else "mul",
        training=config.training,
        seed=config.seed,
        vocabulary=VocabularyIdentity(
            file=_VOCABULARY_FILE,
            fingerprint=parts.vocabulary.fingerprint,
            size=parts.vocabulary.size,
            units=parts.vocabulary.units,
        ),
        vocabulary_bytes=parts.vocabulary_bytes,
        text=TextIdentity(file=_TEXT_FILE, hash=parts.frontend.state_hash),
        text_state=canonical_json(parts.frontend.state()).encode("utf-8"),
        level=parts.level,
        data_fingerprint=data.fingerprint,
        parent=parent,
        lineage=None if origin is None else origin.manifest.lineage,
        growth=None if origin is None else origin.manifest.growth,
        licences=provenance.licences,
        processing=provenance.processing,
        **own,
    )


def _tell_findings(material: Material[Any], data: FormerData, progress: Progress) -> None:
    progress.say(f"{len(material.train)} utterances to train with, {len(material.valid)} to validate with")
    if isinstance(data.train, ReplayedUtterances):
        progress.say(
            f"{data.train.drawn} of {len(data.train.former)} utterances of paths.replay are used in each epoch"
        )
    if data.probe is not None:
        progress.say(f"{len(data.probe)} utterances of the base's language to measure forgetting")
    if found := (*material.findings, *data.findings):
        progress.say(f"{len(found)} findings about the data, listed at the end")

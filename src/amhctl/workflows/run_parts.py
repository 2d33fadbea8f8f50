"""What a run of training is put together from, whatever the kind of its voice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Required, TypedDict, Unpack

from torch import Tensor, nn

from amhctl.checkpoint.licences import require_commercial
from amhctl.checkpoint.manifest import AdapterIdentity, TextIdentity, VocabularyIdentity, VocoderIdentity
from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codes.store import CodeStore
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import Conditioning
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.export import VoiceIdentity
from amhctl.training.finetune import Base, Kind, Tuning, tune
from amhctl.training.inventory import Inventory, take_inventory
from amhctl.training.material import Material
from amhctl.training.replay import ReplayedUtterances, own_part
from amhctl.training.run import Run
from amhctl.training.speaker_adversary import SpeakerAdversary
from amhctl.training.state import RunFolder
from amhctl.training.sufficiency import find_scarcity, hours_of
from amhctl.training.voice_recipe import VoiceRecipe
from amhctl.workflows.former_data import FormerData
from amhctl.workflows.provenance import gather_provenance
from amhctl.workflows.run_settings import Settings

_VOCABULARY_FILE = "vocabulary.model"
_TEXT_FILE = "text_state.json"


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


def tune_network(parts: RunParts, network: nn.Module, kind: Kind) -> Tuning:
    """Let what is to learn of a voice learn."""
    config, origin = parts.settings.config, parts.origin
    base = None
    if origin is not None:
        known = origin.manifest.adapter
        base = Base(origin.manifest.name if known is None else known.base, origin.manifest.growth)
    return tune(network, config.training, kind=kind, pieces=parts.vocabulary.size, base=base, seed=config.seed)


def assemble_run(
    parts: RunParts,
    data: FormerData,
    material: Material[Any],
    recipe: VoiceRecipe,
    network: nn.Module,
    tuning: Tuning,
    identity: VoiceIdentity,
    adversary: SpeakerAdversary | None = None,
) -> PreparedRun:
    """Return a run of parts that fit one another, and what was found about its data."""
    settings, config = parts.settings, parts.settings.config
    run = Run(
        folder=parts.folder,
        config=config.training,
        seed=config.seed,
        recipe=recipe,
        model=network,
        train=data.train,
        valid=material.valid,
        identity=identity,
        document=settings.document(),
        ranks=tuning.ranks,
        probe=data.probe,
        adversary=adversary,
    )
    findings = (*material.findings, *data.findings, *_find_scarcity(parts, run))
    return PreparedRun(run, findings, _take_inventory(parts, network))


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


def identify(parts: RunParts, data: FormerData, **own: Unpack[_Own]) -> VoiceIdentity:
    """Return what a run says of its voice; ``own`` is what only its kind has."""
    config, origin = parts.settings.config, parts.origin
    records = [entry.record for entry in data.train.entries]
    # What is replayed is there so that nothing is lost: the voice is one of its own data's language.
    languages = sorted({entry.record.language for entry in own_part(data.train).entries})
    parent = ""
    if origin is not None:
        resumed = origin.manifest.kind == "training"
        parent = origin.manifest.parent if resumed else sha256_of_file(origin.folder / "model.safetensors")
    provenance = gather_provenance(records, None if origin is None else origin.manifest, own["codec"])
    if config.licence.commercial:
        require_commercial(provenance.licences, str(parts.folder.root))
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


def tell_findings(material: Material[Any], data: FormerData, progress: Progress) -> None:
    """Say how much there is to train with, and what was found."""
    progress.say(f"{len(material.train)} training utterances, {len(material.valid)} validation utterances")
    if isinstance(data.train, ReplayedUtterances):
        progress.say(
            f"{data.train.sampled} of {len(data.train.replayed)} utterances of paths.replay are used in each epoch"
        )
    if data.probe is not None:
        progress.say(f"{len(data.probe)} utterances of the base's language to measure forgetting")
    if found := (*material.findings, *data.findings):
        progress.say(f"{len(found)} findings about the data, listed at the end")

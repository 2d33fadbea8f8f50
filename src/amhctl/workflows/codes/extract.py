"""``codes extract``: encode the recordings of a manifest into a code store, here or on a cluster."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.codes.document import is_store
from amhctl.codes.shard import Shard
from amhctl.config.load import load_run_config
from amhctl.config.schema import RunConfig
from amhctl.core.errors import OptionError
from amhctl.core.findings import Finding, Rule, Rules, Severity, has_errors
from amhctl.core.outputs import require_output_place
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.units import SPEECH_LEVEL, Precision
from amhctl.parallel.cluster import open_cluster
from amhctl.workflows.codes import extract_shard
from amhctl.workflows.codes.extract_cluster import extract_on
from amhctl.workflows.codes.extract_shard import Features, ShardReport, ShardRequest

Engine = Literal["local", "ray"]

RULES = Rules(
    Rule(
        "X001",
        Severity.WARNING,
        "utterance not extracted",
        "The audio cannot be read or encoded, does not have the SHA-256 in the manifest, or has changed while "
        "another shard of the store holds it. The utterance is listed in the store's failed-PART.jsonl; its data in "
        "the store are unchanged.",
    ),
    Rule(
        "X002",
        Severity.WARNING,
        "copies and augmentation settings do not match",
        "Augmented copies are requested, but every value of the section augment is 0, so that copies equal the "
        "original; or values are set but no copies are requested, so that they have no effect.",
    ),
    Rule(
        "X003",
        Severity.ERROR,
        "shard not extracted",
        "A shard could not be encoded on the cluster: it was refused, or its process ended unexpectedly three times. "
        "The other shards are complete; run the command again for the missing ones.",
    ),
)


@dataclass(frozen=True, slots=True)
class ExtractCodesRequest:
    """What to encode, by which codec, and where to.

    Attributes
    ----------
    manifest, output : Path
        From where to where.
    codec : str
        Bundled name, codec folder, or DAC weights file.
    shard : str
        ``i/n``: the shard of the manifest to do.
    level : float
        Speech level in dBFS to bring recordings to.
    shifts : int
        How often each training utterance is encoded, every time begun another part of a frame later.
    copies : int
        Varied copies of each training utterance, besides.
    precision : Precision
        Arithmetic of a DAC's convolutions.
    features : Features
        What a voice is to be conditioned on: log-mel frames, or a speech encoder's features beside them.
    features_model : Path | None
        Folder of the speech encoder; None looks into the cache of the Hugging Face hub.
    acoustics : bool
        Whether what FlowVoices learn from is stored too: log-mel, pitch and speaker embedding.
    engine : Engine
        Where shards are encoded: one in this process, or all of them as tasks of a cluster.
    tasks : int | None
        Into how many shards the cluster's work is cut; None takes those of the store, or what the cluster has room for.
    preset, project, sets, seed
        Where the configuration comes from that says how copies are varied.
    device : str
        Where to compute.
    workers : int
        Processes that read recordings; 0 reads in a thread of this one.
    """

    manifest: Path
    output: Path
    codec: str
    shard: str = "1/1"
    level: float = SPEECH_LEVEL
    shifts: int = 1
    copies: int = 0
    precision: Precision = "fp32"
    features: Features = "mel"
    features_model: Path | None = None
    acoustics: bool = False
    engine: Engine = "local"
    tasks: int | None = None
    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    seed: int | None = None
    device: str = "cpu"
    workers: int = 0


@dataclass(frozen=True, slots=True)
class ExtractCodesReport(Report):
    """What a store holds now of the manifest, and how fast it came.

    Attributes
    ----------
    store : Path | None
        The folder; None if nothing could be extracted, so that there is none.
    utterances : int
        How many of the manifest's shard it holds.
    hours : float
        Their speech.
    new : int
        How many were encoded now.
    replaced : int
        How many took the place of codes of other audio, or of damaged ones.
    shared : int
        How many got the codes of an utterance with the same audio.
    amended : int
        How many got another text, speaker or split.
    unlisted : int
        How many utterances the store holds that the manifest does not name.
    realtime_factor : float | None
        Seconds of work for a second of speech that was encoded; None if nothing was.
    failed : Mapping[str, str]
        Reasons by id.
    precision : Precision
        Arithmetic in which the codec computed.
    copies : int
        How many of the utterances are varied copies.
    variations : Mapping[str, int]
        How many of the copies have another speed or pitch, noise or a room.
    features : Features
        What a voice is to be conditioned on.
    acoustics : bool
        Whether the store has what FlowVoices learn from.
    engine : Engine
        Where shards were encoded.
    tasks : int
        How many shards there were.
    advice : tuple[Finding, ...]
        What does not go together in the request, and shards that could not be extracted.
    """

    store: Path | None
    utterances: int
    hours: float
    new: int
    replaced: int
    shared: int
    amended: int
    unlisted: int
    realtime_factor: float | None
    failed: Mapping[str, str]
    precision: Precision
    copies: int
    variations: Mapping[str, int]
    features: Features
    acoustics: bool
    engine: Engine
    tasks: int
    advice: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether anything of the manifest could be encoded, and every shard of it."""
        return self.utterances > 0 and not has_errors(self.advice)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The advice, and a finding for each utterance that could not be encoded."""
        hint = "`amhctl data check` shows details"
        failed = (RULES.finding("X001", id_, reason, hint) for id_, reason in self.failed.items())
        return (*self.advice, *failed)

    def payload(self) -> dict[str, object]:
        """Return the figures; ``realtime_factor`` is computing time over speech time of what was new."""
        return {
            "store": None if self.store is None else str(self.store),
            "utterances": self.utterances,
            "hours": self.hours,
            "new": self.new,
            "replaced": self.replaced,
            "shared": self.shared,
            "amended": self.amended,
            "unlisted": self.unlisted,
            "precision": self.precision,
            "features": self.features,
            "acoustics": self.acoustics,
            "engine": self.engine,
            "tasks": self.tasks,
            "copies": self.copies,
            "variations": dict(self.variations),
            "realtime_factor": self.realtime_factor,
            "failed": [{"subject": id_, "reason": reason} for id_, reason in self.failed.items()],
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        if self.store is None:
            yield "nothing could be extracted: no store was written"
            return
        yield f"{self.store}: {self.utterances} utterances, {self.hours:.3f} h"
        if self.realtime_factor:
            yield f"{self.new} new, at {1 / self.realtime_factor:.0f}× real time"
        else:
            yield "nothing new to encode"
        for count, what in (
            (self.replaced, "replaced, because the recording or the cut has changed or the codes were damaged"),
            (self.shared, "use the codes of an utterance with the same audio"),
            (self.amended, "records amended"),
            (self.unlisted, "utterances of the store are not in the manifest"),
        ):
            if count:
                yield f"{count} {what}"
        if self.copies:
            changes = ", ".join(f"{count} in {name}" for name, count in self.variations.items() if count)
            yield f"{self.copies} are augmented copies: {changes or 'without any change'}"
        if self.failed:
            yield f"{len(self.failed)} could not be extracted"


def run(request: ExtractCodesRequest, progress: Progress) -> ExtractCodesReport:
    """Encode what the store lacks.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, or names an utterance like a copy of another, or the store was made by another
        codec, mel configuration, level, precision or speech encoder; or the cluster cannot be reached.
    ConfigError
        If the configuration has faults.
    OptionError
        If options that do not go together are given.
    CodecError
        If there is codec not found, or it does not compute in the precision.
    CheckpointError
        If the speech encoder is damaged.
    MissingExtra
        If the speech encoder, or what runs it or the cluster, is not on this machine.
    AudioError
        If the folder of rooms holds none.
    """
    shard = _shard_of(request)
    _refuse_contradictions(request)
    require_output_place(request.output)
    advice = _advise(request, shard.config)
    if request.engine == "local":
        report = extract_shard.run(shard, progress)
        return _join(request, [report], report.elapsed, advice)
    started = time.perf_counter()
    with open_cluster() as cluster:
        reports, failed = extract_on(cluster, shard, request.tasks, progress)
    faults = (RULES.finding("X003", name, str(error), error.hint) for name, error in failed.items())
    return _join(request, reports, time.perf_counter() - started, (*advice, *faults), tasks=len(reports) + len(failed))


def _shard_of(request: ExtractCodesRequest) -> ShardRequest:
    """Return the request of one shard; for a cluster, whose processes start elsewhere, paths are absolute."""
    shard = Shard.parse(request.shard)
    flags = {} if request.seed is None else {"seed": request.seed}
    config = load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags).config
    codec = Path(request.codec).expanduser()
    rooms = config.augment.rooms
    far = request.engine == "ray"
    if far and rooms is not None:
        augment = config.augment.model_copy(update={"rooms": rooms.absolute()})
        config = config.model_copy(update={"augment": augment})
    return ShardRequest(
        manifest=request.manifest.absolute() if far else request.manifest,
        output=request.output.absolute() if far else request.output,
        codec=str(codec.absolute()) if far and codec.exists() else request.codec,
        shard=shard,
        level=request.level,
        shifts=request.shifts,
        copies=request.copies,
        precision=request.precision,
        features=request.features,
        features_model=None if request.features_model is None else request.features_model.absolute(),
        acoustics=request.acoustics,
        config=config,
        device=request.device,
        workers=request.workers,
    )


def _refuse_contradictions(request: ExtractCodesRequest) -> None:
    if request.engine == "ray" and request.shard != "1/1":
        raise OptionError("a cluster encodes all shards", subject="--shard", hint="give their number with --tasks")
    if request.engine == "local" and request.tasks is not None:
        raise OptionError("one process encodes one shard", subject="--tasks", hint="use --engine ray, or --shard i/n")
    semantic = request.codec.endswith(".safetensors")
    if request.features == "mel" and request.features_model is not None and not semantic:
        raise OptionError(
            "--features-model is given, but its features are not requested",
            subject="--features-model",
            hint="add --features w2v-bert",
        )


def _join(
    request: ExtractCodesRequest,
    reports: Sequence[ShardReport],
    elapsed: float,
    advice: tuple[Finding, ...],
    *,
    tasks: int = 1,
) -> ExtractCodesReport:
    """Return one report of all shards."""
    done = [report.extraction for report in reports]
    seconds = sum(one.seconds for one in done)
    variations = sum((Counter(report.variations) for report in reports), Counter())
    return ExtractCodesReport(
        store=request.output if is_store(request.output) else None,
        utterances=sum(report.utterances for report in reports),
        hours=sum(report.seconds for report in reports) / 3600,
        new=sum(one.utterances for one in done),
        replaced=sum(one.replaced for one in done),
        shared=sum(one.shared for one in done),
        amended=sum(report.amended for report in reports),
        # What the manifest does not name is the same for every shard, save what another was adding meanwhile.
        unlisted=max(report.unlisted for report in reports),
        realtime_factor=elapsed / seconds if seconds else None,
        failed={id_: why for one in done for id_, why in one.failed.items()},
        precision=request.precision,
        copies=sum(report.copies for report in reports),
        variations={change: variations[change] for change in reports[0].variations},
        features=request.features,
        acoustics=request.acoustics,
        engine=request.engine,
        tasks=tasks,
        advice=advice,
    )


def _advise(request: ExtractCodesRequest, config: RunConfig) -> tuple[Finding, ...]:
    if bool(request.copies) == config.augment.changes_anything:
        return ()
    if request.copies:
        message, hint = "every value of augment is 0: the copies equal the originals", "--set augment.speed=0.1"
    else:
        message, hint = "values of augment are set, but no copies are made", "request copies with --copies"
    return (RULES.finding("X002", str(request.manifest), message, hint),)

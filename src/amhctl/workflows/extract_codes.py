"""``codes extract``: encode the recordings of a manifest into a code store."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.augment import CHANGES, find_rooms
from amhctl.codec.codec import CodecSpec
from amhctl.codec.registry import load_codec, read_codec_manifest
from amhctl.config.load import load_run_config
from amhctl.config.schema import MelCodecConfig, MelConfig, RunConfig
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.core.units import Seconds
from amhctl.data.codestore import CodeStore
from amhctl.data.extraction import extract
from amhctl.data.extractionplan import Shard, add_shifts, plan_extraction, require_distinct, vary_copies
from amhctl.data.preparation import Preparation, Source
from amhctl.data.records import Record, read_records
from amhctl.data.storedocument import Precision, StoreDocument, is_store
from amhctl.data.storeindex import StoredUtterance
from amhctl.data.workers import open_pool
from amhctl.inference.assemble import choose_device

RULES = (
    Rule(
        "X001",
        Severity.WARNING,
        "utterance not extracted",
        "The audio cannot be read or encoded, is not the file whose SHA-256 the manifest gives, or has changed while "
        "the store holds it in another shard; the utterance is listed in the store's failed-PART.jsonl, and what the "
        "store holds of it stays as it was.",
    ),
    Rule(
        "X002",
        Severity.WARNING,
        "copies and strengths do not go together",
        "Varied copies are asked for but every strength of the configuration's section augment is 0, so that a copy is "
        "its utterance once more; or a strength is set but no copies are asked for, so that it changes nothing.",
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
        ``i/n``: the share of the manifest to do.
    level : float | None
        Speech level in dBFS to bring recordings to; None leaves them as they are.
    shifts : int
        How often each training utterance is encoded, every time begun another part of a frame later.
    copies : int
        Varied copies of each training utterance, besides.
    precision : Precision
        Arithmetic of a DAC's convolutions.
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
    level: float | None = None
    shifts: int = 1
    copies: int = 0
    precision: Precision = "fp32"
    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    seed: int | None = None
    device: str = "cpu"
    workers: int = 0


@dataclass(frozen=True, slots=True)
class ExtractCodesReport:
    """What a store holds now of the manifest, and how fast it came.

    Attributes
    ----------
    store : Path
        The folder.
    utterances : int
        How many of the manifest's share it holds.
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
    advice : tuple[Finding, ...]
        What does not go together in the request.
    """

    store: Path
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
    advice: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether anything of the manifest could be encoded."""
        return self.utterances > 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The advice, and a finding for each utterance that could not be encoded."""
        hint = "amhctl data check tells more"
        failed = (Finding("X001", Severity.WARNING, id_, reason, hint) for id_, reason in self.failed.items())
        return (*self.advice, *failed)

    def payload(self) -> dict[str, object]:
        """Return the figures; ``realtime_factor`` is computing time over speech time of what was new."""
        return {
            "store": str(self.store),
            "utterances": self.utterances,
            "hours": self.hours,
            "new": self.new,
            "replaced": self.replaced,
            "shared": self.shared,
            "amended": self.amended,
            "unlisted": self.unlisted,
            "precision": self.precision,
            "copies": self.copies,
            "variations": dict(self.variations),
            "realtime_factor": self.realtime_factor,
            "failed": [{"subject": id_, "reason": reason} for id_, reason in self.failed.items()],
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.store}: {self.utterances} utterances, {self.hours:.3f} h"
        if self.realtime_factor:
            yield f"{self.new} new, at {1 / self.realtime_factor:.0f}× real time"
        else:
            yield "nothing new to encode"
        for count, what in (
            (self.replaced, "replaced, because the recording or the cut has changed or the codes were damaged"),
            (self.shared, "share the codes of an utterance with the same audio"),
            (self.amended, "records amended"),
            (self.unlisted, "utterances of the store are not in the manifest"),
        ):
            if count:
                yield f"{count} {what}"
        if self.copies:
            changes = ", ".join(f"{count} in {name}" for name, count in self.variations.items() if count)
            yield f"{self.copies} are varied copies: {changes or 'nothing is changed in any'}"
        if self.failed:
            yield f"{len(self.failed)} could not be extracted"


def run(request: ExtractCodesRequest, progress: Progress) -> ExtractCodesReport:
    """Encode what the store lacks.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, or names an utterance like a copy of another, or the store was made by another
        codec, mel configuration, level or precision.
    ConfigError
        If the configuration has faults.
    CodecError
        If there is no such codec, or it does not compute in the precision.
    AudioError
        If the folder of rooms holds none.
    """
    shard = Shard.parse(request.shard)
    config = _read_config(request)
    codec = load_codec(request.codec, device=choose_device(request.device), precision=request.precision)
    frame = Seconds(1.0 / codec.spec.frame_rate)
    mel = features_of(request.codec, codec.spec)
    listed = read_records(request.manifest)
    everything = _list_sources(listed, request, config, frame)
    require_distinct(everything)
    sources = _list_sources(shard.of(listed), request, config, frame)
    how = Preparation(request.manifest.parent, codec.spec.sample_rate, mel, request.level)
    document = StoreDocument.of(codec.spec, mel, request.level, request.precision)
    with _open_store(request.output, document, shard.part) as store, open_pool(request.workers) as pool:
        started = time.perf_counter()
        plan = plan_extraction(store, sources, how.folder, pool, progress)
        extraction = extract(store, plan, how, codec, pool, progress, ahead=max(1, request.workers + 1))
        elapsed = time.perf_counter() - started
        store.write_failures(extraction.failed)
        held = [store.entry(source.id) for source in sources if source.id in store]
        names = {source.id for source in everything}
        unlisted = sum(entry.id not in names for entry in store.entries)
    return ExtractCodesReport(
        store=request.output,
        utterances=len(held),
        hours=sum(entry.record.duration or 0.0 for entry in held) / 3600,
        new=extraction.utterances,
        replaced=extraction.replaced,
        shared=extraction.shared,
        amended=len(plan.amended),
        unlisted=unlisted,
        realtime_factor=elapsed / extraction.seconds if extraction.seconds else None,
        failed=extraction.failed,
        precision=request.precision,
        copies=sum(entry.is_copy for entry in held),
        variations=_count_changes(held),
        advice=_advise(request, config),
    )


def _read_config(request: ExtractCodesRequest) -> RunConfig:
    flags = {} if request.seed is None else {"seed": request.seed}
    return load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags).config


def _list_sources(
    records: Sequence[Record], request: ExtractCodesRequest, config: RunConfig, frame: Seconds
) -> tuple[Source, ...]:
    """Return the records, then what is made of the training ones: the same begun later, and varied copies."""
    rooms = find_rooms(config.augment.rooms) if config.augment.rooms and config.augment.room_share else ()
    shifted = map(Source, add_shifts(records, request.shifts, frame))
    return (*shifted, *vary_copies(records, request.copies, config.augment, seed=config.seed, rooms=rooms))


def _count_changes(held: Sequence[StoredUtterance]) -> dict[str, int]:
    counts = Counter(change for entry in held for change in entry.audio.variation.changes)
    return {change: counts[change] for change in CHANGES}


def _advise(request: ExtractCodesRequest, config: RunConfig) -> tuple[Finding, ...]:
    if bool(request.copies) == config.augment.changes_anything:
        return ()
    if request.copies:
        message, hint = "every strength of augment is 0: the copies are the utterances", "--set augment.speed=0.1"
    else:
        message, hint = "a strength of augment is set, but no copies are made", "ask for some with --copies"
    return (Finding("X002", Severity.WARNING, str(request.manifest), message, hint),)


def features_of(codec: str, spec: CodecSpec) -> MelConfig:
    """Return the log-mel configuration stored beside codes: the mel codec's own, or the default for any other codec."""
    if spec.architecture != "mel":
        return MelConfig()
    return MelCodecConfig.model_validate(read_codec_manifest(codec).config).mel


def _open_store(path: Path, wanted: StoreDocument, part: str) -> CodeStore:
    if not is_store(path):
        try:
            return CodeStore.create(
                path, wanted.spec, wanted.mel, level=wanted.level, precision=wanted.precision, part=part
            )
        except FileExistsRefused:
            # Another shard, started at the same moment, was faster.
            pass
    store = CodeStore.open(path, part=part, mend=True)
    if differences := store.document.differences(wanted):
        raise DatasetError(
            f"the store was made otherwise: {'; '.join(differences)}",
            subject=str(path),
            hint="choose another store, or the codec, level and precision it was made with",
        )
    return store

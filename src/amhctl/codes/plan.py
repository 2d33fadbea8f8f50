"""What a code store still lacks of a manifest. Knows no codec, encodes nothing.

A recording's digest decides: an utterance is left alone if its file, the cut out of it, its variation and the bytes in
the store are those of the index; it is encoded again if any of them has changed; a change of text, speaker or split
alone amends its record.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.augment import copy_seed, sample_variation
from amhctl.audio.files import probe
from amhctl.codes.index import StoredUtterance
from amhctl.codes.preparation import Source, digest_files
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.augmentation import AugmentConfig
from amhctl.core.errors import AudioError, DatasetError
from amhctl.core.progress import Progress
from amhctl.core.units import Seconds
from amhctl.corpus.records import Record, audio_path, move_record
from amhctl.parallel.workers import map_in_order

# Batches are read while the one before is encoded; this bounds both the memory and what a kill can cost.
_BATCH_SECONDS = 120.0
# Manifests give durations to the millisecond.
_DURATION_SLACK = 0.001
_FILES_AT_ONCE = 64
_FILES_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    batches : tuple[tuple[Source, ...], ...]
        What to encode, alike in length within a batch.
    amended : tuple[Record, ...]
        Records in the store whose description has changed, as the store keeps them.
    failed : Mapping[str, str]
        Records that cannot be encoded, and why.
    replaced : frozenset[str]
        Ids in the batches that the store holds already, made from other audio or damaged since.
    """

    batches: tuple[tuple[Source, ...], ...]
    amended: tuple[Record, ...]
    failed: Mapping[str, str]
    replaced: frozenset[str] = frozenset()

    @property
    def utterances(self) -> int:
        """How many utterances are to be encoded."""
        return sum(len(batch) for batch in self.batches)


def add_shifts(records: Sequence[Record], shifts: int, frame: Seconds) -> tuple[Record, ...]:
    """Return records and, after each training utterance, the same begun 1 … ``shifts - 1`` parts of a frame later.

    A codec cuts time into frames, and the same speech gets other codes where the cuts fall otherwise: a voice that has
    seen several of them learns what they share. The copies are named ``ID~1``, ``ID~2`` …; validation and test stay
    as they are.
    """
    expanded: list[Record] = []
    for record in records:
        expanded.append(record)
        for place in range(1, shifts if record.split == "train" else 1):
            late = place * frame / shifts
            rest = None if record.duration is None else record.duration - late
            if rest is None or rest > 0:
                changes = {"id": f"{record.id}~{place}", "offset": record.offset + late, "duration": rest}
                expanded.append(record.model_copy(update=changes))
    return tuple(expanded)


def require_distinct(sources: Sequence[Source]) -> None:
    """Refuse a manifest that names an utterance as the copies of another are named.

    Raises
    ------
    DatasetError
        If two sources have one id.
    """
    seen: set[str] = set()
    for source in sources:
        if source.id in seen:
            raise DatasetError(
                "an utterance of the manifest has the id of an augmented copy of another",
                subject=source.id,
                hint="rename it",
            )
        seen.add(source.id)


def vary_copies(
    records: Sequence[Record], copies: int, config: AugmentConfig, *, seed: int, rooms: tuple[Path, ...] = ()
) -> tuple[Source, ...]:
    """Return the varied copies of training utterances, ``ID+1``, ``ID+2`` … of each.

    How a copy is varied follows from the seed, the utterance's id and the copy's number alone: not from what else the
    manifest holds, nor from how the work is shared out.
    """
    return tuple(
        Source(
            record.model_copy(update={"id": f"{record.id}+{number}"}),
            sample_variation(config, seed=copy_seed(seed, record.id, number), rooms=rooms),
        )
        for record in records
        if record.split == "train"
        for number in range(1, copies + 1)
    )


def plan_extraction(
    store: StoreWriter, sources: Sequence[Source], folder: Path, pool: Executor, progress: Progress
) -> Plan:
    """Return what a store still lacks of a manifest in ``folder``: headers of new files are read, known ones whole."""
    digests = _digest_known(store, [source.record for source in sources], folder, pool, progress)
    lengths: list[tuple[float, Source]] = []
    amended: list[Record] = []
    failed: dict[str, str] = {}
    replaced: set[str] = set()
    for source in sources:
        record = source.record
        try:
            seconds = record.duration or probe(audio_path(record, folder)).duration - record.offset
        except AudioError as error:
            failed[record.id] = error.message
            continue
        if record.id not in store:
            lengths.append((seconds, source))
            continue
        held = store.entry(record.id)
        current = stored_record(record, folder, store, held.record.duration or 0.0)
        is_whole = store.is_intact(record.id)
        is_same = _is_cut(held, source, seconds) and held.audio.file == digests[audio_path(record, folder)]
        if is_whole and is_same and current == held.record:
            continue
        if held.part != store.part:
            failed[record.id] = f"it has changed, and another shard holds it: {held.part.replace('-of-', '/')}"
            continue
        if is_whole and is_same:
            amended.append(current)
            continue
        if not is_whole:
            store.distrust(record.id)
        replaced.add(record.id)
        lengths.append((seconds, source))
    lengths.sort(key=lambda pair: pair[0])
    return Plan(tuple(_cut_into_batches(lengths)), tuple(amended), failed, frozenset(replaced))


def stored_record(record: Record, folder: Path, store: CodeStore, seconds: float) -> Record:
    """Return a manifest's record as a store keeps it: paths count from the store, the duration is the true one."""
    return move_record(record, folder, store.path).model_copy(update={"duration": seconds})


def _digest_known(
    store: CodeStore, records: Sequence[Record], folder: Path, pool: Executor, progress: Progress
) -> dict[Path, str]:
    """Return the digest of each file of which the store holds something; empty for one that cannot be read."""
    paths = tuple({audio_path(record, folder): None for record in records if record.id in store})
    digests: dict[Path, str] = {}
    if not paths:
        return digests
    progress.start("comparing recordings with the store", len(paths), "file")
    groups = [paths[start : start + _FILES_AT_ONCE] for start in range(0, len(paths), _FILES_AT_ONCE)]
    for group, found in zip(groups, map_in_order(pool, digest_files, groups, ahead=_FILES_AHEAD), strict=True):
        digests.update(zip(group, found, strict=True))
        progress.advance(len(group))
    progress.finish()
    return digests


def _is_cut(held: StoredUtterance, source: Source, seconds: float) -> bool:
    """Return whether an utterance was cut out of its file where the record says, and varied as the source is."""
    known = held.source.duration or 0.0
    return (
        held.record.offset == source.record.offset
        and abs(seconds - known) <= _DURATION_SLACK
        and held.audio.variation == source.variation
    )


def _cut_into_batches(lengths: Sequence[tuple[float, Source]]) -> Iterator[tuple[Source, ...]]:
    batch: list[Source] = []
    total = 0.0
    for seconds, source in lengths:
        if batch and total + seconds > _BATCH_SECONDS:
            yield tuple(batch)
            batch, total = [], 0.0
        batch.append(source)
        total += seconds
    if batch:
        yield tuple(batch)

"""From a manifest to a code store: what is left to do, and doing it. Knows a codec by its protocol only.

A killed extraction is taken up again by running it again: what is in the store is not encoded twice, and a record
whose text, speaker or split has changed since is amended in place.

Shapes: ``N samples, Q codebooks, S code frames, T feature frames, F features``.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import probe
from amhctl.audio.levels import set_speech_level
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import Codec
from amhctl.core.errors import AudioError, CodecError, DatasetError
from amhctl.core.progress import Progress
from amhctl.core.units import Seconds
from amhctl.data.codestore import CodeStore
from amhctl.data.records import Record, audio_path, move_record, read_audio

# A batch is read while the one before is encoded; this bounds both the memory and what a kill can cost.
_BATCH_SECONDS = 120.0
_DURATION_SLACK = 0.05


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


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` equal shares of a manifest, counted from 1."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``i/n``.

        Raises
        ------
        DatasetError
            If the text is not two numbers with 1 ≤ i ≤ n.
        """
        first, slash, second = text.partition("/")
        if slash and first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second):
            return cls(int(first), int(second))
        raise DatasetError(f"a shard is written i/n with 1 ≤ i ≤ n, not {text!r}", hint="for example --shard 1/4")

    @property
    def part(self) -> str:
        """Name of the store's part that it fills."""
        return f"{self.index}-of-{self.count}"

    def of(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """Return its share: every ``count``-th record."""
        return tuple(records[self.index - 1 :: self.count])


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    batches : tuple[tuple[Record, ...], ...]
        Records to encode, alike in length within a batch.
    amended : tuple[Record, ...]
        Records in the store whose description has changed, as the store keeps them.
    failed : Mapping[str, str]
        Records that cannot be encoded, and why.
    """

    batches: tuple[tuple[Record, ...], ...]
    amended: tuple[Record, ...]
    failed: Mapping[str, str]

    @property
    def utterances(self) -> int:
        """How many records are to be encoded."""
        return sum(len(batch) for batch in self.batches)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was done.

    Attributes
    ----------
    utterances : int
        How many were encoded now.
    seconds : float
        Their speech.
    failed : Mapping[str, str]
        What could not be encoded, and why.
    """

    utterances: int
    seconds: float
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    record: Record
    samples: NDArray[np.float32]
    features_TF: NDArray[np.float16]
    seconds: float


def plan_extraction(store: CodeStore, records: Sequence[Record], folder: Path) -> Plan:
    """Return what a store still lacks of a manifest in ``folder``; only headers are read."""
    lengths: list[tuple[float, Record]] = []
    amended: list[Record] = []
    failed: dict[str, str] = {}
    for record in records:
        if record.id in store:
            stored = store.entry(record.id).record
            known = stored.duration or 0.0
            if record.duration is not None and abs(record.duration - known) > _DURATION_SLACK:
                failed[record.id] = f"the store holds {known:.3f} s under this id, the manifest says {record.duration}"
            else:
                current = _stored_record(record, folder, store, known)
                amended += [current] if current != stored else []
            continue
        try:
            seconds = record.duration or probe(audio_path(record, folder)).duration - record.offset
        except AudioError as error:
            failed[record.id] = error.message
            continue
        lengths.append((seconds, record))
    lengths.sort(key=lambda pair: pair[0])
    return Plan(tuple(_cut_into_batches(lengths)), tuple(amended), failed)


def _cut_into_batches(lengths: Sequence[tuple[float, Record]]) -> Iterator[tuple[Record, ...]]:
    batch: list[Record] = []
    total = 0.0
    for seconds, record in lengths:
        if batch and total + seconds > _BATCH_SECONDS:
            yield tuple(batch)
            batch, total = [], 0.0
        batch.append(record)
        total += seconds
    if batch:
        yield tuple(batch)


def extract(store: CodeStore, plan: Plan, folder: Path, codec: Codec, progress: Progress) -> Extraction:
    """Encode what a plan names and append it to the store; an item that cannot be encoded is listed, not fatal."""
    failed = dict(plan.failed)
    for record in plan.amended:
        store.amend(record)
    count, seconds = 0, 0.0
    progress.start("extracting codes", plan.utterances, "utterance")
    with ThreadPoolExecutor(1) as reader:
        upcoming = [reader.submit(_prepare, plan.batches[0], folder, store, failed)] if plan.batches else []
        for number in range(len(plan.batches)):
            prepared = upcoming.pop().result()
            if number + 1 < len(plan.batches):
                upcoming.append(reader.submit(_prepare, plan.batches[number + 1], folder, store, failed))
            for item, codes_QS in zip(prepared, _encode(prepared, codec, failed), strict=True):
                if codes_QS is not None:
                    store.append(_stored_record(item.record, folder, store, item.seconds), codes_QS, item.features_TF)
                    count, seconds = count + 1, seconds + item.seconds
            store.sync()
            progress.advance(len(plan.batches[number]), note=f"{seconds / 3600:.2f} h")
    progress.finish()
    return Extraction(count, seconds, failed)


def _prepare(batch: Sequence[Record], folder: Path, store: CodeStore, failed: dict[str, str]) -> tuple[_Prepared, ...]:
    prepared = []
    for record in batch:
        try:
            original = read_audio(record, folder)
        except AudioError as error:
            failed[record.id] = error.message
            continue
        levelled = original if store.level is None else set_speech_level(original, store.level)
        features_TF = log_mel(resample(levelled, store.mel.sample_rate).samples, store.mel)
        samples = resample(levelled, store.spec.sample_rate).samples
        prepared.append(_Prepared(record, samples, features_TF.astype(np.float16), original.duration))
    return tuple(prepared)


def _encode(prepared: Sequence[_Prepared], codec: Codec, failed: dict[str, str]) -> list[NDArray[np.uint16] | None]:
    if not prepared:
        return []
    try:
        return list(codec.encode([item.samples for item in prepared]))
    except CodecError:
        # One item spoils the batch: find out which.
        return [_encode_alone(item, codec, failed) for item in prepared]


def _encode_alone(item: _Prepared, codec: Codec, failed: dict[str, str]) -> NDArray[np.uint16] | None:
    try:
        return codec.encode([item.samples])[0]
    except CodecError as error:
        failed[item.record.id] = error.message
        return None


def _stored_record(record: Record, folder: Path, store: CodeStore, seconds: float) -> Record:
    return move_record(record, folder, store.path).model_copy(update={"duration": seconds})


def prepare_waveform(record: Record, store: CodeStore) -> Waveform:
    """Return the audio of a stored utterance as the codec saw it.

    Raises
    ------
    AudioError
        If the file is gone or damaged.
    """
    original = read_audio(record, store.path)
    levelled = original if store.level is None else set_speech_level(original, store.level)
    return resample(levelled, store.spec.sample_rate)

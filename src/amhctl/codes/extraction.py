"""From a plan to a code store: read ahead, encode, append. Knows a codec and a speech encoder by what they do only.

A killed extraction is taken up again by running it again. What is read by other processes is taken in the order of the
plan: the store has the same bytes however many there are.

Shapes: ``N samples, M samples at the encoder's rate, Q codebooks, S code frames, T feature frames, F features,
E encoder frames, W encoder width, D width of a speaker embedding``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import Acoustics
from amhctl.audio.longrecording import LongRecording
from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import Codec
from amhctl.codes.index import StoredUtterance
from amhctl.codes.plan import Plan, stored_record
from amhctl.codes.preparation import Analysed, Preparation, Prepared, Source, prepare_batch
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record
from amhctl.parallel.workers import map_in_order

EncodeSpeech = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What a speech encoder does: (M,) samples to (E, W) features."""

Recognise = Callable[[Iterable[Waveform]], NDArray[np.float32]]
"""What a speaker encoder does: a recording, piece by piece, to a speaker embedding (D,)."""

_PIECE_SECONDS = 60
_Input = TypeVar("_Input")


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was done.

    Attributes
    ----------
    utterances : int
        How many were encoded now.
    shared : int
        How many got the codes of an utterance with the same audio.
    replaced : int
        How many of both took the place of codes of other audio, or of damaged ones.
    seconds : float
        Speech that was encoded.
    failed : Mapping[str, str]
        What could not be encoded, and why.
    """

    utterances: int
    shared: int
    replaced: int
    seconds: float
    failed: Mapping[str, str]


def extract(
    store: StoreWriter,
    plan: Plan,
    how: Preparation,
    codec: Codec,
    pool: Executor,
    progress: Progress,
    *,
    encode_speech: EncodeSpeech | None = None,
    recognise: Recognise | None = None,
    ahead: int = 1,
) -> Extraction:
    """Encode what a plan names and append it to the store; an item that cannot be encoded is listed, not fatal.

    Parameters
    ----------
    store : StoreWriter
        Where to.
    plan : Plan
        What to do.
    how : Preparation
        How recordings become what the codec takes.
    codec : Codec
        The store's.
    pool : Executor
        Reads recordings.
    progress : Progress
        Told of each batch.
    encode_speech : EncodeSpeech | None
        The store's speech encoder, if it has one.
    recognise : Recognise | None
        The store's speaker encoder, if it has acoustics.
    ahead : int
        Batches that are read before they are needed.
    """
    for record in plan.amended:
        store.amend(record)
    tally = _Tally(dict(plan.failed))
    progress.start("extracting codes", plan.utterances, "utterance")
    prepared = map_in_order(pool, partial(prepare_batch, how), plan.batches, ahead=ahead)
    for batch, ready in zip(plan.batches, prepared, strict=True):
        tally.failed.update(ready.failed)
        encoded = _encode_new(ready.items, store, codec, encode_speech, recognise)
        for item in ready.items:
            record = stored_record(item.source.record, how.folder, store, item.seconds)
            _store(store, record, item, encoded, tally, replace=item.source.id in plan.replaced)
        store.sync()
        progress.advance(len(batch), note=f"{tally.seconds / 3600:.2f} h")
    progress.finish()
    return Extraction(tally.utterances, tally.shared, tally.replaced, tally.seconds, tally.failed)


@dataclass(slots=True)
class _Tally:
    """What has been done so far; the fields of ``Extraction``."""

    failed: dict[str, str]
    utterances: int = 0
    shared: int = 0
    replaced: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Encoded:
    """What was made of the new audio of a batch, by its samples' digest; of what could not be made, the reasons."""

    codes: Mapping[str, NDArray[np.uint16]]
    speech: Mapping[str, NDArray[np.float32]]
    speakers: Mapping[str, NDArray[np.float32]]
    faults: Mapping[str, str]


def _store(
    store: StoreWriter, record: Record, item: Prepared, encoded: _Encoded, tally: _Tally, *, replace: bool
) -> None:
    """Give a record the data of the same audio, or append what was encoded of it, or note why there is nothing."""
    key = item.audio.samples
    if (twin := store.twin(key)) is not None:
        is_other = _point(store, record, item, twin)
        tally.shared += is_other
        tally.replaced += replace and is_other
        return
    if key in encoded.faults:
        tally.failed[item.source.id] = encoded.faults[key]
        return
    store.append(
        record,
        encoded.codes[key],
        item.features_TF,
        encoded.speech.get(key),
        acoustics_AB=None if item.analysed is None else item.analysed.acoustics_AB,
        speaker_D=encoded.speakers.get(key),
        audio=item.audio,
        replace=replace,
    )
    tally.utterances += 1
    tally.replaced += replace
    tally.seconds += item.seconds


def _point(store: StoreWriter, record: Record, item: Prepared, twin: StoredUtterance) -> bool:
    """Give a record the data of another with the same audio; return whether the two are different utterances."""
    if twin.id != record.id or twin.record != record or twin.audio != item.audio:
        store.point(record, twin, item.audio)
    # If it is its own twin, the file is another, such as a copy in another format, but what it holds is the same.
    return twin.id != record.id


def _encode_new(
    items: Sequence[Prepared],
    store: StoreWriter,
    codec: Codec,
    encode_speech: EncodeSpeech | None,
    recognise: Recognise | None,
) -> _Encoded:
    """Encode what the store does not hold, each audio once."""
    new = {item.audio.samples: item for item in items if store.twin(item.audio.samples) is None}
    codes, faults = _encode(codec, {key: item.samples for key, item in new.items()})
    speech: Mapping[str, NDArray[np.float32]] = {}
    speakers: Mapping[str, NDArray[np.float32]] = {}
    if encode_speech is not None:
        speech, unencoded = _compute(encode_speech, {key: new[key].encoder_samples_M for key in codes})
        faults |= unencoded
    if recognise is not None:
        analysed = {key: new[key].analysed for key in codes}
        speakers, unknown = _compute(lambda recording: recognise(_pieces(recording)), analysed)
        faults |= unknown
    return _Encoded(codes, speech, speakers, faults)


def _encode(
    codec: Codec, new: Mapping[str, NDArray[np.float32] | LongRecording]
) -> tuple[dict[str, NDArray[np.uint16]], dict[str, str]]:
    """Return codes, and reasons where there are none."""
    short = {key: samples for key, samples in new.items() if not isinstance(samples, LongRecording)}
    try:
        codes = dict(zip(short, codec.encode(list(short.values())), strict=True))
    except CodecError:
        # One item spoils the batch: find out which.
        codes = {}
    faults: dict[str, str] = {}
    for key, samples in new.items():
        if key in codes:
            continue
        try:
            codes[key] = (
                codec.encode_long(samples) if isinstance(samples, LongRecording) else codec.encode([samples])[0]
            )
        except (AudioError, CodecError) as error:
            faults[key] = error.message
    return codes, faults


def _compute(
    compute: Callable[[_Input], NDArray[np.float32]], inputs: Mapping[str, _Input | None]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Return what is computed of each input, and reasons where it cannot be."""
    found: dict[str, NDArray[np.float32]] = {}
    faults: dict[str, str] = {}
    for key, given in inputs.items():
        if given is None:
            raise ValueError("the recordings were not prepared for the encoders that the store needs")
        try:
            found[key] = compute(given)
        except AudioError as error:
            faults[key] = error.message
    return found, faults


def _pieces(analysed: Analysed) -> Iterator[Waveform]:
    """Yield a recording as a whole, or minute by minute if it is long."""
    samples, rate = analysed.samples, analysed.sample_rate
    if not isinstance(samples, LongRecording):
        yield Waveform(samples, rate)
        return
    for start in range(0, samples.size, _PIECE_SECONDS * rate):
        yield Waveform(samples.piece(start, min(samples.size, start + _PIECE_SECONDS * rate)), rate)


def preparation_of(store: CodeStore) -> Preparation:
    """Return how recordings are prepared for a store, their paths counted from it."""
    encoder = store.document.encoder
    encoder_rate = None if encoder is None else encoder.sample_rate
    acoustics = store.document.acoustics
    return Preparation(store.path, store.spec.sample_rate, store.mel, store.level, encoder_rate, acoustics)


def prepare_waveform(stored: StoredUtterance, store: CodeStore) -> Waveform:
    """Return the audio of a stored utterance as the codec saw it, varied if the utterance is a varied copy.

    Raises
    ------
    AudioError
        If the file, or that of its room, is gone or damaged.
    """
    _, varied = Source(stored.source, stored.audio.variation).read(store.path)
    return preparation_of(store).waveform(varied)


def prepare_acoustics(stored: StoredUtterance, store: CodeStore) -> Acoustics:
    """Return the acoustics of a stored utterance, measured again; the store has some.

    Raises
    ------
    AudioError
        If the file, or that of its room, is gone or damaged.
    """
    _, varied = Source(stored.source, stored.audio.variation).read(store.path)
    analysed = preparation_of(store).analysed(varied)
    if analysed is None:
        raise ValueError("the store has no acoustics")
    return Acoustics.unpack(analysed.acoustics_AB)

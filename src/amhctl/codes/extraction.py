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
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record
from amhctl.parallel.workers import map_in_order

EncodeSpeech = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What a speech encoder does: (M,) samples to (E, W) features."""

Recognise = Callable[[Iterable[Waveform]], NDArray[np.float32]]
"""What a speaker encoder does: a recording, piece by piece, to a speaker embedding (D,)."""

_PIECE_SECONDS = 60


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
    store: CodeStore,
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
    store : CodeStore
        Open to write.
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
    failed = dict(plan.failed)
    for record in plan.amended:
        store.amend(record)
    count = shared = replaced = 0
    seconds = 0.0
    progress.start("extracting codes", plan.utterances, "utterance")
    prepared = map_in_order(pool, partial(prepare_batch, how), plan.batches, ahead=ahead)
    for batch, ready in zip(plan.batches, prepared, strict=True):
        failed.update(ready.failed)
        codes, faults = _encode_new(ready.items, store, codec)
        encoded, unheard = _listen_to_new(ready.items, codes, encode_speech)
        speakers, unknown = _recognise_new(ready.items, codes, recognise)
        faults |= unheard | unknown
        for item in ready.items:
            record = stored_record(item.source.record, how.folder, store, item.seconds)
            replace = item.source.id in plan.replaced
            if (twin := store.twin(item.audio.samples)) is not None:
                is_other = _share(store, record, item, twin)
                shared, replaced = shared + is_other, replaced + (replace and is_other)
            elif item.audio.samples not in faults:
                key = item.audio.samples
                store.append(
                    record,
                    codes[key],
                    item.features_TF,
                    encoded.get(key),
                    acoustics_AB=None if item.analysed is None else item.analysed.acoustics_AB,
                    speaker_D=speakers.get(key),
                    audio=item.audio,
                    replace=replace,
                )
                count, replaced, seconds = count + 1, replaced + replace, seconds + item.seconds
            else:
                failed[item.source.id] = faults[item.audio.samples]
        store.sync()
        progress.advance(len(batch), note=f"{seconds / 3600:.2f} h")
    progress.finish()
    return Extraction(count, shared, replaced, seconds, failed)


def _share(store: CodeStore, record: Record, item: Prepared, twin: StoredUtterance) -> bool:
    """Give a record the data of another with the same audio; return whether the two are different utterances."""
    if twin.id != record.id or twin.record != record or twin.audio != item.audio:
        store.point(record, twin, item.audio)
    # If it is its own twin, the file is another, such as a copy in another format, but what it holds is the same.
    return twin.id != record.id


def _encode_new(
    items: Sequence[Prepared], store: CodeStore, codec: Codec
) -> tuple[dict[str, NDArray[np.uint16]], dict[str, str]]:
    """Encode what the store does not hold, each audio once; return codes, and reasons, by the samples' digest."""
    new = {item.audio.samples: item.samples for item in items if store.twin(item.audio.samples) is None}
    whole = {key: samples for key, samples in new.items() if not isinstance(samples, LongRecording)}
    try:
        codes = dict(zip(whole, codec.encode(list(whole.values())), strict=True))
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


def _listen_to_new(
    items: Sequence[Prepared], codes: Mapping[str, NDArray[np.uint16]], encode_speech: EncodeSpeech | None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Return the speech encoder's features, and reasons, by the samples' digest, of what has been encoded."""
    features: dict[str, NDArray[np.float32]] = {}
    faults: dict[str, str] = {}
    if encode_speech is None:
        return features, faults
    for key, heard_M in {item.audio.samples: item.heard_M for item in items if item.audio.samples in codes}.items():
        if heard_M is None:
            raise ValueError("nothing was prepared for the speech encoder")
        try:
            features[key] = encode_speech(heard_M)
        except AudioError as error:
            faults[key] = error.message
    return features, faults


def _recognise_new(
    items: Sequence[Prepared], codes: Mapping[str, NDArray[np.uint16]], recognise: Recognise | None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Return the speaker embeddings, and reasons, by the samples' digest, of what has been encoded."""
    speakers: dict[str, NDArray[np.float32]] = {}
    faults: dict[str, str] = {}
    if recognise is None:
        return speakers, faults
    for key, analysed in {item.audio.samples: item.analysed for item in items if item.audio.samples in codes}.items():
        if analysed is None:
            raise ValueError("nothing was prepared for the speaker encoder")
        try:
            speakers[key] = recognise(_pieces(analysed))
        except AudioError as error:
            faults[key] = error.message
    return speakers, faults


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

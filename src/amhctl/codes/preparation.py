"""From recordings to what a codec takes: cut, varied, levelled, resampled, with their features.

Knows no codec and no store.

It runs in worker processes, so it takes and returns plain values only and never loads torch.

Shapes: ``N samples, M samples at the speech encoder's rate, T feature frames, F features, A acoustic frames, B mel bins
and pitch``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import analyse, analyse_long
from amhctl.audio.augment import UNVARIED, Variation, vary
from amhctl.audio.files import locate
from amhctl.audio.longrecording import LONG_SECONDS, LongRecording, long_log_mel
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import bring_to, resample
from amhctl.audio.waveform import Waveform
from amhctl.codes.index import AudioDigest, digest_pieces, digest_samples
from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError
from amhctl.core.files import sha256_of_file
from amhctl.corpus.records import Record, audio_path, read_audio


@dataclass(frozen=True, slots=True)
class Source:
    """A cut out of a recording, and what is done to it before all else.

    Attributes
    ----------
    record : Record
        The utterance; its duration is that of the cut.
    variation : Variation
        How the cut is varied.
    """

    record: Record
    variation: Variation = UNVARIED

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    def read(self, folder: Path) -> tuple[Waveform, Waveform]:
        """Return the cut and the varied cut; the very same if nothing is changed.

        Raises
        ------
        AudioError
            If the file, or that of the room, cannot be read, or silence is to be disturbed by noise.
        """
        cut = read_audio(self.record, folder)
        return cut, vary(cut, self.variation)


@dataclass(frozen=True, slots=True)
class Preparation:
    """How recordings are prepared.

    Attributes
    ----------
    folder : Path
        From where the records' paths count.
    sample_rate : int
        The codec's.
    mel : MelConfig
        Configuration of the features.
    level : float | None
        Speech level in dBFS to bring recordings to; None, of stores of earlier versions, leaves them as they are.
    encoder_rate: int | None
        Sample rate of the speech encoder, if there is one.
    acoustics : AcousticsConfig | None
        What is measured for FlowVoices, if anything is.
    """

    folder: Path
    sample_rate: int
    mel: MelConfig
    level: float | None
    encoder_rate: int | None = None
    acoustics: AcousticsConfig | None = None

    def waveform(self, original: Waveform) -> Waveform:
        """Return a recording as the codec gets it."""
        return self._bring_to(original, self.sample_rate)

    def features(self, original: Waveform) -> NDArray[np.float16]:
        """Return the log-mel features of a recording, shape (T, F)."""
        samples = self._bring_to(original, self.mel.sample_rate).samples
        return log_mel(samples, self.mel).astype(np.float16)

    def encoder_samples(self, original: Waveform) -> NDArray[np.float32] | None:
        """Return a recording as the speech encoder gets it, shape (M,); None if there is none."""
        return None if self.encoder_rate is None else self._bring_to(original, self.encoder_rate).samples

    def analysed(self, original: Waveform) -> "Analysed | None":
        """Return the acoustics of a recording, and what they were measured of; None if none are wanted."""
        if self.acoustics is None:
            return None
        samples = self._bring_to(original, self.acoustics.mel.sample_rate).samples
        return Analysed(analyse(samples, self.acoustics).pack(), samples, self.acoustics.mel.sample_rate)

    def _bring_to(self, original: Waveform, sample_rate: int) -> Waveform:
        if self.level is None:
            return resample(original, sample_rate)
        return bring_to(original, level=self.level, sample_rate=sample_rate)


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """What was measured of one utterance for a FlowVoice.

    Attributes
    ----------
    acoustics_AB : NDArray[np.float16]
        Log-mel frames and pitch, packed (``Acoustics.pack``).
    samples : NDArray[np.float32] | LongRecording
        Of what it was measured, which a speaker encoder gets too, at the spectrogram's rate.
    sample_rate : int
        That rate.
    """

    acoustics_AB: NDArray[np.float16]
    samples: NDArray[np.float32] | LongRecording
    sample_rate: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One utterance, ready to be encoded.

    Attributes
    ----------
    source : Source
        What it was made from.
    samples : NDArray[np.float32] | LongRecording
        Shape (N,), at the codec's rate; where that would be too much, from where it is read.
    features_TF : NDArray[np.float16]
        Log-mel frames.
    seconds : float
        True length of what is encoded.
    audio : AudioDigest
        Digests of the recording.
    encoder_samples_M : NDArray[np.float32] | None
        What a speech encoder gets.
    analysed : Analysed | None
        What a FlowVoice gets.
    """

    source: Source
    samples: NDArray[np.float32] | LongRecording
    features_TF: NDArray[np.float16]
    seconds: float
    audio: AudioDigest
    encoder_samples_M: NDArray[np.float32] | None = None
    analysed: Analysed | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBatch:
    """Utterances that are encoded together, and why others could not be prepared: reason by id."""

    items: tuple[Prepared, ...]
    failed: Mapping[str, str]


def prepare_batch(how: Preparation, batch: Sequence[Source]) -> PreparedBatch:
    """Read and prepare some recordings; what cannot be read is listed."""
    items: list[Prepared] = []
    failed: dict[str, str] = {}
    for source in batch:
        try:
            items.append(_prepare(how, source))
        except AudioError as error:
            failed[source.id] = error.message
    return PreparedBatch(tuple(items), failed)


def digest_files(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the SHA-256 of each file; empty for one that cannot be read."""
    digests = []
    for path in paths:
        try:
            digests.append(_digest_file(path))
        except OSError:
            digests.append("")
    return tuple(digests)


def _prepare(how: Preparation, source: Source) -> Prepared:
    record = source.record
    path = audio_path(record, how.folder)
    part = locate(path, offset=record.offset, duration=record.duration)
    if part.duration > LONG_SECONDS:
        return _prepare_long(how, source, LongRecording(path, part, how.sample_rate))
    cut, varied = source.read(how.folder)
    file_digest = _require_file(record, path)
    audio = AudioDigest(file_digest, digest_samples(varied.samples, varied.sample_rate), source.variation)
    if source.variation != UNVARIED:
        audio = replace(audio, cut=cut.duration)
    samples, features_TF = how.waveform(varied).samples, how.features(varied)
    encoder_samples_M, analysed = how.encoder_samples(varied), how.analysed(varied)
    # The same array where the rates are the same: it then travels from a worker once.
    if how.encoder_rate == how.sample_rate:
        encoder_samples_M = samples
    if analysed is not None and analysed.sample_rate == how.sample_rate:
        analysed = replace(analysed, samples=samples)
    return Prepared(source, samples, features_TF, varied.duration, audio, encoder_samples_M, analysed)


def _prepare_long(how: Preparation, source: Source, original: LongRecording) -> Prepared:
    """Prepare a recording without holding it; what wants it whole is refused."""
    for wanted, what in ((source.variation != UNVARIED, "be varied"), (how.encoder_rate is not None, "be encoded")):
        if wanted:
            raise AudioError(
                f"{original.duration:.0f} s are too long to {what}", subject=source.id, hint="split it at pauses"
            )
    file_digest = _require_file(source.record, original.path)
    samples_digest = digest_pieces(original.windows(), original.part.count, original.part.sample_rate)
    levelled = original if how.level is None else original.levelled(how.level)
    audio = AudioDigest(file_digest, samples_digest, source.variation)
    analysed = None
    if how.acoustics is not None:
        packed, rate = analyse_long(levelled, how.acoustics).pack(), how.acoustics.mel.sample_rate
        analysed = Analysed(packed, levelled.at(rate), rate)
    features_TF = long_log_mel(levelled, how.mel)
    return Prepared(source, levelled, features_TF, original.duration, audio, analysed=analysed)


def _require_file(record: Record, path: Path) -> str:
    """Return the digest of a recording's file, and refuse one that is not the manifest's."""
    try:
        digest = _digest_file(path)
    except OSError as error:
        raise AudioError(f"the file cannot be read: {error.strerror}", subject=record.id) from error
    if record.sha256 and record.sha256 != digest:
        raise AudioError("the file's SHA-256 is not the one in the manifest", subject=record.id)
    return digest


def _digest_file(path: Path) -> str:
    # A long file with many utterances is not read for each of them; one that is written to meanwhile is.
    state = path.stat()
    return _digest_unchanged_file(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_unchanged_file(path: Path, size: int, modified: int) -> str:
    return sha256_of_file(path)

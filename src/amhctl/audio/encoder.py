"""Samples as the bytes of a sound file that goes out while more are made. Knows no voice and no network.

===== ======================================================================================================
name  what comes
===== ======================================================================================================
pcm   16-bit little-endian mono samples at 24,000 Hz, without a header, as OpenAI's API has them
wav   a header whose sizes are unknown (0xFFFFFFFF), then 16-bit samples at the rate of the voice
mp3   frames of one size, so that a reader finds the length of a file whose first frame does not say it
aac   an ID3 tag and ADTS frames, where PyAV is installed (``audio.aac``)
opus  pages of an Ogg stream; 24,000 Hz if Opus does not have the rate of the voice
flac  all at the end: its header says the length
===== ======================================================================================================
"""

import io
import os
from typing import Any, Final, Literal

import numpy as np
import soundfile
import soxr

from amhctl.audio.aac import RATES, AdtsEncoder
from amhctl.audio.pcm import encode_pcm, wav_header
from amhctl.audio.tags import Tags, id3_tag, write_tags
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError

Encoding = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
MEDIA_TYPES: Final[dict[Encoding, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
PCM_RATE: Final = 24_000
"""Samples per second of ``pcm``: those who read it cannot know the rate of the voice."""
_KINDS: Final[dict[Encoding, dict[str, Any]]] = {
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": 0.5},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
}
_OPUS_RATES = frozenset({8_000, 12_000, 16_000, 24_000, 48_000})


class _Sink(io.RawIOBase):
    """A file of which everything that is written is taken away at once; what is written again at its start is lost.

    One that keeps what is written gives it away at the end, with what was written again.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._waiting = bytearray()
        self._taken = 0
        self._at = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._taken + len(self._waiting)}[whence]
        self._at = start + offset
        return self._at

    def write(self, content: object) -> int:
        new = bytes(content)  # type: ignore[call-overload]
        size = len(new)
        begin = self._at - self._taken
        self._at += size
        if begin < 0:
            new, begin = new[-begin:], 0
        self._waiting[begin : begin + len(new)] = new
        return size

    def take(self, *, last: bool) -> bytes:
        if self._keeps and not last:
            return b""
        content = bytes(self._waiting)
        self._taken += len(content)
        self._waiting.clear()
        return content


class SoundEncoder:
    """Makes bytes of waveforms, one after another.

    Parameters
    ----------
    encoding : Encoding
        Which file.
    sample_rate : int
        Of the waveforms.
    tags : Tags
        What the file says of itself; ``pcm`` says nothing.

    Raises
    ------
    AudioError
        If the libraries here cannot write it.
    MissingExtra
        If AAC is asked for and PyAV is not installed.
    """

    def __init__(self, encoding: Encoding, sample_rate: int, tags: Tags) -> None:
        self._encoding = encoding
        self._tags = tags
        self._rate = _rate_of(encoding, sample_rate)
        self._resample = None
        if self._rate != sample_rate:
            self._resample = soxr.ResampleStream(sample_rate, self._rate, 1, dtype="float32")
        self._sink = _Sink(keeps=encoding == "flac")
        self._first = b""
        self._sound = self._open() if encoding in _KINDS else None
        self._aac = AdtsEncoder(self._rate, tags) if encoding == "aac" else None
        if encoding == "wav":
            self._first = wav_header(self._rate, tags)
        elif encoding == "mp3":
            self._first = id3_tag(tags)

    def push(self, waveform: Waveform) -> bytes:
        """Return what is final once a waveform is added; it may be nothing."""
        return self._push(waveform.samples, last=False)

    def finish(self) -> bytes:
        """Return what is left."""
        return self._push(np.zeros(0, dtype=np.float32), last=True)

    def _open(self) -> soundfile.SoundFile:
        try:
            sound = soundfile.SoundFile(self._sink, "w", self._rate, 1, **_KINDS[self._encoding])
        except (soundfile.LibsndfileError, ValueError) as error:
            raise AudioError(f"{self._encoding} cannot be written at {self._rate} Hz here ({error})") from error
        write_tags(sound, self._tags)
        return sound

    def _push(self, samples: np.ndarray[tuple[int], np.dtype[np.float32]], *, last: bool) -> bytes:
        if self._resample is not None:
            samples = self._resample.resample_chunk(samples, last=last)
        samples = np.clip(samples, -1.0, 1.0).astype(np.float32, copy=False)
        first, self._first = self._first, b""
        if self._aac is not None:
            return self._aac.push(samples) + (self._aac.finish() if last else b"")
        if self._sound is None:
            return first + (encode_pcm(Waveform(samples, self._rate)) if samples.size else b"")
        for start in range(0, samples.size, self._rate):
            # One second at a time: an encoder need not have room for more.
            self._sound.write(samples[start : start + self._rate])
        if last:
            self._sound.close()
        return first + self._sink.take(last=last)


def _rate_of(encoding: Encoding, sample_rate: int) -> int:
    """Return the samples per second of what is written."""
    rates = {"pcm": frozenset[int](), "opus": _OPUS_RATES, "aac": RATES}.get(encoding)
    return sample_rate if rates is None or sample_rate in rates else PCM_RATE

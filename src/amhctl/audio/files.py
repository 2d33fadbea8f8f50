"""Audio files: reading, writing, probing through libsndfile. Knows nothing of manifests.

Everything read becomes mono 32-bit float. Everything written is 16 bit: WAV, FLAC, Ogg Vorbis or MP3 by the suffix.

A file cut short is refused, where its container tells: WAV by the size of its data chunk, FLAC by the number of
samples in its header, Ogg by its missing last page.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.core.files import atomic_path
from amhctl.core.outputs import FileKind
from amhctl.core.units import Seconds

# A manifest's duration is rounded, and lossy formats pad: that much may be missing at the end of a cut.
_SLACK_SECONDS = 0.05
_WAV_UNKNOWN_BYTES = 0xFFFFFFFF
_OGG_TAIL_BYTES = 1 << 17
_OGG_LAST_PAGE = 0x04
# RIFF and RF64 are WAV; ID3 and a frame's sync word are MP3.
SOUND = FileKind("a sound file", re.compile(rb"RIFF|RF64|fLaC|OggS|ID3|\xff[\xe0-\xff]"))
# Samples without a header have no sign of their own, so what is plainly something else is told apart.
RAW_SOUND = FileKind(
    "a file of samples",
    re.compile(rb"(?!RIFF|RF64|fLaC|OggS|ID3|PK|\x1f\x8b|\{\"|.{8}\{\"|[\t\n\r\x20-\x7e\x80-\xf4]{16})", re.DOTALL),
)
_SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file says.

    Attributes
    ----------
    sample_rate : int
        Samples a second.
    channels : int
        Channels in the file; ``read`` mixes them down.
    frames : int
        Samples of each channel.
    encoding : str
        Container and coding, such as ``WAV/PCM_16``.
    """

    sample_rate: int
    channels: int
    frames: int
    encoding: str

    @property
    def duration(self) -> Seconds:
        """Length in seconds."""
        return Seconds(self.frames / self.sample_rate)


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    if path.is_dir():
        raise AudioError("a folder stands where an audio file is wanted", subject=str(path))
    if path.is_fifo():
        # Opening it would wait for somebody to write, for ever.
        raise AudioError("a pipe stands where an audio file is wanted", subject=str(path))
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise AudioError(
            "there is no such audio file", subject=str(path), hint="check the path; manifests count from their folder"
        ) from None
    except OSError as error:
        raise AudioError(f"the file cannot be opened: {error.strerror}", subject=str(path)) from error
    with stream:
        if not stream.read(1):
            raise AudioError("the audio file is empty (0 bytes)", subject=str(path), hint="copy or record it again")
        stream.seek(0)
        try:
            with soundfile.SoundFile(stream) as sound:
                yield sound
        except soundfile.LibsndfileError as error:
            raise AudioError(
                f"the file is damaged or no audio that libsndfile reads ({error.error_string.strip().rstrip('.')})",
                subject=str(path),
                hint="convert it to WAV or FLAC, or copy it again",
            ) from error


def probe(path: Path) -> AudioInfo:
    """Return what the header of an audio file says, without decoding it.

    Raises
    ------
    AudioError
        If the file is missing, empty or not audio.
    """
    with _opened(path) as sound:
        return AudioInfo(sound.samplerate, sound.channels, sound.frames, f"{sound.format}/{sound.subtype}")


def read(path: Path, *, sample_rate: int | None = None, offset: float = 0.0, duration: float | None = None) -> Waveform:
    """Read a file, or a part of it, as a mono waveform.

    Parameters
    ----------
    path : Path
        A file libsndfile can read: WAV, FLAC, Ogg Vorbis or Opus, MP3, AIFF, ….
    sample_rate : int | None
        Rate to resample to; None keeps the file's.
    offset : float
        Seconds from the start of the file.
    duration : float | None
        Seconds to read; None reads to the end.

    Raises
    ------
    AudioError
        If the file is missing, cut short, not audio, holds no samples or samples that are not finite, or ends before
        the part that was asked for.
    """
    with _opened(path) as sound:
        _refuse_cut_container(path, sound.format)
        rate = sound.samplerate
        start = round(offset * rate)
        wanted = sound.frames - start if duration is None else round(duration * rate)
        if sound.frames == 0:
            raise AudioError("the audio file holds no samples", subject=str(path))
        if start < 0 or wanted <= 0 or start + wanted > sound.frames + _SLACK_SECONDS * rate:
            length = f"{sound.frames / rate:.3f}"
            raise AudioError(
                f"the file of {length} s ends before the part from {offset:g} s that was asked for",
                subject=str(path),
                hint="compare offset and duration in the manifest with the file",
            )
        if start:
            sound.seek(start)
        expected = min(wanted, sound.frames - start)
        channels = sound.read(expected, dtype="float32", always_2d=True)
        if channels.shape[0] < expected:
            raise AudioError(
                f"the file is cut short: {channels.shape[0] + start} of {sound.frames} samples are there",
                subject=str(path),
                hint="copy or record it again",
            )
    samples = channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1, dtype=np.float32)
    if not np.isfinite(samples).all():
        raise AudioError("the audio holds samples that are not finite numbers", subject=str(path))
    waveform = Waveform(np.ascontiguousarray(samples, dtype=np.float32), rate)
    return waveform if sample_rate is None else resample(waveform, sample_rate)


def _refuse_cut_container(path: Path, container: str) -> None:
    cut = False
    if container in ("WAV", "WAVEX"):
        cut = _wav_is_cut(path)
    elif container == "OGG":
        cut = _ogg_is_cut(path)
    if cut:
        raise AudioError("the file is cut short", subject=str(path), hint="copy or record it again")


def _wav_is_cut(path: Path) -> bool:
    """Return whether the data chunk promises more bytes than the file has; libsndfile would read on silently."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if stream.read(4) != b"RIFF":
            return False
        position = 12
        while position + 8 <= size:
            stream.seek(position)
            header = stream.read(8)
            length = int.from_bytes(header[4:], "little")
            if header[:4] == b"data":
                # Programs that write to a pipe cannot know the length and say "all of it".
                return length < _WAV_UNKNOWN_BYTES - 64 and position + 8 + length > size
            position += 8 + length + length % 2
    return False


def _ogg_is_cut(path: Path) -> bool:
    """Return whether the last page lacks the end-of-stream flag (RFC 3533, section 6) or its own last bytes."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _OGG_TAIL_BYTES))
        tail = stream.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    segments = tail[page + 26]
    sizes = tail[page + 27 : page + 27 + segments]
    return not tail[page + 5] & _OGG_LAST_PAGE or page + 27 + segments + sum(sizes) > len(tail)


def encode(waveform: Waveform, encoding: str) -> bytes:
    """Return the bytes of a ``wav``, ``flac``, ``ogg`` or ``mp3`` file; samples beyond [-1, 1] are clipped.

    Raises
    ------
    AudioError
        If the encoding is none of those, or cannot hold this sample rate.
    """
    if encoding not in _SUBTYPES:
        raise AudioError(f"unknown audio format {encoding!r}", hint=f"use one of: {', '.join(_SUBTYPES)}")
    target = io.BytesIO()
    try:
        with soundfile.SoundFile(
            target, "w", waveform.sample_rate, 1, _SUBTYPES[encoding], format=encoding.upper()
        ) as sound:
            # One second at a time: libsndfile's Vorbis encoder overflows the stack on long blocks.
            for block in _seconds(np.clip(waveform.samples, -1.0, 1.0), waveform.sample_rate):
                sound.write(block)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{encoding} cannot be written at {waveform.sample_rate} Hz ({error.error_string.strip().rstrip('.')})"
        ) from error
    return target.getvalue()


def _seconds(samples: NDArray[np.float32], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, samples.size, sample_rate):
        yield samples[start : start + sample_rate]


def write(path: Path, waveform: Waveform) -> None:
    """Write a waveform, whole or not at all, in the format its suffix names.

    Raises
    ------
    AudioError
        If the suffix is not ``.wav``, ``.flac``, ``.ogg`` or ``.mp3``.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in _SUBTYPES:
        raise AudioError(
            f"no audio format has the suffix {path.suffix!r}",
            subject=str(path),
            hint=f"use one of: {', '.join('.' + name for name in _SUBTYPES)}",
        )
    content = encode(waveform, suffix)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)

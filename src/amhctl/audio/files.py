"""Audio files: reading, writing, probing through libsndfile. Knows nothing of manifests.

Everything read becomes mono 32-bit float. Everything written is 16 bit: WAV, FLAC, Ogg Vorbis or MP3 by the suffix.

A file truncated is refused, where its container tells: WAV by the size of its data chunk, FLAC by the number of
samples in its header, Ogg by its missing last page. Memory is taken for what is decoded, never for what a header
promises. A file whose samples are not on a scale of ±1 is refused with the scale that they seem to be on.
"""

import io
import itertools
import math
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from amhctl.audio.containers import refuse_truncated
from amhctl.audio.levels import frame_samples
from amhctl.audio.oggpages import renumber_pages
from amhctl.audio.resample import resample
from amhctl.audio.scale import refuse_scale
from amhctl.audio.tags import Tags, id3_tag, write_tags
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, ScaleError
from amhctl.core.files import atomic_path
from amhctl.core.outputs import FileKind
from amhctl.core.units import Seconds

# A manifest's duration is rounded, and lossy formats pad: that much may be missing at the end of a cut.
_SLACK_SECONDS = 0.05
# RIFF and RF64 are WAV; ID3 and a frame's sync word are MP3 or ADTS; ftyp is MPEG-4.
SOUND = FileKind("a sound file", re.compile(rb"RIFF|RF64|fLaC|OggS|ID3|\xff[\xe0-\xff]|.{4}ftypM4A", re.DOTALL))
# Samples without a header have no sign of their own, so what is plainly something else is distinguished.
RAW_SOUND = FileKind(
    "a file of samples",
    re.compile(
        rb"(?!RIFF|RF64|fLaC|OggS|ID3|.{4}ftyp|PK|\x1f\x8b|\{\"|.{8}\{\"|[\t\n\r\x20-\x7e\x80-\xf4]{16})", re.DOTALL
    ),
)
# Large, so that an ordinary clip is one block: MP3 decodes to other last bits where a block begins.
_BLOCK_VALUES = 1 << 24
_SCANNED_SECONDS = 60.0
# Below, nothing of a voice is left; above, no sound card records. A damaged header may say anything, and a second of
# such samples would become any number of others.
_LOWEST_RATE, _HIGHEST_RATE = 1_000, 1_000_000
SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
"""Formats that are written, and how samples are coded in each."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file says.

    Attributes
    ----------
    sample_rate : int
        Samples per second.
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


@dataclass(frozen=True, slots=True)
class Part:
    """Some samples of a file: ``count`` from ``start`` on, at a rate of ``sample_rate``."""

    start: int
    count: int
    sample_rate: int

    @property
    def offset(self) -> Seconds:
        """Seconds before it."""
        return Seconds(self.start / self.sample_rate)

    @property
    def duration(self) -> Seconds:
        """Length in seconds."""
        return Seconds(self.count / self.sample_rate)


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    _require_file(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise AudioError(f"the file cannot be opened: {error.strerror}", subject=str(path)) from error
    with stream:
        if not stream.read(1):
            raise AudioError("the audio file is empty (0 bytes)", subject=str(path), hint="copy or record it again")
        stream.seek(0)
        try:
            with soundfile.SoundFile(stream) as sound:
                _refuse_rate(sound.samplerate, path)
                yield sound
        except soundfile.LibsndfileError as error:
            raise AudioError(
                "the file is damaged or not in an audio format that libsndfile reads "
                f"({error.error_string.strip().rstrip('.')})",
                subject=str(path),
                hint="convert it to WAV or FLAC, or copy it again",
            ) from error


def _require_file(path: Path) -> None:
    """Refuse whatever is no file, before it is opened: opening a pipe would wait for somebody to write, for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise AudioError(
            "the audio file does not exist",
            subject=str(path),
            hint="check the path; paths in a manifest are relative to its folder",
        ) from None
    except OSError as error:
        raise AudioError(f"the file cannot be opened: {error.strerror}", subject=str(path)) from error
    if stat.S_ISDIR(mode):
        raise AudioError("the path is a folder, not an audio file", subject=str(path))
    if not stat.S_ISREG(mode):
        raise AudioError("the path is a pipe or a device, not an audio file", subject=str(path))


def _refuse_rate(sample_rate: int, path: Path) -> None:
    if not _LOWEST_RATE <= sample_rate <= _HIGHEST_RATE:
        raise AudioError(
            f"a sample rate of {sample_rate} Hz is too low for speech",
            subject=str(path),
            hint="find the original recording",
        )


def probe(path: Path) -> AudioInfo:
    """Return what the header of an audio file says, without decoding it.

    Raises
    ------
    AudioError
        If the file is missing, empty or not audio.
    """
    with _opened(path) as sound:
        return AudioInfo(sound.samplerate, sound.channels, sound.frames, f"{sound.format}/{sound.subtype}")


def read(
    path: Path,
    *,
    sample_rate: int | None = None,
    offset: float = 0.0,
    duration: float | None = None,
    full_scale: float = 1.0,
) -> Waveform:
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
    full_scale : float
        What the file's samples are divided by: the ``full_scale`` of a ``ScaleError``.

    Raises
    ------
    AudioError
        If the file is missing, truncated, not audio, holds no samples or samples that are not finite, or ends before
        the part that was asked for.
    ScaleError
        If the samples are on another scale.
    """
    (waveform,) = read_windows(path, offset=offset, duration=duration, full_scale=full_scale)
    return waveform if sample_rate is None else resample(waveform, sample_rate)


def find_scale(path: Path, *, offset: float = 0.0, duration: float | None = None) -> float:
    """Return what the samples of a file, or of a part of it, have to be divided by; 1 for almost all files.

    Raises
    ------
    AudioError
        As ``read``.
    """
    scale = 1.0
    while True:
        try:
            for _ in read_windows(path, offset=offset, duration=duration, full_scale=scale, longest=_SCANNED_SECONDS):
                pass
        except ScaleError as error:
            # Larger each time, so that this ends.
            scale = error.full_scale
        else:
            return scale


def read_windows(
    path: Path,
    *,
    offset: float = 0.0,
    duration: float | None = None,
    full_scale: float = 1.0,
    longest: float = math.inf,
) -> Iterator[Waveform]:
    """Yield a file, or a part of it, as mono waveforms one after another, equally long and at most ``longest`` seconds.

    Together they are what ``read`` returns, and it has the same parameters and errors. An error may come late: what
    was yielded before is then of no use. A window ends where a frame of ``audio.levels`` ends.
    """
    with _opened(path) as sound:
        part = _locate(sound, path, offset, duration)
        start, count = part.start, part.count
        if start:
            sound.seek(start)
        frame = frame_samples(sound.samplerate)
        windows = max(1, math.ceil(count / (longest * sound.samplerate)))
        borders = (count * window // windows // frame * frame for window in range(windows))
        for begin, end in itertools.pairwise(itertools.chain(borders, [count])):
            blocks = list(_decode(sound, path, end - begin, full_scale))
            samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
            if samples.size < end - begin:
                raise AudioError(
                    f"the file is truncated: it has {start + begin + samples.size} of {sound.frames} samples",
                    subject=str(path),
                    hint="copy or record it again",
                )
            yield Waveform(samples, sound.samplerate)


def locate(path: Path, *, offset: float = 0.0, duration: float | None = None) -> Part:
    """Return which samples of a file a part of it is, without decoding it.

    Raises
    ------
    AudioError
        As ``read``, for all that headers tell.
    """
    with _opened(path) as sound:
        return _locate(sound, path, offset, duration)


def _locate(sound: soundfile.SoundFile, path: Path, offset: float, duration: float | None) -> Part:
    refuse_truncated(path, sound.format)
    rate, length = sound.samplerate, sound.frames / sound.samplerate
    if sound.frames <= 0:
        raise AudioError("the audio file has no samples", subject=str(path))
    end = length if duration is None else offset + duration
    # In seconds first: what a manifest says may be too large to be a number of samples.
    if 0 <= offset <= length and end <= length + 1.0:
        start = round(offset * rate)
        wanted = sound.frames - start if duration is None else round(duration * rate)
        if wanted > 0 and start < sound.frames and start + wanted <= sound.frames + _SLACK_SECONDS * rate:
            return Part(start, min(wanted, sound.frames - start), rate)
    raise AudioError(
        f"the file has {length:.3f} s and ends before the requested part from {offset:g} s",
        subject=str(path),
        hint="correct offset and duration in the manifest",
    )


def _decode(sound: soundfile.SoundFile, path: Path, count: int, full_scale: float) -> Iterator[NDArray[np.float32]]:
    """Yield the next ``count`` samples of a file, mixed down, block by block; fewer if they are not there."""
    most = max(1, _BLOCK_VALUES // sound.channels)
    while True:
        block = sound.read(min(count, most), dtype="float32", always_2d=True)
        if not np.isfinite(block).all():
            raise AudioError("the audio has samples that are not finite", subject=str(path))
        refuse_scale(float(np.abs(block).max(initial=0.0)), full_scale, path)
        samples = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
        if full_scale != 1.0:
            samples = samples / np.float32(full_scale)
        yield np.ascontiguousarray(samples, dtype=np.float32)
        count -= block.shape[0]
        if count <= 0 or not block.size:
            return


def encode(waveform: Waveform, encoding: str, tags: Tags | None = None) -> bytes:
    """Return the bytes of a ``wav``, ``flac``, ``ogg`` or ``mp3`` file; samples beyond [-1, 1] are clipped.

    The same samples and tags give the same bytes.

    Raises
    ------
    AudioError
        If the encoding is none of those, or cannot hold this sample rate.
    """
    if encoding not in SUBTYPES:
        raise AudioError(f"unknown audio format {encoding!r}", hint=f"use one of: {', '.join(SUBTYPES)}")
    target = io.BytesIO()
    try:
        with soundfile.SoundFile(
            target, "w", waveform.sample_rate, 1, SUBTYPES[encoding], format=encoding.upper()
        ) as sound:
            write_tags(sound, tags or Tags())
            # One second at a time: libsndfile's Vorbis encoder overflows the stack on long blocks.
            for block in _seconds(np.clip(waveform.samples, -1.0, 1.0), waveform.sample_rate):
                sound.write(block)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{encoding} cannot be written at {waveform.sample_rate} Hz ({error.error_string.strip().rstrip('.')})"
        ) from error
    content = target.getvalue()
    if encoding == "mp3":
        return id3_tag(tags or Tags()) + content
    return renumber_pages(content) if encoding == "ogg" else content


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
    if suffix not in SUBTYPES:
        raise AudioError(
            f"unknown audio format: suffix {path.suffix!r}",
            subject=str(path),
            hint=f"use one of: {', '.join('.' + name for name in SUBTYPES)}",
        )
    content = encode(waveform, suffix)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)

"""AAC, which libsndfile does not write: as frames one after another (ADTS), or as an MPEG-4 file. Knows no voice.

FFmpeg's encoder writes it, by PyAV, which is an extra: its wheel has 36 MB and holds all codecs of FFmpeg
(decisions/031). The same samples and tags give the same bytes, whose date and version it leaves out. An ADTS stream
begins with an ID3 tag and 1,024 samples of the encoder's delay; an MPEG-4 file says how much of it a player skips.
"""

import importlib
import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.chapters import Chapter
from amhctl.audio.tags import Tags, id3_tag
from amhctl.core.errors import AudioError, MissingExtra

AAC_FORMATS = ("aac", "m4a")
"""ADTS frames, and an MPEG-4 file."""
RATES = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
"""Samples per second that are written here; AAC has some higher ones, which no voice needs."""
# 48 kbit/s at 16,000 Hz: what is lost is not heard in speech.
_BITS_PER_SAMPLE = 3
_MILLISECONDS = Fraction(1, 1000)
_BIT_EXACT = {"fflags": "+bitexact"}


def has_aac() -> bool:
    """Return whether AAC can be written on this machine."""
    return importlib.util.find_spec("av") is not None


def require_aac() -> None:
    """Refuse to continue where AAC cannot be written.

    Raises
    ------
    MissingExtra
        If PyAV is not installed, or cannot be loaded.
    """
    if not has_aac():
        raise MissingExtra(
            "AAC needs av, which is not installed", subject="amhctl[aac]", hint="pip install 'amhctl[aac]'"
        )
    try:
        importlib.import_module("av")
    except ImportError as error:
        # A wheel of another system, or a library of FFmpeg that it does not find.
        raise MissingExtra(
            f"AAC needs av, which cannot be loaded ({error})",
            subject="amhctl[aac]",
            hint="pip install --force-reinstall av",
        ) from error


class AdtsEncoder:
    """Makes ADTS frames of samples, one after another.

    Parameters
    ----------
    sample_rate : int
        Of the samples.
    tags : Tags
        What the stream says of itself.

    Raises
    ------
    MissingExtra
        If PyAV is not installed.
    AudioError
        If AAC does not have the sample rate.
    """

    def __init__(self, sample_rate: int, tags: Tags) -> None:
        self._sink = _Sink()
        self._writer = _Writer(self._sink, "adts", sample_rate, Tags(), ())
        self._sink.write(id3_tag(tags))

    def push(self, samples: NDArray[np.float32]) -> bytes:
        """Return the frames that are final once samples, shape (N,), are added."""
        self._writer.write(samples)
        return self._sink.take()

    def finish(self) -> bytes:
        """Return the frames that are left."""
        self._writer.close()
        return self._sink.take()


def write_aac(
    blocks: Iterable[NDArray[np.int16]],
    target: Path,
    sample_rate: int,
    tags: Tags,
    *,
    is_mpeg4: bool,
    chapters: Sequence[Chapter] = (),
) -> None:
    """Write 16-bit samples as an AAC file.

    Parameters
    ----------
    blocks : Iterable[NDArray[np.int16]]
        The samples, shape (N,) each.
    target : Path
        What is written; an existing file is replaced.
    sample_rate : int
        Samples per second.
    tags : Tags
        What the file says of itself.
    is_mpeg4 : bool
        Whether it is an MPEG-4 file (``.m4a``), which has chapters; else ADTS frames (``.aac``).
    chapters : Sequence[Chapter]
        Chapter marks of an MPEG-4 file.

    Raises
    ------
    MissingExtra
        If PyAV is not installed.
    AudioError
        If AAC does not have the sample rate.
    """
    scaled = (block.astype(np.float32) / np.float32(1 << 15) for block in blocks)
    if not is_mpeg4:
        with target.open("wb") as stream:
            stream.writelines(_frames(scaled, sample_rate, tags))
        return
    writer = _Writer(os.fspath(target), "ipod", sample_rate, tags, chapters)
    try:
        for block in scaled:
            writer.write(block)
    finally:
        writer.close()


def _frames(blocks: Iterable[NDArray[np.float32]], sample_rate: int, tags: Tags) -> Iterator[bytes]:
    encoder = AdtsEncoder(sample_rate, tags)
    for block in blocks:
        yield encoder.push(block)
    yield encoder.finish()


class _Sink:
    """A file that cannot be read or searched, whose bytes are taken away."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        return len(content)

    def take(self) -> bytes:
        content = bytes(self._waiting)
        self._waiting.clear()
        return content


class _Writer:
    """Encodes samples into a container of FFmpeg."""

    def __init__(
        self, target: _Sink | str, container: str, sample_rate: int, tags: Tags, chapters: Sequence[Chapter]
    ) -> None:
        require_aac()
        if sample_rate not in RATES:
            raise AudioError(f"aac cannot be written at {sample_rate} Hz", hint="use flac")
        # On use: few write AAC, and FFmpeg is a large library to load.
        self._av = av = importlib.import_module("av")
        self._rate = sample_rate
        self._written = 0
        options = _BIT_EXACT if container == "adts" else {**_BIT_EXACT, "movflags": "+faststart"}
        self._container: Any = av.open(target, "w", format=container, options=options)
        self._stream = self._container.add_stream("aac", rate=sample_rate, layout="mono")
        self._stream.bit_rate = _BITS_PER_SAMPLE * sample_rate
        self._stream.codec_context.flags |= av.codec.context.Flags.bitexact
        self._container.metadata.update(_named(tags))
        if chapters:
            self._container.set_chapters([_marked(number, each) for number, each in enumerate(chapters, 1)])

    def write(self, samples: NDArray[np.float32]) -> None:
        if not samples.size:
            return
        frame = self._av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), "fltp", "mono")
        frame.sample_rate, frame.pts = self._rate, self._written
        self._written += samples.size
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def _named(tags: Tags) -> dict[str, str]:
    named = {
        "title": tags.title,
        "artist": tags.artist,
        "comment": tags.comment,
        "copyright": tags.licence,
        # FFmpeg keeps the name of the program for itself.
        "description": tags.software,
    }
    return {name: value for name, value in named.items() if value}


def _marked(number: int, chapter: Chapter) -> dict[str, object]:
    begin, end = round(chapter.start * 1000), round(chapter.end * 1000)
    return {
        "id": number,
        "start": begin,
        "end": end,
        "time_base": _MILLISECONDS,
        "metadata": {"title": chapter.title},
    }

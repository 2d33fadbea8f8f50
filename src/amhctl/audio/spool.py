"""Samples that were put on the disk while they were made, and the sound files that become of them, in little memory."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from amhctl.audio.aac import AAC_FORMATS, write_aac
from amhctl.audio.chapters import Chapter, id3_chapters, mark_flac, mark_vorbis, mark_wav
from amhctl.audio.files import SUBTYPES
from amhctl.audio.oggpages import renumber_stream
from amhctl.audio.tags import Tags, id3_tag, write_tags
from amhctl.core.errors import AudioError

BYTES_PER_SAMPLE = 2
FORMATS = (*SUBTYPES, *AAC_FORMATS, "pcm")
"""What speech can be written as."""
# Above, the sizes of a WAV file do not fit into 32 bits.
_MOST_WAV_BYTES = (1 << 32) - (1 << 20)
_COPIED_BYTES = 1 << 20


def encode_spool(
    spool: Path,
    target: Path,
    encoding: str,
    sample_rate: int,
    tags: Tags,
    *,
    begin: int = 0,
    end: int | None = None,
    chapters: Sequence[Chapter] = (),
) -> None:
    """Write 16-bit samples as a file of one of ``FORMATS``; ``pcm`` is the samples as they are.

    The same samples and tags give the same bytes.

    Parameters
    ----------
    spool : Path
        File of 16-bit little-endian mono samples.
    target : Path
        What is written; an existing file is replaced.
    encoding : str
        Which format.
    sample_rate : int
        Samples per second.
    tags : Tags
        What the file says of itself.
    begin, end : int
        Which of the samples; None for all to the end.
    chapters : Sequence[Chapter]
        Chapter marks, for formats that have them.

    Raises
    ------
    AudioError
        If the format is unknown, or cannot hold this sample rate or these chapters.
    MissingExtra
        If AAC is asked for and PyAV is not installed.
    """
    end = spool.stat().st_size // BYTES_PER_SAMPLE if end is None else end
    blocks = _blocks(spool, begin, end, sample_rate)
    if encoding == "pcm":
        with target.open("wb") as stream:
            stream.writelines(block.tobytes() for block in blocks)
        return
    if encoding in AAC_FORMATS:
        write_aac(blocks, target, sample_rate, tags, is_mpeg4=encoding == "m4a", chapters=chapters)
        return
    if encoding not in SUBTYPES:
        raise AudioError(f"unknown audio format {encoding!r}", hint=f"use one of: {', '.join(FORMATS)}")
    is_long = encoding == "wav" and (end - begin) * BYTES_PER_SAMPLE > _MOST_WAV_BYTES
    frames = id3_chapters(chapters) if encoding == "mp3" else []
    with tempfile.TemporaryDirectory(dir=spool.parent) as folder:
        # The target is written in its place: whoever holds it holds this file, not another one of its name.
        is_final = encoding == "wav" or (encoding == "flac" and not chapters)
        coded = target if is_final else Path(folder) / "coded"
        container = "RF64" if is_long else encoding.upper()
        try:
            with soundfile.SoundFile(coded, "w", sample_rate, 1, SUBTYPES[encoding], format=container) as sound:
                write_tags(sound, tags)
                for block in blocks:
                    sound.write(block)
        except soundfile.LibsndfileError as error:
            raise AudioError(
                f"{encoding} cannot be written at {sample_rate} Hz ({error.error_string.strip().rstrip('.')})"
            ) from error
        if encoding == "wav" and chapters:
            mark_wav(coded, chapters, sample_rate)
        if not is_final:
            _finish(coded, target, encoding, id3_tag(tags, frames), chapters)


def _finish(coded: Path, target: Path, encoding: str, tag: bytes, chapters: Sequence[Chapter]) -> None:
    """Bring what libsndfile wrote to its place, with what libsndfile does not write."""
    if encoding == "flac":
        mark_flac(coded, target, chapters)
        return
    with coded.open("rb") as read, target.open("wb") as write:
        if encoding == "ogg":
            mark_vorbis(read, write, chapters) if chapters else renumber_stream(read, write)
        else:
            write.write(tag)
            shutil.copyfileobj(read, write, _COPIED_BYTES)


def _blocks(spool: Path, begin: int, end: int, sample_rate: int) -> Iterator[NDArray[np.int16]]:
    """Yield samples a second at a time: libsndfile's Vorbis encoder overflows the stack on long blocks."""
    with spool.open("rb") as stream:
        stream.seek(begin * BYTES_PER_SAMPLE)
        borders = [*range(begin, end, sample_rate), end]
        for first, last in itertools.pairwise(borders):
            yield np.frombuffer(stream.read((last - first) * BYTES_PER_SAMPLE), dtype="<i2")

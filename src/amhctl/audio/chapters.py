"""Chapter marks in sound files: ID3 chapters in MP3, comments in FLAC and Ogg, cue points in WAV. Knows no voice.

Sources: ID3v2 Chapter Frame Addendum 1.0; VorbisComment field names, "chapter extension" of xiph.org; the cue and
associated data list chunks of Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from amhctl.audio.oggpages import renumber_stream
from amhctl.core.errors import AudioError
from amhctl.core.units import Seconds

MARKED = ("wav", "flac", "ogg", "mp3", "m4a")
"""Formats that have chapter marks."""

_UTF8 = b"\x03"
_NO_OFFSET = 0xFFFFFFFF
_TOP_LEVEL_ORDERED = b"\x03"
_MOST_ENTRIES, _MOST_NUMBERED = 255, 1_000
_COMMENTS, _LAST = 4, 0x80
_FLAC_MOST = 1 << 24
_COPIED = 1 << 20
_VORBIS_COMMENTS, _FRAMING = b"\x03vorbis", b"\x01"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a recording.

    Attributes
    ----------
    title : str
        What it is called.
    start, end : Seconds
        From when to when.
    """

    title: str
    start: Seconds
    end: Seconds


def id3_chapters(chapters: Sequence[Chapter]) -> list[tuple[bytes, bytes]]:
    """Return the name and body of the frames that mark chapters.

    Raises
    ------
    AudioError
        If there are more than the table of contents can hold.
    """
    if len(chapters) > _MOST_ENTRIES:
        raise AudioError(
            f"{len(chapters)} chapters are more than an MP3 file holds ({_MOST_ENTRIES})",
            hint="write one file for each chapter: give a folder, or use .flac or .ogg",
        )
    if not chapters:
        return []
    names = [f"chp{number}".encode() + b"\x00" for number in range(len(chapters))]
    contents = b"toc\x00" + _TOP_LEVEL_ORDERED + bytes([len(chapters)]) + b"".join(names)
    frames = [(b"CTOC", contents)]
    for name, chapter in zip(names, chapters, strict=True):
        times = struct.pack(">IIII", round(chapter.start * 1000), round(chapter.end * 1000), _NO_OFFSET, _NO_OFFSET)
        title = _UTF8 + chapter.title.encode()
        frames.append((b"CHAP", name + times + b"TIT2" + _syncsafe(len(title)) + b"\x00\x00" + title))
    return frames


def mark_wav(path: Path, chapters: Sequence[Chapter], sample_rate: int) -> None:
    """Add cue points with labels to the end of a WAV file.

    Raises
    ------
    AudioError
        If it is too long for a header of 32 bits.
    """
    cues = struct.pack("<I", len(chapters))
    labels = b"adtl"
    for number, chapter in enumerate(chapters, 1):
        place = round(chapter.start * sample_rate)
        cues += struct.pack("<II4sIII", number, place, b"data", 0, 0, place)
        labels += _riff_chunk(b"labl", struct.pack("<I", number) + chapter.title.encode() + b"\x00")
    added = _riff_chunk(b"cue ", cues) + _riff_chunk(b"LIST", labels)
    with path.open("r+b") as stream:
        if stream.read(4) != b"RIFF":
            raise AudioError("the file is too long for chapter marks in WAV", hint="use .flac or .mp3")
        stream.seek(0, 2)
        if stream.tell() % 2:
            stream.write(b"\x00")
        stream.write(added)
        size = stream.tell()
        stream.seek(4)
        stream.write(struct.pack("<I", size - 8))


def mark_flac(source: Path, target: Path, chapters: Sequence[Chapter]) -> None:
    """Copy a FLAC file with chapters among its comments.

    Raises
    ------
    AudioError
        If it is no FLAC file, or there are too many chapters or too long titles for it.
    """
    comments = _comments_of(chapters)
    with source.open("rb") as read, target.open("wb") as write:
        if read.read(4) != b"fLaC":
            raise AudioError("not a FLAC file", subject=str(source))
        write.write(b"fLaC")
        is_last = False
        while not is_last:
            kind, *size = read.read(4)
            is_last = bool(kind & _LAST)
            body = read.read(int.from_bytes(bytes(size), "big"))
            if kind & ~_LAST == _COMMENTS:
                body = _with_comments(body, comments)
            if len(body) >= _FLAC_MOST:
                raise AudioError("the titles of the chapters are too long for a FLAC file")
            write.write(bytes([kind]) + len(body).to_bytes(3, "big") + body)
        while content := read.read(_COPIED):
            write.write(content)


def mark_vorbis(source: BinaryIO, target: BinaryIO, chapters: Sequence[Chapter]) -> None:
    """Copy an Ogg Vorbis file with chapters among its comments, and a serial number that is always the same.

    Raises
    ------
    AudioError
        If it is no Ogg Vorbis file, or there are more than comments can number.
    """
    comments = _comments_of(chapters)

    def mark(packet: bytes) -> bytes:
        if not packet.startswith(_VORBIS_COMMENTS) or packet[-1:] != _FRAMING:
            raise AudioError("the second header of the file is no comment of Vorbis")
        body = packet[len(_VORBIS_COMMENTS) : -len(_FRAMING)]
        return _VORBIS_COMMENTS + _with_comments(body, comments) + _FRAMING

    renumber_stream(source, target, (mark, bytes))


def _comments_of(chapters: Sequence[Chapter]) -> list[str]:
    """Return chapters as comments, numbered by three digits: readers take no more."""
    if len(chapters) > _MOST_NUMBERED:
        raise AudioError(
            f"{len(chapters)} chapters are more than comments can number ({_MOST_NUMBERED})",
            hint="write one file for each chapter: give a folder",
        )
    comments = []
    for number, chapter in enumerate(chapters):
        comments += [f"CHAPTER{number:03}={_clock(chapter.start)}", f"CHAPTER{number:03}NAME={chapter.title}"]
    return comments


def _with_comments(body: bytes, added: Sequence[str]) -> bytes:
    """Return a block of comments with more of them."""
    (vendor,) = struct.unpack_from("<I", body)
    (count,) = struct.unpack_from("<I", body, 4 + vendor)
    more = b"".join(struct.pack("<I", len(each.encode())) + each.encode() for each in added)
    return body[: 4 + vendor] + struct.pack("<I", count + len(added)) + body[8 + vendor :] + more


def _riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _syncsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, whole = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}.{thousandths:03}"

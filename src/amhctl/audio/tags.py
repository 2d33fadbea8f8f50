"""What a sound file says of itself: standard tags of WAV, FLAC, Ogg and MP3, without a date. Knows no voice.

libsndfile writes RIFF INFO and Vorbis comments. Its ID3 frames say that they are Latin-1 while they hold UTF-8, so that
players show Ethiopic letters as rubbish: those are written here (ID3 2.4.0, sections 3.1, 4.2 and 4.10).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import soundfile

_UTF8 = b"\x03"
_LANGUAGE = b"und"


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a sound file; an empty one is not written.

    Attributes
    ----------
    title : str
        What is said.
    artist : str
        Whose voice it is.
    software : str
        What made the file; libsndfile adds its own name and version.
    comment : str
        What else to know.
    licence : str
        Under what terms.
    """

    title: str = ""
    artist: str = ""
    software: str = ""
    comment: str = ""
    licence: str = ""


def write_tags(sound: soundfile.SoundFile, tags: Tags) -> None:
    """Write tags into a file that is open for writing and has no samples yet; MP3 gets none, see ``id3_tag``."""
    if sound.format == "MP3":
        return
    # RIFF INFO has no field for a licence; ICOP, the copyright, is where its readers look.
    rights = "copyright" if sound.format == "WAV" else "license"
    named = {
        "title": tags.title,
        "artist": tags.artist,
        "software": tags.software,
        "comment": tags.comment,
        rights: tags.licence,
    }
    for name, value in named.items():
        if value:
            setattr(sound, name, value)


def id3_tag(tags: Tags, more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return the tag that comes before the sound of an MP3 file; nothing where there are no tags.

    Parameters
    ----------
    tags : Tags
        The tags.
    more : Sequence[tuple[bytes, bytes]]
        Name and body of further frames, such as those of chapters.
    """
    comment = _LANGUAGE + b"\x00" + tags.comment.encode() if tags.comment else b""
    frames = b"".join(
        name + _syncsafe(len(body) + 1) + b"\x00\x00" + _UTF8 + body
        for name, body in (
            (b"TIT2", tags.title.encode()),
            (b"TPE1", tags.artist.encode()),
            (b"TSSE", tags.software.encode()),
            (b"COMM", comment),
            (b"TCOP", tags.licence.encode()),
        )
        if body
    )
    frames += b"".join(name + _syncsafe(len(body)) + b"\x00\x00" + body for name, body in more)
    return b"ID3\x04\x00\x00" + _syncsafe(len(frames)) + frames if frames else b""


def _syncsafe(number: int) -> bytes:
    """Return 28 bits in four bytes of seven, none of which looks like the beginning of a frame of sound."""
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))

"""One utterance as a foreign format has it, and where a line stood. Knows no format and no record.

A reader yields a ``Row`` for everything it meets: values by our keys, or a fault. Nothing is skipped in silence.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amhctl.core.documents import MOST_LINE_BYTES, limited_lines, read_limited
from amhctl.core.errors import DatasetError, DocumentError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au")

# Foreign keys and ours. Of several names for one key, the first in this order that a line has is taken.
KEYS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "utt_id", "utterance_id", "uid", "key"),
    "audio": ("audio", "audio_filepath", "audio_file", "audio_path", "wav", "path", "file"),
    "text": ("text", "transcript", "transcription", "sentence", "normalized_text"),
    "speaker": ("speaker", "speaker_name", "speaker_id", "spk"),
    "session": ("session",),
    "language": ("language", "lang", "locale"),
    "split": ("split", "subset"),
    "duration": ("duration", "dur"),
    "offset": ("offset", "start"),
    "licence": ("licence", "license"),
    "consent": ("consent",),
    "processing": ("processing",),
    "source": ("source",),
    "sha256": ("sha256",),
}


@dataclass(frozen=True, slots=True)
class EmbeddedAudio:
    """A recording that lies inside the source: its bytes, and the suffix of the file they would be."""

    content: bytes
    suffix: str


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance of a source, or why there is none.

    Attributes
    ----------
    subject : str
        Where it stands: ``file:line``, or a file.
    values : Mapping[str, object]
        Raw values by our keys; ``audio`` is a Path.
    unknown : tuple[str, ...]
        Keys of the source for which a record has no place.
    fault : str
        Why it cannot become a record; empty if nothing is wrong so far.
    embedded : EmbeddedAudio | None
        The recording, where it is part of the source.
    """

    subject: str
    values: Mapping[str, object] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    fault: str = ""
    embedded: EmbeddedAudio | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text file: its number from 1, and its text, or None and why it has none."""

    number: int
    text: str | None
    fault: str = ""


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file one by one, without their ends, empty ones left out.

    Only LF and CRLF end a line: a text may hold U+2028 or other characters that merely look like a line's end.

    Raises
    ------
    DatasetError
        If the file cannot be opened.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DatasetError(f"the file cannot be read: {error.strerror}", subject=str(path)) from error
    with stream:
        for number, raw in enumerate(limited_lines(stream), start=1):
            if raw is None:
                yield Line(number, None, f"the line is longer than {MOST_LINE_BYTES >> 20} MiB")
                continue
            line = raw.rstrip(b"\r\n")
            if not line.strip():
                continue
            try:
                yield Line(number, line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                yield Line(number, None, "the line is not UTF-8")


def read_whole(path: Path) -> tuple[str, str]:
    """Return the text of a small file and an empty fault, or an empty text and why it cannot be read."""
    try:
        return read_limited(path).decode("utf-8-sig"), ""
    except DocumentError as error:
        return "", f"{path.name} is {error.message}"
    except UnicodeDecodeError:
        return "", f"{path.name} is not UTF-8"
    except OSError as error:
        return "", f"{path.name} cannot be read: {error.strerror}"


def map_keys(value: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return what a foreign object says by our keys, and the keys that have no place."""
    values: dict[str, object] = {}
    used: set[str] = set()
    for ours, names in KEYS.items():
        for name in names:
            if name in value:
                values[ours] = value[name]
                used.add(name)
                break
    return values, tuple(key for key in value if key not in used)


def find_recording(folder: Path, name: str, places: tuple[str, ...] = (".",)) -> Path | None:
    """Return the recording of a name in the first of some folders that has it, with or without its suffix."""
    for place in places:
        path = folder / place / name
        if path.is_file():
            return path
        for suffix in AUDIO_SUFFIXES:
            named = path.with_name(path.name + suffix)
            if named.is_file():
                return named
    return None


def walk_files(folder: Path) -> Iterator[Path | Row]:
    """Yield every file below a folder in the order of names; a row with a fault for each folder not looked into.

    Links to folders are not followed, since they may lead in circles, and are said.
    """
    refused: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=refused.append):
        folders.sort()
        here = Path(place)
        for name in folders:
            if (here / name).is_symlink():
                yield Row(_inside(here / name, folder), fault="a link to a folder, which is not followed")
        for name in sorted(names):
            yield here / name
        while refused:
            yield _unreadable(refused.pop(), folder)
    while refused:
        yield _unreadable(refused.pop(), folder)


def _unreadable(error: OSError, folder: Path) -> Row:
    return Row(_inside(Path(str(error.filename)), folder), fault=f"the folder cannot be read: {error.strerror}")


def _inside(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

"""Recordings as they travel between data sets: their bytes whole, or the part that is an utterance. Knows no format.

A record that is a whole file travels as that file, byte by byte. One that is a part of a file, or whose file is of a
kind that is not wanted, is decoded and written again as 16 bit, mono, at its own rate.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import encode, probe
from amhctl.core.errors import AudioError, FileExistsRefused
from amhctl.core.files import write_bytes_atomically
from amhctl.corpus.records import Record, audio_path, read_audio

_LONGEST_NAME = 50
_ROUNDING_SECONDS = 1e-3


@dataclass(frozen=True, slots=True)
class Recording:
    """The bytes of an utterance's audio file.

    Attributes
    ----------
    content : bytes
        The whole file.
    suffix : str
        The suffix of its name, with the dot.
    recoded : bool
        Whether it was decoded and written again, and so is not the file that the record names.
    """

    content: bytes
    suffix: str
    recoded: bool


def load_recording(record: Record, folder: Path, *, suffix: str = "") -> Recording:
    """Return the audio file of a record that is a whole file; a part of one as FLAC, or as the suffix wants it.

    Parameters
    ----------
    record : Record
        Which utterance.
    folder : Path
        The manifest's folder.
    suffix : str
        ``.wav`` or ``.flac`` if the file must be one; empty if any will do.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    path = audio_path(record, folder)
    info = probe(path)
    wanted = suffix or path.suffix.lower()
    if is_whole(record, info.duration) and wanted == path.suffix.lower():
        try:
            return Recording(path.read_bytes(), wanted, recoded=False)
        except OSError as error:
            raise AudioError(f"the file cannot be read: {error.strerror}", subject=str(path)) from error
    form = suffix or ".flac"
    return Recording(encode(read_audio(record, folder), form.lstrip(".")), form, recoded=True)


def is_whole(record: Record, length: float) -> bool:
    """Return whether a record is all of a file of some length in seconds; manifests round durations to milliseconds."""
    return record.offset == 0 and (record.duration is None or record.duration >= length - _ROUNDING_SECONDS)


def file_name(name: str) -> str:
    """Return an id as the name of a file; if it has to change, a digest keeps it apart from all others.

    >>> file_name("ሀ-1")
    'ሀ-1'
    """
    plain = re.sub(r"[^\w.-]", "_", name).strip(".")[:_LONGEST_NAME]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def place_recording(path: Path, content: bytes, *, force: bool) -> None:
    """Write a recording, whole or not at all; a file that is there with the same bytes is kept.

    Raises
    ------
    FileExistsRefused
        If there is another file and ``force`` is false.
    """
    if path.is_file():
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        if not force:
            raise FileExistsRefused(
                "another recording exists there already",
                subject=str(path),
                hint="choose another folder or pass --force",
            )
    write_bytes_atomically(path, content)

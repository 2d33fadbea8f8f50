"""A long recording cut into utterances: what lies on disk. Knows no recogniser.

A folder with ``manifest.jsonl`` (records of the utterances that are kept), ``alignment.jsonl`` (one JSON object per
utterance of the text: ``id``, ``line``, ``text``, ``kept``, ``start``, ``end``, ``confidence``, ``words``), and, if
wanted, the recordings in ``audio/`` and ``alignment.TextGrid``.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.audio.files import encode, read
from amhctl.core.files import atomic_folder, write_bytes_atomically, write_text_atomically
from amhctl.core.outputs import FolderKind
from amhctl.corpus.formats.textgrid import Interval, format_textgrid
from amhctl.corpus.recordings import file_name
from amhctl.corpus.records import Record, portable_path, write_records

MANIFEST = "manifest.jsonl"
ALIGNMENT = "alignment.jsonl"
TEXTGRID = "alignment.TextGrid"
AUDIO = "audio"
ALIGNED = FolderKind("an alignment", ALIGNMENT, members=(MANIFEST, TEXTGRID, AUDIO))


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word as it is spoken, when it was said, in seconds of the recording, and how sure that is.

    Attributes
    ----------
    word : str
        Its letters.
    start, end : float
        Seconds from the beginning of the recording.
    confidence : float
        Natural log-probability per phone.
    """

    word: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class AlignedUtterance:
    """An utterance of the text.

    Attributes
    ----------
    id : str
        Its name.
    line : str
        Where it is in the text: ``file:line``.
    text : str
        As it was written.
    kept : bool
        Whether it is in the manifest.
    start, end : float | None
        Seconds from the beginning of the recording, with what is left of the pauses at its edges; None if it was not
        found.
    confidence : float | None
        Natural log-probability per phone where it fits worst.
    words : tuple[AlignedWord, ...]
        Its words; none if it was not found.
    """

    id: str
    line: str
    text: str
    kept: bool = False
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    words: tuple[AlignedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordDefaults:
    """What records of utterances have in common."""

    speaker: str = "unknown"
    licence: str = ""
    source: str = ""


def write_alignment(
    folder: Path,
    recording: Path,
    utterances: Sequence[AlignedUtterance],
    seconds: float,
    defaults: RecordDefaults,
    *,
    cut: bool = False,
    textgrid: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Write an alignment, whole or not at all.

    Parameters
    ----------
    folder : Path
        Where to.
    recording : Path
        The audio file.
    utterances : Sequence[AlignedUtterance]
        All of the text, in order.
    seconds : float
        Length of the recording.
    defaults : RecordDefaults
        What the records have in common.
    cut : bool
        Whether each utterance that is kept becomes a FLAC file of its own, mono, 16 bit, at the recording's rate.
    textgrid : bool
        Whether a TextGrid is written.
    advance : Callable[[], None]
        Called after each utterance that is cut.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    with atomic_folder(folder) as temporary:
        records = []
        for one in utterances:
            record = _record(one, recording, folder, defaults)
            if record is None:
                continue
            if cut:
                name = f"{AUDIO}/{file_name(one.id)}.flac"
                part = read(recording, offset=record.offset, duration=record.duration)
                write_bytes_atomically(temporary / name, encode(part, "flac"))
                record = record.model_copy(update={"audio": name, "offset": 0.0, "duration": part.duration})
                advance()
            records.append(record)
        write_records(temporary / MANIFEST, records)
        lines = (json.dumps(asdict(one), ensure_ascii=False) for one in utterances)
        write_text_atomically(temporary / ALIGNMENT, "".join(f"{line}\n" for line in lines))
        if textgrid:
            tiers = {"utterances": list(_intervals(utterances)), "words": list(_word_intervals(utterances))}
            write_text_atomically(temporary / TEXTGRID, format_textgrid(tiers, seconds))


def _record(one: AlignedUtterance, recording: Path, folder: Path, defaults: RecordDefaults) -> Record | None:
    if not one.kept or one.start is None or one.end is None:
        return None
    return Record(
        id=one.id,
        audio=portable_path(recording, folder),
        text=one.text,
        offset=one.start,
        duration=round(one.end - one.start, 3),
        **asdict(defaults),
    )


def _intervals(utterances: Sequence[AlignedUtterance]) -> Iterator[Interval]:
    for one in utterances:
        if one.start is not None and one.end is not None:
            yield Interval(one.start, one.end, one.text)


def _word_intervals(utterances: Sequence[AlignedUtterance]) -> Iterator[Interval]:
    for one in utterances:
        for word in one.words:
            yield Interval(word.start, word.end, word.word)

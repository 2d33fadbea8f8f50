"""Tables with one utterance per line: LJSpeech, Piper and Common Voice. Knows no record.

Formats::

    ljspeech      metadata.csv: id|text|normalised text, recordings in wavs/; the text as written (second field) is
                  taken (Ito & Johnson 2017, the data set's README)
    piper         metadata.csv: id|text or id|speaker|text, recordings in wav/ or wavs/ or beside it
    commonvoice   tab-separated with a header: client_id, path, sentence, locale, …; recordings in clips/. Of a folder,
                  train.tsv, dev.tsv and test.tsv give the splits, validated.tsv the clips that are in none of them

None of them quotes. White space around a field is no part of it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.row import AUDIO_SUFFIXES, Row, find_recording, read_lines

TABLE_NAME = "metadata.csv"
LJSPEECH_FOLDER = "wavs"

# File systems allow 255 bytes, and the suffix and a temporary name come on top.
_LONGEST_NAME = 200
_COMMON_VOICE = {"client_id": "speaker", "path": "audio", "sentence": "text", "locale": "language"}
_COMMON_VOICE_SPLITS = {"train": "train", "dev": "valid", "test": "test", "validated": ""}
_COMMON_VOICE_UNCHECKED = ("invalidated", "other")


def read_ljspeech(source: Path) -> Iterator[Row]:
    """Yield the rows of an LJSpeech folder or table.

    Raises
    ------
    DatasetError
        If there is no table.
    """
    for table, subject, fields, fault in _bar_separated(source, "id|text|normalised text"):
        if fault:
            yield Row(subject, fault=fault)
        else:
            yield _table_row(table, subject, fields[0], fields[1], "", (LJSPEECH_FOLDER,))


def read_piper(source: Path) -> Iterator[Row]:
    """Yield the rows of a Piper folder or table.

    Raises
    ------
    DatasetError
        If there is no table.
    """
    for table, subject, fields, fault in _bar_separated(source, "id|text or id|speaker|text"):
        if fault:
            yield Row(subject, fault=fault)
        else:
            speaker = fields[1] if len(fields) == 3 else ""
            yield _table_row(table, subject, fields[0], fields[-1], speaker, ("wav", "wavs", "."))


def write_ljspeech(table: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write ids and texts as an LJSpeech table; texts are given as written, and so in both fields."""
    with table.open("w", encoding="utf-8", newline="\n") as stream:
        for name, text in rows:
            stream.write(f"{name}|{text}|{text}\n")


def ljspeech_fault(name: str, text: str) -> str:
    """Return why an id and a text cannot stand in an LJSpeech table; empty if they can."""
    if any(mark in name for mark in "/\\|\n\r\0") or name.strip(". ") != name or len(name.encode()) > _LONGEST_NAME:
        return "the id cannot be the name of a file"
    if Path(name).suffix.lower() in AUDIO_SUFFIXES:
        return "the id ends with an audio file suffix, which would be removed when the file is read back"
    if any(mark in text for mark in "|\n\r"):
        return "the text has a | or a line break, which this format uses as separators"
    return ""


def read_common_voice(source: Path) -> Iterator[Row]:
    """Yield the rows of a Common Voice folder or of one of its tables.

    Raises
    ------
    DatasetError
        If there is no table or its header is not Common Voice's.
    """
    if source.is_file():
        yield from _common_voice_table(source, _COMMON_VOICE_SPLITS.get(source.stem, ""), set())
        return
    tables = [source / f"{name}.tsv" for name in _COMMON_VOICE_SPLITS if (source / f"{name}.tsv").is_file()]
    if not tables:
        raise DatasetError(
            "there is no train.tsv, dev.tsv, test.tsv or validated.tsv",
            subject=str(source),
            hint="give the language's folder or one of its tables",
        )
    seen: set[str] = set()
    for table in tables:
        yield from _common_voice_table(table, _COMMON_VOICE_SPLITS[table.stem], seen)
    for name in _COMMON_VOICE_UNCHECKED:
        if (source / f"{name}.tsv").is_file():
            yield Row(f"{name}.tsv", fault="not read: these clips are not validated")


def _common_voice_table(table: Path, split: str, seen: set[str]) -> Iterator[Row]:
    lines = read_lines(table)
    first = next(lines, None)
    header = [] if first is None or first.text is None else [name.strip() for name in first.text.split("\t")]
    if not {"path", "sentence"} <= set(header):
        raise DatasetError(
            "the header has no columns path and sentence", subject=str(table), hint="give a table of Common Voice"
        )
    unknown = tuple(name for name in header if name not in _COMMON_VOICE)
    for line in lines:
        subject = f"{table.name}:{line.number}"
        if line.text is None:
            yield Row(subject, fault=line.fault)
            continue
        fields = [field.strip() for field in line.text.split("\t")]
        if len(fields) != len(header):
            yield Row(subject, fault=f"{len(fields)} fields instead of {len(header)}")
            continue
        named = {_COMMON_VOICE[key]: value for key, value in zip(header, fields, strict=True) if key in _COMMON_VOICE}
        clip = named["audio"]
        # validated.tsv holds the clips of the three splits once more: those have been read.
        if split == "" and clip in seen:
            continue
        if split:
            seen.add(clip)
        yield _common_voice_row(table, subject, named, split, unknown)


def _common_voice_row(table: Path, subject: str, named: dict[str, str], split: str, unknown: tuple[str, ...]) -> Row:
    clip = named["audio"]
    recording = find_recording(table.parent, clip, ("clips", ".")) if clip else None
    if recording is None:
        return Row(subject, fault=f"no recording of {clip!r} in clips/")
    return Row(subject, {**named, "id": recording.stem, "audio": recording, "split": split}, unknown)


def _bar_separated(source: Path, expected: str) -> Iterator[tuple[Path, str, list[str], str]]:
    """Yield the table, the place, the two or three fields of each line, and what is wrong with it."""
    table = source / TABLE_NAME if source.is_dir() else source
    if not table.is_file():
        raise DatasetError(f"there is no {TABLE_NAME}", subject=str(source), hint="give the folder or the table itself")
    for line in read_lines(table):
        fields = [] if line.text is None else [field.strip() for field in line.text.split("|")]
        if line.text is not None and not any(fields):
            continue
        fault = line.fault
        if line.text is not None and len(fields) not in (2, 3):
            fault = f"{len(fields)} fields instead of {expected}"
        yield table, f"{table.name}:{line.number}", fields, fault


def _table_row(table: Path, subject: str, name: str, text: str, speaker: str, places: tuple[str, ...]) -> Row:
    recording = find_recording(table.parent, name, places) if name else None
    if recording is None:
        wanted = " or ".join(f"{place}/" for place in places)
        return Row(subject, fault=f"no recording of {name!r} in {wanted}")
    inside = Path(name)
    # Only the suffix of a recording is cut off an id: other dots belong to it.
    utterance = inside.stem if inside.suffix.lower() in AUDIO_SUFFIXES else inside.name
    return Row(subject, {"id": utterance, "audio": recording, "text": text, "speaker": speaker})

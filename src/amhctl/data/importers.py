"""Foreign manifests to records: LJSpeech, Piper, JSON Lines, Kaldi, sidecar texts. Writes nothing.

Nothing is dropped silently: what cannot become a record comes back as ``Skipped`` with its reason. A key of a foreign
line that a record has no place for is named once.

Formats::

    ljspeech   metadata.csv: id|text|normalised text, recordings in wavs/; the text as written (second field) is taken
    piper      metadata.csv: id|text or id|speaker|text, recordings in wav/ or wavs/ or beside it
    jsonl      one object a line: our keys, NeMo's (audio_filepath, text, duration, offset) or Coqui's (audio_file,
               text, speaker_name); also audio_path, transcript, sentence, normalized_text, speaker_id, lang, license
    kaldi      wav.scp, text, and where there utt2spk, segments, utt2dur; commands (ending in |) are skipped
    sidecars   a folder of recordings, each with a text file beside it (.txt or .lab, or .json with a text)
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from amhctl.audio.files import probe
from amhctl.core.errors import AudioError, DatasetError
from amhctl.data.records import Record, portable_path

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au")

# Foreign keys and ours. Of several names for one key, the first in this order that a line has is taken.
_KEYS: Mapping[str, tuple[str, ...]] = {
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
    "source": ("source",),
    "sha256": ("sha256",),
}
_SPLIT_NAMES = {"dev": "valid", "validation": "valid", "val": "valid", "training": "train", "testing": "test"}


@dataclass(frozen=True, slots=True)
class Skipped:
    """What did not become a record, and why."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportDefaults:
    """What a record gets where its source says nothing."""

    speaker: str = "unknown"
    licence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The records of a source, with absolute audio paths, and what was left behind."""

    records: tuple[Record, ...]
    skipped: tuple[Skipped, ...]
    dropped_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One utterance as a format has it: raw values by our keys, and the keys that have no place."""

    subject: str
    values: Mapping[str, object]
    unknown: tuple[str, ...] = ()
    fault: str = ""


def import_dataset(form: str, source: Path, defaults: ImportDefaults) -> Imported:
    """Read a foreign data set.

    Raises
    ------
    DatasetError
        If the format is unknown, the source is not there, or not one utterance could be read.
    """
    if form not in FORMATS:
        raise DatasetError(f"unknown format {form!r}", hint=f"one of: {', '.join(FORMATS)}")
    if not source.exists():
        raise DatasetError("the source is not there", subject=str(source), hint="check the path")
    records: list[Record] = []
    skipped: list[Skipped] = []
    dropped: dict[str, None] = {}
    seen: dict[str, str] = {}
    for row in FORMATS[form](source):
        dropped.update(dict.fromkeys(row.unknown))
        outcome = row.fault or _to_record(row, defaults)
        if isinstance(outcome, Record) and outcome.id in seen:
            outcome = f"the id {outcome.id!r} was taken by {seen[outcome.id]}"
        if isinstance(outcome, Record):
            seen[outcome.id] = row.subject
            records.append(outcome)
        else:
            skipped.append(Skipped(row.subject, outcome))
    if not records:
        reason = f"{skipped[0].subject}: {skipped[0].reason}" if skipped else "it is empty"
        raise DatasetError(
            f"no utterance could be imported as {form} ({reason})",
            subject=str(source),
            hint="is this the right format?",
        )
    return Imported(tuple(records), tuple(skipped), tuple(dropped))


def _to_record(row: _Row, defaults: ImportDefaults) -> Record | str:
    """Return the record of a row, or why there is none."""
    values = {key: value for key, value in row.values.items() if value not in (None, "")}
    if "audio" not in values:
        return "no audio is named"
    path = Path(str(values["audio"]))
    if not str(values.get("text", "")).strip():
        return "the text is empty"
    try:
        info = probe(path)
    except AudioError as error:
        return error.message
    values["audio"] = portable_path(path, Path("/nowhere"))
    for key in ("speaker", "licence", "source"):
        values.setdefault(key, getattr(defaults, key))
    values = {key: str(value) if key in ("id", "speaker", "session") else value for key, value in values.items()}
    if "duration" not in values and "offset" not in values:
        values["duration"] = round(float(info.duration), 6)
    if "split" in values:
        values["split"] = _SPLIT_NAMES.get(str(values["split"]), values["split"])
    try:
        return Record.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _read_lines(path: Path) -> list[str]:
    # Not str.splitlines: a text may hold U+2028 or other characters that only look like line ends.
    return _read_text(path).replace("\r\n", "\n").split("\n")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError("the file is not UTF-8", subject=str(path), hint="convert it to UTF-8") from error
    except OSError as error:
        raise DatasetError(f"the file cannot be read: {error.strerror}", subject=str(path)) from error


def _table_of(source: Path) -> Path:
    table = source / "metadata.csv" if source.is_dir() else source
    if not table.is_file():
        raise DatasetError("there is no metadata.csv", subject=str(source), hint="give the folder or the table itself")
    return table


def _find_recording(folder: Path, name: str, places: tuple[str, ...]) -> Path | None:
    for place in places:
        path = folder / place / name
        if path.is_file():
            return path
        for suffix in AUDIO_SUFFIXES:
            named = path.with_name(path.name + suffix)
            if named.is_file():
                return named
    return None


def _bar_separated(table: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_read_lines(table), delimiter="|", quoting=csv.QUOTE_NONE)
    for number, fields in enumerate(reader, start=1):
        if any(field.strip() for field in fields):
            yield number, [field.strip() for field in fields]


def _read_ljspeech(source: Path) -> Iterator[_Row]:
    table = _table_of(source)
    for number, fields in _bar_separated(table):
        subject = f"{table.name}:{number}"
        if len(fields) not in (2, 3):
            yield _Row(subject, {}, fault=f"{len(fields)} fields instead of id|text|normalised text")
            continue
        yield _table_row(table, subject, fields[0], fields[1], "", ("wavs",))


def _read_piper(source: Path) -> Iterator[_Row]:
    table = _table_of(source)
    for number, fields in _bar_separated(table):
        subject = f"{table.name}:{number}"
        if len(fields) not in (2, 3):
            yield _Row(subject, {}, fault=f"{len(fields)} fields instead of id|text or id|speaker|text")
            continue
        speaker = fields[1] if len(fields) == 3 else ""
        yield _table_row(table, subject, fields[0], fields[-1], speaker, ("wav", "wavs", "."))


def _table_row(table: Path, subject: str, name: str, text: str, speaker: str, places: tuple[str, ...]) -> _Row:
    recording = _find_recording(table.parent, name, places) if name else None
    if recording is None:
        wanted = " or ".join(f"{place}/" for place in places)
        return _Row(subject, {}, fault=f"no recording of {name!r} in {wanted}")
    return _Row(subject, {"id": Path(name).stem, "audio": recording, "text": text, "speaker": speaker})


def _read_jsonl(source: Path) -> Iterator[_Row]:
    for number, line in enumerate(_read_lines(source), start=1):
        if not line.strip():
            continue
        subject = f"{source.name}:{number}"
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            yield _Row(subject, {}, fault=f"not JSON ({error.msg}, column {error.colno})")
            continue
        if not isinstance(value, dict):
            yield _Row(subject, {}, fault="not a JSON object")
            continue
        yield _json_row(source.parent, subject, value)


def _json_row(folder: Path, subject: str, value: Mapping[str, object]) -> _Row:
    values: dict[str, object] = {}
    used: set[str] = set()
    for ours, names in _KEYS.items():
        for name in names:
            if name in value:
                values[ours] = value[name]
                used.add(name)
                break
    if isinstance(values.get("audio"), str):
        path = folder / str(values["audio"])
        values["audio"] = path
        # NeMo has no ids: the file's name is one, unless several utterances lie in it.
        start = values.get("offset")
        suffix = f"-{start:.3f}" if isinstance(start, int | float) and start else ""
        values.setdefault("id", f"{path.stem}{suffix}")
    else:
        values.pop("audio", None)
    return _Row(subject, values, tuple(key for key in value if key not in used))


def _read_kaldi(source: Path) -> Iterator[_Row]:
    for name in ("wav.scp", "text"):
        if not (source / name).is_file():
            raise DatasetError(f"a Kaldi folder has a file {name}", subject=str(source))
    recordings = _kaldi_table(source / "wav.scp")
    texts = _kaldi_table(source / "text")
    speakers = _kaldi_table(source / "utt2spk")
    durations = _kaldi_table(source / "utt2dur")
    segments = _kaldi_table(source / "segments")
    for utterance in [*texts, *(key for key in segments or recordings if key not in texts)]:
        if utterance not in texts:
            yield _Row(utterance, {}, fault="it has no line in text")
            continue
        values: dict[str, object] = {
            "id": utterance,
            "text": texts[utterance],
            "speaker": speakers.get(utterance, ""),
            "duration": durations.get(utterance, ""),
        }
        recording = utterance
        if segments:
            parts = segments.get(utterance, "").split()
            if len(parts) != 3:
                yield _Row(utterance, {}, fault="it has no line recording, start, end in segments")
                continue
            recording, start, end = parts
            try:
                values |= {"offset": float(start), "duration": round(float(end) - float(start), 6)}
            except ValueError:
                yield _Row(utterance, {}, fault="start or end in segments is no number")
                continue
        place = recordings.get(recording, "")
        if not place or place.endswith("|"):
            fault = f"{recording} is made by a command, which is not run" if place else f"no {recording} in wav.scp"
            yield _Row(utterance, {}, fault=fault)
            continue
        yield _Row(utterance, values | {"audio": source / place})


def _kaldi_table(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    rows = (line.split(maxsplit=1) for line in _read_lines(path) if line.strip())
    return {row[0]: row[1].strip() if len(row) > 1 else "" for row in rows}


def _read_sidecars(source: Path) -> Iterator[_Row]:
    if not source.is_dir():
        raise DatasetError("sidecar texts lie in a folder", subject=str(source))
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
            yield _sidecar_row(path, source)
        elif path.suffix.lower() in (".txt", ".lab") and not _has_recording(path):
            yield _Row(str(path.relative_to(source)), {}, fault="a text without a recording beside it")


def _has_recording(text: Path) -> bool:
    return any(text.with_suffix(suffix).is_file() for suffix in AUDIO_SUFFIXES)


def _sidecar_row(path: Path, source: Path) -> _Row:
    inside = path.relative_to(source)
    subject = str(inside)
    values: dict[str, object] = {"id": inside.with_suffix("").as_posix().replace("/", "-"), "audio": path}
    for suffix in (".txt", ".lab"):
        if (text := path.with_suffix(suffix)).is_file():
            return _Row(subject, values | {"text": " ".join(_read_text(text).split())})
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        return _Row(subject, {}, fault="no .txt, .lab or .json beside it")
    try:
        value = json.loads(_read_text(sidecar))
    except json.JSONDecodeError as error:
        return _Row(subject, {}, fault=f"{sidecar.name} is not JSON ({error.msg})")
    if not isinstance(value, dict):
        return _Row(subject, {}, fault=f"{sidecar.name} is not a JSON object")
    row = _json_row(path.parent, subject, {key: item for key, item in value.items() if key not in _KEYS["audio"]})
    return _Row(subject, values | dict(row.values), row.unknown)


FORMATS: Mapping[str, Callable[[Path], Iterator[_Row]]] = {
    "ljspeech": _read_ljspeech,
    "piper": _read_piper,
    "jsonl": _read_jsonl,
    "kaldi": _read_kaldi,
    "sidecars": _read_sidecars,
}

"""A Kaldi data folder: wav.scp, text, and where there utt2spk, segments, utt2dur, utt2lang. Knows no record.

Each file has a key and a value a line (Povey et al. 2011; kaldi-asr.org, "Data preparation"). A ``wav.scp`` may name a
command that makes a recording (ending in ``|``); it is never run. ``segments`` has a recording, a start and an end in
seconds. Read only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.row import Row, read_lines

_OTHER_FILES = {"utt2spk": "speaker", "utt2dur": "duration", "utt2lang": "language"}
_UNREAD = ("feats.scp", "cmvn.scp", "vad.scp", "spk2gender", "reco2file_and_channel")


@dataclass(slots=True)
class _Table:
    """One file of the folder: the value and the line of each key, and lines that are no rows."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[Row] = field(default_factory=list)

    def subject(self, key: str) -> str:
        return f"{self.name}:{self.lines[key]}"


def read_kaldi(source: Path) -> Iterator[Row]:
    """Yield the rows of a Kaldi folder.

    Raises
    ------
    DatasetError
        If wav.scp or text is not there.
    """
    for name in ("wav.scp", "text"):
        if not (source / name).is_file():
            raise DatasetError(
                f"there is no file {name}", subject=str(source), hint="give a Kaldi data folder, with wav.scp and text"
            )
    recordings, texts, segments = (_read_table(source / name) for name in ("wav.scp", "text", "segments"))
    others = {key: _read_table(source / name) for name, key in _OTHER_FILES.items()}
    for table in (recordings, texts, segments, *others.values()):
        yield from table.faults
    unknown = tuple(name for name in _UNREAD if (source / name).is_file())
    for utterance in texts.values:
        subject = texts.subject(utterance)
        place = _place(utterance, recordings, segments, source)
        if isinstance(place, str):
            yield Row(subject, fault=place)
            continue
        values = {key: table.values.get(utterance, "") for key, table in others.items()}
        yield Row(subject, {**values, "id": utterance, "text": texts.values[utterance], **place}, unknown)
    wanted = segments if segments.values else recordings
    for utterance in wanted.values:
        if utterance not in texts.values:
            yield Row(wanted.subject(utterance), fault=f"{utterance} has no line in text")


def _place(utterance: str, recordings: _Table, segments: _Table, source: Path) -> Mapping[str, object] | str:
    """Return the audio, offset and duration of an utterance, or why there are none."""
    recording, cut = utterance, {}
    if segments.values:
        parts = segments.values.get(utterance, "").split()
        if len(parts) != 3:
            return f"{utterance} has no line recording, start, end in segments"
        recording = parts[0]
        try:
            start, end = float(parts[1]), float(parts[2])
        except ValueError:
            return f"the start or end of {utterance} in segments is not a number"
        cut = {"offset": start, "duration": round(end - start, 6)}
    path = recordings.values.get(recording, "")
    if not path:
        return f"no {recording} in wav.scp"
    if path.endswith("|"):
        return f"{recording} is made by a command, which is not run; write its output to a file"
    return {"audio": source / path, **cut}


def _read_table(path: Path) -> _Table:
    table = _Table(path.name)
    if not path.exists():
        return table
    for line in read_lines(path):
        subject = f"{path.name}:{line.number}"
        if line.text is None:
            table.faults.append(Row(subject, fault=line.fault))
            continue
        key, *rest = line.text.split(maxsplit=1)
        if key in table.values:
            table.faults.append(Row(subject, fault=f"{key} occurs already in line {table.lines[key]}"))
            continue
        table.values[key] = rest[0].strip() if rest else ""
        table.lines[key] = line.number
    return table

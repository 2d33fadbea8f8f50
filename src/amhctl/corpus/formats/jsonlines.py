"""JSON Lines as speech tools write them: NeMo, Coqui and our own manifest's keys. Knows no record.

One object a line. Read are our keys, NeMo's (audio_filepath, text, duration, offset), Coqui's (audio_file, text,
speaker_name), and audio_path, transcript, sentence, normalized_text, speaker_id, lang, license. Written are NeMo's keys
for what NeMo knows and ours for the rest, so that its tools read the file and nothing is lost on the way back.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from amhctl.core.documents import parse_json
from amhctl.core.errors import DocumentError
from amhctl.corpus.formats.row import Row, map_keys, read_lines

FILE_NAME = "manifest.json"


def read_json_lines(source: Path) -> Iterator[Row]:
    """Yield the rows of a JSON Lines file.

    Raises
    ------
    DatasetError
        If the file cannot be opened.
    """
    for line in read_lines(source):
        subject = f"{source.name}:{line.number}"
        if line.text is None:
            yield Row(subject, fault=line.fault)
            continue
        value, fault = parse_object(line.text)
        yield Row(subject, fault=fault) if value is None else json_row(source.parent, subject, value)


def parse_object(text: str) -> tuple[Mapping[str, object] | None, str]:
    """Return the JSON object a text is, or None and why it is none."""
    try:
        value = parse_json(text)
    except DocumentError as error:
        return None, error.message
    return (value, "") if isinstance(value, dict) else (None, "not a JSON object")


def json_row(folder: Path, subject: str, value: Mapping[str, object]) -> Row:
    """Return the row of a JSON object whose paths count from a folder."""
    values, unknown = map_keys(value)
    if isinstance(values.get("audio"), str):
        path = folder / str(values["audio"])
        values["audio"] = path
        # NeMo has no ids: the file's name is one, unless several utterances are in it.
        start = values.get("offset")
        suffix = f"-{start:.3f}" if isinstance(start, int | float) and start else ""
        values.setdefault("id", f"{path.stem}{suffix}")
    else:
        values.pop("audio", None)
    return Row(subject, values, unknown)


def write_json_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write objects with our keys as JSON Lines, the audio under NeMo's name."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            named = {"audio_filepath" if key == "audio" else key: value for key, value in row.items()}
            stream.write(json.dumps(named, ensure_ascii=False) + "\n")

"""Lhotse cuts: one JSON object per line, plain or gzipped. Knows no record; the lhotse package is not needed.

A cut is a part of a recording with supervisions, each a text with a start and a duration counted from the cut's start
(Zelasko et al. 2021, arXiv 2110.12561; lhotse.readthedocs.io, "Cuts"). Read are ``MonoCut`` and ``MultiCut`` whose
recording is one file; mixed and padded cuts, one channel of several, commands and addresses are faults. What a record
has and a supervision has not is in the supervision's ``custom``.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.documents import MOST_LINE_BYTES, limited_lines
from amhctl.core.errors import DatasetError
from amhctl.corpus.compressed import open_text
from amhctl.corpus.formats.jsonlines import parse_object
from amhctl.corpus.formats.row import Row

FILE_NAME = "cuts.jsonl.gz"
CUSTOM_KEYS = ("session", "split", "licence", "consent", "source", "processing", "sha256")

_NAMES = (FILE_NAME, "cuts.jsonl")
_KNOWN = {"id", "start", "duration", "channel", "supervisions", "recording", "type"}
_KNOWN_SUPERVISION = {"id", "recording_id", "start", "duration", "channel", "text", "language", "speaker", "custom"}


@dataclass(frozen=True, slots=True)
class CutRecording:
    """What a cut says of its file."""

    path: str
    sample_rate: int
    samples: int
    channels: int


def read_cuts(source: Path) -> Iterator[Row]:
    """Yield the rows of a file of cuts, or of the one in a folder.

    Raises
    ------
    DatasetError
        If there is no such file, or it is truncated or no gzip file although named so.
    """
    path = source
    if source.is_dir():
        found = next((source / name for name in _NAMES if (source / name).is_file()), None)
        if found is None:
            raise DatasetError(f"there is no {' or '.join(_NAMES)}", subject=str(source), hint="give the file of cuts")
        path = found
    try:
        with open_text(path) as stream:
            for number, raw in enumerate(limited_lines(stream), start=1):
                subject = f"{path.name}:{number}"
                if raw is None:
                    yield Row(subject, fault=f"the line is longer than {MOST_LINE_BYTES >> 20} MiB")
                elif raw.strip():
                    yield from _of_line(raw, subject, path.parent)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetError("the gzip file is damaged or cut short", subject=str(path), hint="copy it again") from error
    except OSError as error:
        raise DatasetError(f"the file cannot be read: {error.strerror}", subject=str(path)) from error


def _of_line(raw: bytes, subject: str, folder: Path) -> Iterator[Row]:
    try:
        cut, fault = parse_object(raw.decode("utf-8"))
    except UnicodeDecodeError:
        cut, fault = None, "the line is not UTF-8"
    if cut is None:
        yield Row(subject, fault=fault)
        return
    place, fault = _place_of(cut)
    supervisions = cut.get("supervisions")
    start = cut.get("start")
    if fault:
        yield Row(subject, fault=fault)
    elif not isinstance(supervisions, list) or not supervisions:
        yield Row(subject, fault="the cut has no supervision, and so no text")
    elif not isinstance(start, int | float):
        yield Row(subject, fault="the cut has no start")
    else:
        unknown = tuple(key for key in cut if key not in _KNOWN and cut[key])
        for supervision in supervisions:
            yield _of_supervision(supervision, start, folder / place, subject, unknown)


def _place_of(cut: Mapping[str, object]) -> tuple[str, str]:
    """Return the path of a cut's one file and an empty fault, or why there is none that can be read."""
    kind, recording = cut.get("type", "MonoCut"), cut.get("recording")
    if kind not in ("MonoCut", "MultiCut"):
        return "", f"a {kind} consists of several recordings; save the audio of such cuts first"
    if not isinstance(recording, dict):
        return "", "the cut names no recording"
    if recording.get("transforms"):
        return "", "the recording is changed by transforms; save its audio first"
    sources = recording.get("sources")
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], dict):
        return "", "the recording is not one file"
    kind, place = sources[0].get("type"), sources[0].get("source")
    if kind == "command":
        return "", "the recording is made by a command, which is not run; write its output to a file"
    if kind != "file" or not isinstance(place, str):
        return "", f"the recording is of type {kind!r}, not a file on disk"
    channels = recording.get("channel_ids") or sources[0].get("channels") or [0]
    chosen = cut.get("channel", 0)
    if not isinstance(channels, list) or (len(channels) > 1 and chosen != channels):
        return "", f"the cut uses only channel {chosen}; a record uses the mix of all channels"
    return place, ""


def _of_supervision(value: object, start: float, audio: Path, subject: str, unknown: tuple[str, ...]) -> Row:
    if not isinstance(value, dict):
        return Row(subject, fault="a supervision is not an object")
    inner = value.get("start", 0.0)
    if not isinstance(inner, int | float):
        return Row(subject, fault="the start of a supervision is not a number")
    custom = value.get("custom") or {}
    if not isinstance(custom, dict):
        return Row(subject, fault="the custom of a supervision is not an object")
    values: dict[str, object] = {key: custom[key] for key in CUSTOM_KEYS if key in custom}
    values |= {key: value.get(key) for key in ("id", "text", "language", "speaker", "duration")}
    values |= {"audio": audio, "offset": round(start + inner, 9)}
    others = [key for key in value if key not in _KNOWN_SUPERVISION and value[key]]
    others += [f"custom.{key}" for key in custom if key not in CUSTOM_KEYS]
    return Row(subject, values, (*unknown, *others))


def write_cuts(path: Path, rows: Iterable[tuple[Mapping[str, object], CutRecording]]) -> None:
    """Write utterances as cuts of one supervision each: objects with our keys, a duration among them."""
    # No time and no name in the gzip header: the same cuts are the same bytes.
    with path.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream:
        for row, recording in rows:
            stream.write((json.dumps(_cut(row, recording), ensure_ascii=False) + "\n").encode())


def _cut(row: Mapping[str, object], recording: CutRecording) -> dict[str, object]:
    several = recording.channels > 1
    channels = list(range(recording.channels))
    channel: object = channels if several else 0
    supervision = {
        "id": row["id"],
        "recording_id": recording.path,
        "start": 0.0,
        "duration": row["duration"],
        "channel": channel,
        "text": row["text"],
        "language": row["language"],
        "speaker": row["speaker"],
    }
    if custom := {key: row[key] for key in CUSTOM_KEYS if row[key]}:
        supervision["custom"] = custom
    return {
        "id": row["id"],
        "start": row["offset"],
        "duration": row["duration"],
        "channel": channel,
        "supervisions": [supervision],
        "recording": {
            "id": recording.path,
            "sources": [{"type": "file", "channels": channels, "source": recording.path}],
            "sampling_rate": recording.sample_rate,
            "num_samples": recording.samples,
            "duration": recording.samples / recording.sample_rate,
            "channel_ids": channels,
        },
        "type": "MultiCut" if several else "MonoCut",
    }

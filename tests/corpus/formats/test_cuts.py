import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.cuts import CutRecording, read_cuts, write_cuts

_ROW = {
    "id": "u1",
    "audio": "a.wav",
    "text": "ሰላም",
    "speaker": "ሀና",
    "session": "s1",
    "language": "am",
    "split": "test",
    "duration": 0.4,
    "offset": 0.1,
    "licence": "MIT",
    "consent": "",
    "processing": "cleaned",
    "source": "",
    "sha256": "ab",
}


def _cut(**changes: Any) -> dict[str, Any]:
    recording = {
        "id": "r",
        "sources": [{"type": "file", "channels": [0], "source": "a.wav"}],
        "sampling_rate": 16000,
        "num_samples": 16000,
        "duration": 1.0,
        "channel_ids": [0],
    }
    supervision = {"id": "s", "recording_id": "r", "start": 0.25, "duration": 0.5, "channel": 0, "text": "ሰላም"}
    cut = {"id": "c", "start": 0.1, "duration": 0.9, "channel": 0, "type": "MonoCut"}
    return cut | {"recording": recording, "supervisions": [supervision]} | changes


def _write(path: Path, *cuts: object) -> Path:
    path.write_text("".join(json.dumps(cut) + "\n" for cut in cuts), encoding="utf-8")
    return path


@pytest.mark.parametrize("channels", [1, 2])
def test_written_is_read(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "cuts.jsonl.gz"
    write_cuts(path, [(_ROW, CutRecording("a.wav", 16000, 16000, channels))])
    (row,) = read_cuts(tmp_path)
    assert {key: value for key, value in row.values.items() if value} == {
        **{key: value for key, value in _ROW.items() if value},
        "audio": tmp_path / "a.wav",
    }
    assert row.unknown == ()
    content = path.read_bytes()
    write_cuts(path, [(_ROW, CutRecording("a.wav", 16000, 16000, channels))])
    assert path.read_bytes() == content


def test_supervisions_count_from_their_cut(tmp_path: Path) -> None:
    second = {"id": "t", "start": 0.5, "duration": 0.1, "text": "ዓለም", "gender": "F", "custom": {"mood": 1}}
    cut = _cut(features={"type": "fbank"})
    cut["supervisions"].append(second)
    rows = list(read_cuts(_write(tmp_path / "c.jsonl", cut)))
    assert [(row.values["id"], row.values["offset"], row.values["duration"]) for row in rows] == [
        ("s", 0.35, 0.5),
        ("t", 0.6, 0.1),
    ]
    assert rows[1].unknown == ("features", "gender", "custom.mood")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"type": "MixedCut"}, "MixedCut"),
        ({"recording": None}, "names no recording"),
        ({"supervisions": []}, "no supervision"),
        ({"start": None}, "no start"),
        ({"supervisions": ["x"]}, "not an object"),
        ({"recording": {"sources": [{"type": "command", "source": "sox a.wav -t wav -"}]}}, "not run"),
        ({"recording": {"sources": [{"type": "url", "source": "https://example.org/a.wav"}]}}, "'url'"),
        ({"recording": {"sources": []}}, "not one file"),
        ({"recording": {"sources": [{"type": "file", "channels": [0, 1], "source": "a.wav"}]}}, "only channel 0"),
        ({"recording": _cut()["recording"] | {"transforms": [{"name": "Speed"}]}}, "transforms"),
    ],
)
def test_what_is_no_part_of_one_file(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    (row,) = read_cuts(_write(tmp_path / "c.jsonl", _cut(**changes)))
    assert row.subject == "c.jsonl:1"
    assert fault in row.fault


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no"):
        list(read_cuts(tmp_path))
    path = tmp_path / "cuts.jsonl.gz"
    for content in (b"no gzip", gzip.compress(json.dumps(_cut()).encode())[:-12]):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="damaged or cut short"):
            list(read_cuts(path))
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"{\n\xff\n")
    assert [row.subject for row in read_cuts(path)] == ["c.jsonl:1", "c.jsonl:2"]

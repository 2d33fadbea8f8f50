import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.documents import MOST_LINE_BYTES
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.corpus.records import (
    Record,
    iter_records,
    move_record,
    portable_path,
    read_audio,
    read_records,
    scan_manifest,
    to_json_line,
    write_records,
)

_LINE = '{"id": "a", "audio": "a.wav", "text": "ሰላም"}\n'


@given(
    st.builds(
        Record,
        id=st.text(min_size=1),
        audio=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
        text=st.text(),
        speaker=st.text(),
        split=st.sampled_from(["", "train", "valid", "test"]),
        duration=st.none() | st.floats(1e-3, 1e6),
        offset=st.floats(0, 1e6),
    )
)
def test_a_record_survives_its_line(record: Record) -> None:
    line = to_json_line(record)
    assert "\n" not in line
    assert Record.model_validate_json(line) == record


def test_a_manifest_is_read_back(tmp_path: Path) -> None:
    records = tuple(Record(id=f"u{n}", audio=f"{n}.wav", text="ሰላም ዓለም") for n in range(3))
    write_records(tmp_path / "m.jsonl", records)
    assert read_records(tmp_path / "m.jsonl") == records
    with pytest.raises(FileExistsRefused):
        write_records(tmp_path / "m.jsonl", records)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"id": "b", "audio": "b.wav"}', "the key 'text' is missing"),
        ('{"id": "b", "audio": "b.wav", "text": "", "tetx": 1}', "the key 'tetx' is unknown"),
        ('{"id": "b", "audio": "b.wav", "text": "", "duration": -1}', "the key 'duration'"),
        (r'{"id": "b", "audio": "b.wav", "text": "ሰላም \ud800"}', "it contains an incomplete character"),
        (r'{"id": "b", "audio": "b\u0000.wav", "text": ""}', "the key 'audio': a path cannot contain a zero byte"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": ' + "1" * 6_000 + "}", "a number is too long"),
        (_LINE.strip(), "already in line 1"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f"{_LINE}\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=message) as caught:
        read_records(path)
    assert caught.value.subject == f"{path}:3"


def test_a_scan_goes_on_after_faults(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + _LINE.encode() + b"\xff\xfe\n" + _LINE.encode())
    assert [(line.number, line.record is None) for line in scan_manifest(path)] == [(1, False), (2, True), (3, False)]


def test_missing_and_empty_manifests_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n", encoding="utf-8")
    for name in ("missing.jsonl", "empty.jsonl"):
        with pytest.raises(DatasetError):
            read_records(tmp_path / name)


def test_paths_follow_the_manifest(tmp_path: Path) -> None:
    record = Record(id="a", audio="wav/a.wav", text="ሰላም")
    assert move_record(record, tmp_path / "in", tmp_path / "in").audio == "wav/a.wav"
    assert move_record(record, tmp_path / "in", tmp_path / "out").audio == (tmp_path / "in/wav/a.wav").as_posix()
    assert move_record(record, tmp_path / "in", tmp_path).audio == "in/wav/a.wav"
    assert portable_path(tmp_path / "x" / ".." / "y.wav", tmp_path) == "y.wav"


def test_a_long_manifest_is_read_one_record_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write_records(path, (Record(id=f"u{n}", audio="a.wav", text="ሰላም") for n in range(3)))
    records = iter_records(path)
    assert next(records).id == "u0"
    assert [record.id for record in records] == ["u1", "u2"]
    assert read_records(path) == tuple(iter_records(path))


def test_a_manifest_is_whole_or_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield Record(id="a", audio="a.wav", text="ሰላም")
        raise DatasetError("the source ends")

    with pytest.raises(DatasetError, match="the source ends"):
        write_records(tmp_path / "m.jsonl", broken())
    assert list(tmp_path.iterdir()) == []


def test_a_segment_is_the_slice_of_its_file(tmp_path: Path) -> None:
    files.write(tmp_path / "a.flac", vowel_train(seconds=3.0))
    whole = files.read(tmp_path / "a.flac")
    for start, length in ((0.0, 1.0), (0.123, 0.456), (1.5, None), (2.999, 0.001)):
        record = Record(id="a", audio="a.flac", text="ሰላም", offset=start, duration=length)
        first = round(start * whole.sample_rate)
        last = whole.samples.size if length is None else first + round(length * whole.sample_rate)
        assert np.array_equal(read_audio(record, tmp_path).samples, whole.samples[first:last])


def test_a_pipe_is_no_manifest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.jsonl")
    with pytest.raises(DatasetError, match="a pipe or device"):
        read_records(tmp_path / "m.jsonl")


def test_a_line_without_an_end_is_a_fault_of_that_line(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(_LINE.encode() + b'{"id": "' + b"x" * MOST_LINE_BYTES + b'"}\n' + b"{}\n")
    lines = list(scan_manifest(path))
    assert lines[0].record is not None
    assert [(line.number, line.fault) for line in lines[1:2]] == [(2, "the line is longer than 4 MiB")]
    assert lines[2].number == 3

import errno
import json
from pathlib import Path

import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import DatasetError
from amhctl.corpus import importers
from amhctl.corpus.importers import FORMATS, ImportDefaults, ImportLog, Skipped, import_records
from amhctl.corpus.records import Record

_CLIP = vowel_train(seconds=0.8)


def _recordings(folder: Path, *names: str) -> None:
    for name in names:
        files.write(folder / name, _CLIP)


def _lines(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _import(form: str, place: Path, **defaults: str) -> tuple[list[Record], ImportLog]:
    log = ImportLog()
    embedded = place.parent / "embedded"
    records = list(import_records(form, place, ImportDefaults(**defaults), log, embedded=embedded))
    assert log.records == len(records)
    assert all(Path(record.audio).is_file() for record in records)
    return records, log


def _triples(records: list[Record]) -> list[tuple[str, str, str]]:
    return [(record.id, record.text, record.speaker) for record in records]


def test_defaults_and_durations_fill_what_is_not_said(tmp_path: Path) -> None:
    _recordings(tmp_path, "wavs/a.wav", "wavs/b.wav")
    _lines(tmp_path / "metadata.csv", "a|ሰላም|x", "b|ዓለም", "c|የለም", "b|ድጋሚ", "a|")
    records, log = _import("ljspeech", tmp_path, speaker="lj", licence="CC0", source="here")
    assert _triples(records) == [("a", "ሰላም", "lj"), ("b", "ዓለም", "lj")]
    assert (records[0].licence, records[0].source, records[0].duration) == ("CC0", "here", 0.8)
    assert log.skipped == [
        Skipped("metadata.csv:3", "no recording of 'c' in wavs/"),
        Skipped("metadata.csv:4", "the id 'b' is already used by metadata.csv:2"),
        Skipped("metadata.csv:5", "the id 'a' is already used by metadata.csv:1"),
    ]


def test_json_lines_of_three_makers(tmp_path: Path) -> None:
    _recordings(tmp_path, "a.wav", "b.wav")
    _lines(
        tmp_path / "m.jsonl",
        json.dumps({"id": "ours", "audio": "a.wav", "text": "ሰላም", "speaker": "s", "split": "test", "licence": "MIT"}),
        json.dumps({"audio_filepath": str(tmp_path / "b.wav"), "text": "ዓለም", "duration": 0.3, "offset": 0.2, "x": 3}),
        json.dumps({"audio_file": "b.wav", "text": "ቡና", "speaker_name": 7, "split": "dev", "x": 4}),
        json.dumps({"audio": "b.wav", "text": "ሻይ", "offset": 0.5}),
        "{broken",
        json.dumps({"audio": "missing.wav", "text": "ሻይ", "id": "m"}),
        json.dumps({"text": "ውሃ"}),
        json.dumps({"audio": "a.wav", "text": "ወተት", "id": "odd", "split": "somewhere"}),
        json.dumps({"audio": "a.wav", "text": " ", "id": "mute"}),
        json.dumps({"audio": "a.wav", "text": "ማር", "id": "late", "offset": 0.8}),
        json.dumps({"audio": "a.wav", "text": "ማር", "id": "bent", "offset": "x"}),
    )
    records, log = _import("jsonl", tmp_path / "m.jsonl")
    assert _triples(records) == [
        ("ours", "ሰላም", "s"),
        ("b-0.200", "ዓለም", "unknown"),
        ("b", "ቡና", "7"),
        ("b-0.500", "ሻይ", "unknown"),
    ]
    assert [record.split for record in records] == ["test", "", "valid", ""]
    assert [(record.offset, record.duration) for record in records[1:]] == [(0.2, 0.3), (0.0, 0.8), (0.5, 0.3)]
    assert log.dropped_keys == {"x": 2}
    assert [item.subject for item in log.skipped] == [f"m.jsonl:{n}" for n in range(5, 12)]
    assert [item.reason.partition(":")[0] for item in log.skipped[4:]] == [
        "the text is empty",
        "the utterance begins at 0.8 s, but the recording ends at 0.8 s",
        "offset",
    ]


def test_a_long_recording_is_cut_by_its_subtitles(tmp_path: Path) -> None:
    _recordings(tmp_path, "talk.wav")
    _lines(
        tmp_path / "talk.srt", "1", "00:00:00,100 --> 00:00:00,350", "ሰላም", "", "2", "00:00:09,0 --> 00:00:10,0", "ዓ"
    )
    records, log = _import("subtitles", tmp_path / "talk.srt")
    assert [(record.id, record.offset, record.duration) for record in records] == [("talk-0001", 0.1, 0.25)]
    assert log.skipped == [Skipped("talk.srt:6", "the utterance begins at 9 s, but the recording ends at 0.8 s")]


def test_embedded_recordings_become_files(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra huggingface is not installed")
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = files.encode(_CLIP, "flac")
    rows = [
        {"id": "a/b", "audio": {"bytes": content, "path": "x.flac"}, "text": "ሰላም"},
        {"id": "bad", "audio": {"bytes": b"no audio", "path": "y.wav"}, "text": "ዓለም"},
        {"id": "mute", "audio": {"bytes": content, "path": "z.flac"}, "text": ""},
        {"id": "none", "audio": {"bytes": None, "path": None}, "text": "ቡና"},
    ]
    source = tmp_path / "in" / "train.parquet"
    source.parent.mkdir()
    parquet.write_table(arrow.Table.from_pylist(rows), source)
    for _ in range(2):
        # A second time finds the same bytes in place and is content.
        records, log = _import("huggingface", source)
        assert [(record.id, record.split) for record in records] == [("a/b", "train")]
        assert Path(records[0].audio).read_bytes() == content
        assert [path.name for path in (tmp_path / "in" / "embedded").iterdir()] == [Path(records[0].audio).name]
        assert [item.subject for item in log.skipped] == [f"train.parquet:{n}" for n in (2, 3, 4)]


def test_a_recording_that_vanishes_on_the_way_is_skipped(tmp_path: Path) -> None:
    _recordings(tmp_path, "a.wav", "b.wav")
    _lines(tmp_path / "m.jsonl", *(json.dumps({"audio": f"{name}.wav", "text": "ሰላም"}) for name in "ab"))
    log = ImportLog()
    records = import_records("jsonl", tmp_path / "m.jsonl", ImportDefaults(), log, embedded=tmp_path)
    assert next(records).id == "a"
    (tmp_path / "b.wav").unlink()
    assert list(records) == []
    assert log.skipped == [Skipped("m.jsonl:2", "the audio file does not exist")]


def test_a_full_disk_is_no_skipped_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra huggingface is not installed")
    rows = [{"id": "a", "audio": {"bytes": files.encode(_CLIP, "wav"), "path": "a.wav"}, "text": "ሰላም"}]
    pytest.importorskip("pyarrow.parquet").write_table(arrow.Table.from_pylist(rows), tmp_path / "m.parquet")

    def refuse(path: Path, content: bytes, *, force: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(importers, "place_recording", refuse)
    with pytest.raises(OSError, match="No space left"):
        _import("huggingface", tmp_path / "m.parquet")


def test_sources_that_are_not_there_or_empty(tmp_path: Path) -> None:
    for form in FORMATS:
        with pytest.raises(DatasetError, match="does not exist"):
            _import(form, tmp_path / "none")
    with pytest.raises(DatasetError, match="unknown format"):
        _import("odd", tmp_path)
    _lines(tmp_path / "m.jsonl", "{}")
    with pytest.raises(DatasetError, match=r"no utterance .*m\.jsonl:1: the text is empty"):
        _import("jsonl", tmp_path / "m.jsonl")

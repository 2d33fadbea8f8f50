import json
from pathlib import Path

import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import DatasetError
from amhctl.data.importers import ImportDefaults, Imported, Skipped, import_dataset

_CLIP = vowel_train(seconds=0.8)


def _recordings(folder: Path, *names: str) -> None:
    for name in names:
        files.write(folder / name, _CLIP)


def _lines(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _import(form: str, source: Path, **defaults: str) -> Imported:
    return import_dataset(form, source, ImportDefaults(**defaults))


def _pairs(imported: Imported) -> list[tuple[str, str, str]]:
    assert all(Path(record.audio).is_file() for record in imported.records)
    return [(record.id, record.text, record.speaker) for record in imported.records]


def test_ljspeech(tmp_path: Path) -> None:
    _recordings(tmp_path, "wavs/a.wav", "wavs/b.wav")
    _lines(tmp_path / "metadata.csv", 'a|ሰላም "5|ሰላም አምስት', "b|ዓለም", "c|የለም", "d|x|y|z", "", "b|ድጋሚ", "a|")
    imported = _import("ljspeech", tmp_path, speaker="lj", licence="CC0")
    assert _pairs(imported) == [("a", 'ሰላም "5', "lj"), ("b", "ዓለም", "lj")]
    assert imported.records[0].licence == "CC0"
    assert imported.records[0].duration == 0.8
    assert [item.subject for item in imported.skipped] == [f"metadata.csv:{n}" for n in (3, 4, 6, 7)]


def test_piper(tmp_path: Path) -> None:
    _recordings(tmp_path, "wav/a.wav", "b.flac")
    _lines(tmp_path / "metadata.csv", "a|ሀና|ሰላም", "b.flac|ዓለም")
    assert _pairs(_import("piper", tmp_path)) == [("a", "ሰላም", "ሀና"), ("b", "ዓለም", "unknown")]


def test_json_lines_of_three_makers(tmp_path: Path) -> None:
    _recordings(tmp_path, "a.wav", "b.wav")
    _lines(
        tmp_path / "m.jsonl",
        json.dumps({"id": "ours", "audio": "a.wav", "text": "ሰላም", "speaker": "s", "split": "test", "licence": "MIT"}),
        json.dumps({"audio_filepath": str(tmp_path / "b.wav"), "text": "ዓለም", "duration": 0.3, "offset": 0.2, "x": 3}),
        json.dumps({"audio_file": "b.wav", "text": "ቡና", "speaker_name": "c", "split": "dev"}),
        "{broken",
        json.dumps({"audio": "missing.wav", "text": "ሻይ"}),
        json.dumps({"text": "ውሃ"}),
        json.dumps({"audio": "a.wav", "text": "ወተት", "id": "odd", "split": "somewhere"}),
    )
    imported = _import("jsonl", tmp_path / "m.jsonl")
    assert _pairs(imported) == [("ours", "ሰላም", "s"), ("b-0.200", "ዓለም", "unknown"), ("b", "ቡና", "c")]
    assert [record.split for record in imported.records] == ["test", "", "valid"]
    assert (imported.records[1].offset, imported.records[1].duration) == (0.2, 0.3)
    assert imported.dropped_keys == ("x",)
    assert [item.subject for item in imported.skipped] == [f"m.jsonl:{n}" for n in (4, 5, 6, 7)]


def test_kaldi_with_segments_and_commands(tmp_path: Path) -> None:
    _recordings(tmp_path, "long.wav")
    _lines(tmp_path / "wav.scp", "rec long.wav", "piped sph2pipe x.sph |")
    _lines(tmp_path / "text", "u1 ሰላም ዓለም", "u2 ቡና", "u4 ሻይ")
    _lines(tmp_path / "utt2spk", "u1 ሀና")
    _lines(tmp_path / "segments", "u1 rec 0.1 0.5", "u2 piped 0 1", "u3 rec 0 0.2")
    imported = _import("kaldi", tmp_path)
    assert _pairs(imported) == [("u1", "ሰላም ዓለም", "ሀና")]
    assert (imported.records[0].offset, imported.records[0].duration) == (0.1, 0.4)
    assert [item.subject for item in imported.skipped] == ["u2", "u4", "u3"]


def test_sidecars(tmp_path: Path) -> None:
    _recordings(tmp_path, "x/a.wav", "x/b.flac", "c.wav", "d.wav")
    _lines(tmp_path / "x" / "a.txt", "ሰላም", "ዓለም")
    _lines(tmp_path / "x" / "b.json", json.dumps({"text": "ቡና", "speaker": "s", "mood": "glad"}))
    _lines(tmp_path / "c.lab", "ሻይ")
    _lines(tmp_path / "lonely.txt", "ማንም")
    imported = _import("sidecars", tmp_path)
    assert _pairs(imported) == [("c", "ሻይ", "unknown"), ("x-a", "ሰላም ዓለም", "unknown"), ("x-b", "ቡና", "s")]
    assert imported.dropped_keys == ("mood",)
    assert imported.skipped == (
        Skipped("d.wav", "no .txt, .lab or .json beside it"),
        Skipped("lonely.txt", "a text without a recording beside it"),
    )


def test_sources_that_are_not_there_or_empty(tmp_path: Path) -> None:
    missing = tmp_path / "no.jsonl"
    for form, source in (("jsonl", missing), ("kaldi", tmp_path), ("ljspeech", tmp_path), ("odd", tmp_path)):
        with pytest.raises(DatasetError):
            _import(form, source)
    _lines(tmp_path / "m.jsonl", "{}")
    with pytest.raises(DatasetError, match="no utterance"):
        _import("jsonl", tmp_path / "m.jsonl")

import json
from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.sidecars import read_sidecars


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_texts_of_every_kind(tmp_path: Path) -> None:
    for name in ("x/a.wav", "x/b.flac", "c.wav", "d.wav", "e.wav", "f.wav"):
        _write(tmp_path / name, "")
    _write(tmp_path / "x/a.txt", "ሰላም\nዓለም\n")
    _write(tmp_path / "x/b.json", json.dumps({"text": "ቡና", "speaker": "s", "mood": "glad", "audio": "other.wav"}))
    _write(tmp_path / "c.lab", "ሻይ")
    _write(tmp_path / "c.lrc", "[00:01.0]ሻይ")
    _write(tmp_path / "e.lrc", "[00:00.5]አንድ\n[00:01.0]ሁለት")
    _write(tmp_path / "f.json", "[]")
    _write(tmp_path / "lonely.txt", "ማንም")
    rows = list(read_sidecars(tmp_path))
    assert [(row.values["id"], row.values["text"]) for row in rows if not row.fault] == [
        ("c", "ሻይ"),
        ("e-0001", "አንድ"),
        ("e-0002", "ሁለት"),
        ("x-a", "ሰላም ዓለም"),
        ("x-b", "ቡና"),
    ]
    assert rows[-1].unknown == ("mood",)
    assert rows[-1].values["audio"] == tmp_path / "x/b.flac"
    assert {row.subject: row.fault for row in rows if row.fault} == {
        "c.lrc": "not read, because c.lab is used instead",
        "d.wav": "no .txt, .lab, .json, .lrc, .srt or .vtt beside it",
        "f.wav": "f.json: not a JSON object",
        "lonely.txt": "no recording with the same name",
    }


def test_a_text_that_vanishes_on_the_way_is_a_fault(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _write(tmp_path / f"{name}.wav", "")
        _write(tmp_path / f"{name}.txt", "ሰላም")
    rows = read_sidecars(tmp_path)
    assert next(rows).fault == ""
    (tmp_path / "b.txt").unlink()
    assert [row.fault for row in rows] == ["no .txt, .lab, .json, .lrc, .srt or .vtt beside it"]


def test_only_a_folder_has_sidecars(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="folder"):
        list(read_sidecars(tmp_path / "none"))

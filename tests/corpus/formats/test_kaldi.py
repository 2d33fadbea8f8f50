from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.kaldi import read_kaldi


def _lines(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_segments_and_commands(tmp_path: Path) -> None:
    _lines(tmp_path / "wav.scp", "rec long.wav", "piped sph2pipe x.sph |", "lone other.wav")
    _lines(tmp_path / "text", "u1\tሰላም\tዓለም", "u2 ቡና", "u4 ሻይ", "u1 ድጋሚ", "u5 x", "u6 y")
    _lines(tmp_path / "utt2spk", "u1 ሀና")
    _lines(tmp_path / "segments", "u1 rec 0.1 0.5", "u2 piped 0 1", "u3 rec 0 0.2", "u5 rec a b", "u6 gone 0 1")
    (tmp_path / "spk2gender").touch()
    rows = list(read_kaldi(tmp_path))
    (good,) = [row for row in rows if not row.fault]
    assert good.subject == "text:1"
    assert good.values["text"] == "ሰላም\tዓለም"
    assert good.values["speaker"] == "ሀና"
    assert (good.values["audio"], good.values["offset"], good.values["duration"]) == (tmp_path / "long.wav", 0.1, 0.4)
    assert good.unknown == ("spk2gender",)
    assert {row.subject: row.fault for row in rows if row.fault} == {
        "text:2": "piped is made by a command, which is not run; write its output to a file",
        "text:3": "u4 has no line recording, start, end in segments",
        "text:4": "u1 occurs already in line 1",
        "text:5": "the start or end of u5 in segments is not a number",
        "text:6": "no gone in wav.scp",
        "segments:3": "u3 has no line in text",
    }


def test_no_command_is_ever_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    _lines(tmp_path / "wav.scp", f"u1 touch {witness} |", f"u2 | touch {witness}", f"u3 a.wav; touch {witness}")
    _lines(tmp_path / "text", "u1 ሀ", "u2 ለ", "u3 ሐ")
    rows = list(read_kaldi(tmp_path))
    assert "not run" in rows[0].fault
    assert not witness.exists()


def test_whole_recordings_with_what_else_is_known(tmp_path: Path) -> None:
    _lines(tmp_path / "wav.scp", "u1 a.wav", "u2 /data/b.wav")
    _lines(tmp_path / "text", "u1 ሰላም")
    _lines(tmp_path / "utt2dur", "u1 1.5")
    _lines(tmp_path / "utt2lang", "u1 am")
    first, second = read_kaldi(tmp_path)
    assert (first.values["duration"], first.values["language"]) == ("1.5", "am")
    assert (second.subject, second.fault) == ("wav.scp:2", "u2 has no line in text")


def test_what_is_no_kaldi_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"wav\.scp"):
        list(read_kaldi(tmp_path))

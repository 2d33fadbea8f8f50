import os
from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.row import Line, Row, find_recording, map_keys, read_lines, read_whole, walk_files


def test_lines_end_only_where_a_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes("\ufeffሰላም\u2028ዓለም\r\n\n  \n".encode() + b"\xff\n" + "ቡና".encode())
    assert list(read_lines(path)) == [Line(1, "ሰላም\u2028ዓለም"), Line(4, None, "the line is not UTF-8"), Line(5, "ቡና")]
    with pytest.raises(DatasetError, match="cannot be read"):
        list(read_lines(tmp_path / "none"))


def test_a_small_file_is_its_text_or_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffሀ".encode())
    (tmp_path / "b").write_bytes(b"\xe1\x88")
    assert read_whole(tmp_path / "a") == ("ሀ", "")
    assert read_whole(tmp_path / "b") == ("", "b is not UTF-8")
    assert read_whole(tmp_path / "c")[1].startswith("c cannot be read")


def test_the_first_name_of_a_key_is_taken() -> None:
    values, unknown = map_keys({"audio_file": "a", "audio": "b", "license": "MIT", "mood": 1})
    assert values == {"audio": "b", "licence": "MIT"}
    assert unknown == ("audio_file", "mood")


def test_a_recording_is_found_with_or_without_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    (tmp_path / "wav" / "a.b.flac").touch()
    for name in ("a.b", "a.b.flac"):
        assert find_recording(tmp_path, name, ("wavs", "wav")) == tmp_path / "wav" / "a.b.flac"
    assert find_recording(tmp_path, "a", ("wav",)) is None


def test_links_in_circles_are_said_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.wav").touch()
    (tmp_path / "x" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert list(walk_files(tmp_path)) == [
        Row("x/loop", fault="a link to a folder, which is not followed"),
        tmp_path / "x" / "a.wav",
    ]


def test_a_folder_without_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.wav").touch()
    scan = os.scandir

    # Root may read everything, and tests may run as root: the refusal is made here.
    def refuse(place: str) -> object:
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(walk_files(tmp_path)) == [
        tmp_path / "a.wav",
        Row("closed", fault="the folder cannot be read: Permission denied"),
    ]

from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.subtitles import Cue, parse_cues, parse_lyrics, read_subtitles

_SRT = """1
00:00:00,500 --> 00:00:01,750
<i>ሰላም</i>
ዓለም {\\an8}

2
01:02:03,004 --> 01:02:03,004
ባዶ

3
0:00 --> 0:01
ቡና

ያለ ጊዜ
"""

_VTT = """WEBVTT - title

NOTE a comment
of two lines

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start
<v.loud ሀና>ሰላም &amp; <00:01.500><c>ዓለም</c></v>
"""


def test_subrip() -> None:
    assert parse_cues(_SRT.replace("\n", "\r\n")) == (
        Cue(2, 0.5, 1.75, "ሰላም ዓለም"),
        Cue(7, 3723.004, 3723.004, "ባዶ", fault="it ends before it begins"),
        Cue(11, 0.0, None, "", fault="unreadable times: 0:00 --> 0:01"),
        Cue(14, 0.0, None, "", fault="a block without times"),
    )


def test_webvtt_with_a_voice() -> None:
    assert parse_cues(_VTT) == (Cue(10, 1.0, 2.5, "ሰላም & ዓለም", "ሀና"),)


def test_lyrics_end_where_the_next_begins() -> None:
    text = "[ar:ማን]\n[offset:+500]\n[00:01.50]ሰላም <00:01.80>ዓለም\n[00:04.0]\n[00:03.25][00:05.125]ቡና\nያለ ጊዜ\n"
    assert parse_lyrics(text) == (
        Cue(3, 1.0, 2.75, "ሰላም ዓለም"),
        Cue(5, 2.75, 3.5, "ቡና"),
        Cue(5, 4.625, None, "ቡና"),
        Cue(6, 0.0, None, "", fault="a line without a time"),
    )


def test_a_folder_and_a_file_beside_its_recording(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "talk.flac").touch()
    (tmp_path / "x" / "talk.vtt").write_text(_VTT, encoding="utf-8")
    (tmp_path / "lone.srt").write_text(_SRT, encoding="utf-8")
    lone, row = read_subtitles(tmp_path)
    assert (lone.subject, lone.fault) == ("lone.srt", "no recording with the same name in the folder")
    assert row.subject == "x/talk.vtt:10"
    assert row.values == {
        "id": "x-talk-0001",
        "audio": tmp_path / "x" / "talk.flac",
        "text": "ሰላም & ዓለም",
        "speaker": "ሀና",
        "offset": 1.0,
        "duration": 1.5,
    }
    (alone,) = read_subtitles(tmp_path / "x" / "talk.vtt")
    assert alone.values["id"] == "talk-0001"
    with pytest.raises(DatasetError, match="not a subtitle or label file"):
        list(read_subtitles(tmp_path / "x" / "talk.flac"))


def test_files_without_any_time(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.srt").write_bytes(b"")
    (tmp_path / "b.wav").touch()
    (tmp_path / "b.lrc").write_bytes(b"\xff")
    assert [row.fault for row in read_subtitles(tmp_path)] == ["the file has no times", "b.lrc is not UTF-8"]

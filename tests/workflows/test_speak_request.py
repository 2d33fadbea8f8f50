"""What ``speak`` was asked is checked before a voice is loaded."""

from dataclasses import replace
from pathlib import Path

import pytest

from amhctl.core.errors import AudioError, ConfigError, TextError
from amhctl.workflows.speak_request import (
    SUBTITLES,
    Clips,
    SpeakRequest,
    choose_format,
    choose_subtitles,
    is_folder,
    read_settings,
    sources_of,
)


@pytest.mark.parametrize(
    ("name", "chosen"), [("a.wav", "wav"), ("a.OGG", "ogg"), ("a.oga", "ogg"), ("a.raw", "pcm"), ("a.mp3", "mp3")]
)
def test_the_suffix_names_the_format_unless_one_is_given(name: str, chosen: str) -> None:
    assert choose_format(SpeakRequest(output=Path(name))) == chosen
    assert choose_format(SpeakRequest(output=Path(name), format="flac")) == "flac"


def test_without_a_file_it_is_wav_and_an_unknown_suffix_is_refused() -> None:
    assert choose_format(SpeakRequest(output=None)) == "wav"
    with pytest.raises(AudioError, match=r"unknown audio format: suffix '\.aiff'"):
        choose_format(SpeakRequest(output=Path("a.aiff")))


def test_chapters_in_a_folder_are_wav_unless_something_else_is_asked_for() -> None:
    request = SpeakRequest(output=Path("book"), chapters="headings")
    assert (is_folder(request), choose_format(request)) == (True, "wav")
    assert choose_format(replace(request, format="mp3")) == "mp3"
    assert not is_folder(SpeakRequest(output=Path("book.mp3"), chapters="headings"))
    assert not is_folder(SpeakRequest(output=Path("book")))


def test_the_suffix_names_the_format_of_subtitles() -> None:
    assert [choose_subtitles(Path(name)) for name in ("a.srt", "a.VTT", "a.TextGrid", "a.json")] == [
        "srt", "vtt", "textgrid", "json",
    ]  # fmt: skip
    with pytest.raises(TextError, match=r"suffix '\.ass'"):
        choose_subtitles(Path("a.ass"))
    for begin in (b"1\n00:00", b"WEBVTT\n", b'File type = "ooTextFile"', b'{"seconds": 1'):
        assert SUBTITLES.begins.match(begin)
    assert not SUBTITLES.begins.match(b"years of work")


def test_settings_are_those_asked_for_else_the_projects(tmp_path: Path) -> None:
    asked = (tmp_path / "mine.tsv",)
    assert read_settings(SpeakRequest(output=None)) == ((), False)
    assert read_settings(SpeakRequest(output=None, lexicons=asked, commercial=True)) == (asked, True)
    (tmp_path / "amhctl.toml").write_text('[paths]\nlexicons = ["names.tsv"]\n[licence]\ncommercial = true\n')
    assert read_settings(SpeakRequest(output=None, project=tmp_path)) == ((tmp_path / "names.tsv",), True)
    assert read_settings(SpeakRequest(output=None, project=tmp_path, lexicons=asked))[0] == asked
    (tmp_path / "amhctl.toml").write_text("[paths]\nlexicon = 1\n")
    with pytest.raises(ConfigError):
        read_settings(SpeakRequest(output=None, project=tmp_path, lexicons=asked))


def test_whatever_is_read_is_no_place_to_write_to() -> None:
    clips = Clips(reference=Path("r.wav"), emotion=Path("e.wav"), features_model=Path("m"))
    request = SpeakRequest(output=None, file=Path("t.txt"), codec="c", clips=clips, cast=(("she", "m01"),))
    given = sources_of(request)
    assert len([path for path in given if path.name == "m01"]) == 2
    assert {Path("r.wav"), Path("e.wav"), Path("m"), Path("t.txt"), Path("c")} < set(given)

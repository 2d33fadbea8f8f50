"""What ``speak`` was asked is checked before a voice is loaded."""

from pathlib import Path

import pytest

from amhctl.core.errors import AudioError, ConfigError, TextError
from amhctl.workflows.speak_request import (
    Clips,
    SpeakRequest,
    choose_format,
    read_settings,
    read_written,
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


def test_a_text_file_is_read_with_or_without_a_mark_of_its_encoding(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\ufeffሰላም", encoding="utf-8")
    assert read_written(SpeakRequest(output=None, file=file)) == "ሰላም"
    file.write_bytes("ሰላም".encode("utf-16"))
    with pytest.raises(TextError, match="not UTF-8 at byte 0"):
        read_written(SpeakRequest(output=None, file=file))
    for bad in (tmp_path, tmp_path / "absent.txt"):
        with pytest.raises(TextError):
            read_written(SpeakRequest(output=None, file=bad))
    with pytest.raises(TextError, match="empty"):
        read_written(SpeakRequest(output=None, text="  "))


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
    given = sources_of(SpeakRequest(output=None, file=Path("t.txt"), codec="c", clips=clips))
    assert {Path("r.wav"), Path("e.wav"), Path("m"), Path("t.txt"), Path("c")} < set(given)

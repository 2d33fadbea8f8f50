"""Twin of ``workflows/speak_opening.py``: what is verified ahead is what the command speaks with."""

from pathlib import Path

import pytest

from amhctl.core.errors import CodecError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import DEFAULT_VOICE, voice_path
from amhctl.workflows import speak
from amhctl.workflows.speak_opening import open_ahead


def test_the_default_voice_is_opened_where_none_is_named() -> None:
    assert open_ahead(None, None).result().voice.folder == voice_path(DEFAULT_VOICE)


def test_speech_is_the_same_whether_its_files_were_verified_ahead_or_not(tmp_path: Path) -> None:
    one, two = (speak.SpeakRequest(text="ሰላም", output=tmp_path / f"{name}.wav") for name in ("one", "two"))
    speak.run(one, SilentProgress(), open_ahead(None, None))
    speak.run(two, SilentProgress())
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()


def test_a_fault_of_the_voice_comes_after_one_of_the_request(tmp_path: Path) -> None:
    request = speak.SpeakRequest(text="ሰላም", output=tmp_path / "out.wav", codec="nobody")
    opened = open_ahead(None, "nobody")
    with pytest.raises(CodecError, match="vocoder not found"):
        speak.run(request, SilentProgress(), opened)
    (tmp_path / "out.wav").touch()
    with pytest.raises(FileExistsRefused):
        speak.run(request, SilentProgress(), opened)

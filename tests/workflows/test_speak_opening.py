"""Twin of ``workflows/speak_opening.py``: what is verified ahead is what the command speaks with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amhctl.core.errors import CheckpointError, CodecError, FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import DEFAULT_VOICE, voice_path
from amhctl.workflows import speak
from amhctl.workflows.speak_opening import open_ahead


def test_the_default_voice_is_opened_where_none_is_named() -> None:
    opened = open_ahead(None, None)
    assert opened is not None
    assert opened().voice.folder == opened().voice.folder == voice_path(DEFAULT_VOICE)


def test_speech_is_the_same_whether_its_files_were_verified_ahead_or_not(tmp_path: Path) -> None:
    one, two = (speak.SpeakRequest(text="ሰላም", output=tmp_path / f"{name}.wav") for name in ("one", "two"))
    speak.run(one, SilentProgress(), open_ahead(None, None))
    speak.run(two, SilentProgress())
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()


def test_a_voice_that_cannot_be_found_is_left_to_who_loads_it(tmp_path: Path) -> None:
    request = speak.SpeakRequest(text="ሰላም", output=tmp_path / "out.wav", codec="nobody")
    opened = open_ahead(None, "nobody")
    assert opened is None
    with pytest.raises(CodecError, match="vocoder not found"):
        speak.run(request, SilentProgress(), opened)
    (tmp_path / "out.wav").touch()
    with pytest.raises(FileExistsRefused):
        speak.run(request, SilentProgress(), opened)


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    shutil.copytree(voice_path(DEFAULT_VOICE), folder)
    (folder / "text_state.json").write_text("{}", encoding="utf-8")
    opened = open_ahead(str(folder), None)
    assert opened is not None
    with pytest.raises(CheckpointError, match=r"text_state\.json: expected sha256"):
        speak.run(
            speak.SpeakRequest(text="ሰላም", output=tmp_path / "o.wav", voice=str(folder)), SilentProgress(), opened
        )
    assert not (tmp_path / "o.wav").exists()


def test_the_thread_imports_nothing() -> None:
    """Whoever imports in a thread may wait for ever for a lock that an interrupt of the main thread left behind."""
    code = """
import sys, threading
from amhctl.workflows.speak_opening import open_ahead

class Watcher:
    def find_spec(self, name, path=None, target=None):
        assert threading.current_thread() is threading.main_thread(), name

sys.meta_path.insert(0, Watcher())
opened = open_ahead(None, None)
assert opened().vocoder is not None
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

"""Playing through a program of the system: here one that keeps what it is given."""

import os
import stat
from pathlib import Path

import pytest
from support.speechlike import vowel_train

from amhctl.audio.pcm import encode_pcm
from amhctl.audio.player import PLAYERS, find_player, open_player
from amhctl.core.errors import AudioError, PlaybackError

SAMPLES = encode_pcm(vowel_train(seconds=0.5))


def install(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a program of that name the only one that plays."""
    program = folder / "bin" / name
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr("shutil.which", lambda word: str(program) if word == name else None)


@pytest.mark.parametrize("name", PLAYERS)
def test_each_program_gets_every_sample(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = '"$1"' if name == "afplay" else "-"
    install(tmp_path, name, f"echo $@ > {tmp_path}/words; cat {source} > {tmp_path}/heard", monkeypatch)
    with open_player(16_000) as player:
        assert player.name == name
        for start in range(0, len(SAMPLES), 1_000):
            player.play(SAMPLES[start : start + 1_000])
    heard = (tmp_path / "heard").read_bytes()
    assert heard.endswith(SAMPLES)
    assert (heard == SAMPLES) == (name in ("paplay", "aplay"))
    assert ("16000" in (tmp_path / "words").read_text()) == (name in ("paplay", "aplay"))


def test_what_a_program_complains_of_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "aplay", "cat > /dev/null; echo no such device >&2; exit 1", monkeypatch)
    with (
        pytest.raises(AudioError, match=r"aplay could not play .*: no such device"),
        open_player(16_000) as player,
    ):
        player.play(SAMPLES)


def test_a_program_that_ends_at_once_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "aplay", "echo busy >&2; exit 1", monkeypatch)

    def play() -> None:
        with open_player(16_000) as player:
            for _ in range(1_000):
                player.play(SAMPLES)

    with pytest.raises(AudioError, match="busy"):
        play()


@pytest.mark.parametrize("name", ["aplay", "afplay"])
def test_a_program_that_cannot_be_started_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, name, "", monkeypatch)
    (tmp_path / "bin" / name).write_text("#!/no/such/interpreter\n")

    def play() -> None:
        with open_player(16_000) as player:
            player.play(SAMPLES)

    with pytest.raises(PlaybackError, match=f"{name} cannot be started: No such file") as caught:
        play()
    assert "install it again" in caught.value.hint


def test_an_error_ends_the_program_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "aplay", "exec sleep 600", monkeypatch)

    def play() -> None:
        with open_player(16_000) as player:
            player.play(SAMPLES)
            raise KeyError("the speech was judged bad")

    with pytest.raises(KeyError):
        play()


def test_without_a_program_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(AudioError, match="no program that plays sound was found") as caught:
        find_player()
    assert "aplay" in caught.value.hint
    assert "-o OUT.wav" in caught.value.hint

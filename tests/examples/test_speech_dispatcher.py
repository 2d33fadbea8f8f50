"""The module of Speech Dispatcher, with the real daemon where it is installed, and programs that note what they get."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[2] / "docs" / "serve" / "speech-dispatcher" / "amhctl-generic.conf"
SETTINGS = """
LogLevel 3
AudioOutputMethod "alsa"
DefaultLanguage "am"
AddModule "amhctl" "sd_generic" "amhctl-generic.conf"
DefaultModule amhctl
Timeout 0
"""
NOTE = """#!/bin/sh
echo "$@" > {folder}/{name}.words
cat > {folder}/{name}.part
mv {folder}/{name}.part {folder}/{name}.input
{then}
"""
pytestmark = pytest.mark.skipif(
    shutil.which("speech-dispatcher") is None or shutil.which("spd-say") is None,
    reason="speech-dispatcher is not installed",
)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a daemon whose amhctl and player note what they get."""
    programs, modules = tmp_path / "bin", tmp_path / "conf" / "modules"
    programs.mkdir()
    modules.mkdir(parents=True)
    # What a player says on its output, the daemon would take for an answer of the module.
    for name, then in (("amhctl", "printf speech"), ("aplay", "")):
        (programs / name).write_text(NOTE.format(folder=tmp_path, name=name, then=then), encoding="utf-8")
        (programs / name).chmod(0o755)
    shutil.copy(MODULE, modules)
    (tmp_path / "conf" / "speechd.conf").write_text(SETTINGS, encoding="utf-8")
    # A machine for tests has no sound card.
    (tmp_path / "asound.conf").write_text("pcm.!default { type null }\nctl.!default { type null }\n", encoding="utf-8")
    socket = tmp_path / "sock"
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
        "SPEECHD_ADDRESS": f"unix_socket:{socket}",
    }
    words = ["-s", "-t", "0", "-c", "unix_socket", "-S", socket, "-C", tmp_path / "conf", "-P", tmp_path / "pid"]
    with subprocess.Popen(
        ["speech-dispatcher", *map(str, words), "-L", str(tmp_path)],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_for(socket)
            yield environment
        finally:
            # With its modules, which would keep it.
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} did not come"
        time.sleep(0.02)


def test_a_text_reaches_the_voice_as_it_is_and_the_speech_the_player(daemon: dict[str, str], tmp_path: Path) -> None:
    text = "-n ሰላም 'ዓለም' $HOME `id` \"እሺ\"; echo"
    words = ["spd-say", "-w", "-l", "am", "-t", "female1", "-r", "20", "-p", "-50", "--", text]
    subprocess.run(words, env=daemon, check=True, timeout=30)
    wait_for(tmp_path / "aplay.input")
    assert (tmp_path / "amhctl.input").read_text(encoding="utf-8").strip() == text
    spoken = (tmp_path / "amhctl.words").read_text(encoding="utf-8").split()
    assert spoken[:5] == ["speak", "-", "-o", "-", "-q"]
    options = dict(zip(spoken[5::2], spoken[6::2], strict=True))
    assert (options["--voice"], options["--speaker"]) == ("m01", "alffa-11")
    assert (float(options["--speed"]), float(options["--pitch"])) == (1.2, -3.0)
    assert (tmp_path / "aplay.input").read_text(encoding="utf-8") == "speech"


def test_the_slowest_rate_is_one_that_the_voice_has(daemon: dict[str, str], tmp_path: Path) -> None:
    subprocess.run(["spd-say", "-w", "-l", "am", "-r", "-100", "ሰላም"], env=daemon, check=True, timeout=30)
    wait_for(tmp_path / "amhctl.input")
    assert "--speed 0.5" in (tmp_path / "amhctl.words").read_text(encoding="utf-8")

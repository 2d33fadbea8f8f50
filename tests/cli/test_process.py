"""The process a command runs in: UTF-8 whatever the locale, signals that clear away, one voice of several processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amhctl.cli.process import end_as_interrupted, follows_another, is_interrupt, require_utf8, spare_plugins

ODD_LOCALE = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("text", ["5 ብር ነው።", "é ሰላም 😀"])
def test_text_is_utf8_whatever_the_locale(text: str) -> None:
    command = [sys.executable, "-m", "amhctl", "text", "normalize"]
    usual = subprocess.run([*command, text], capture_output=True, check=False)
    odd = subprocess.run([*command, text], capture_output=True, check=False, env=ODD_LOCALE)
    piped = subprocess.run([*command, "-"], input=text.encode(), capture_output=True, check=False, env=ODD_LOCALE)
    assert usual.returncode == 0
    assert usual.stdout.decode().strip()
    for other in (odd, piped):
        assert (other.returncode, other.stdout, other.stderr) == (0, usual.stdout, usual.stderr)


def test_paths_and_messages_are_utf8_whatever_the_locale(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "amhctl", "text", "normalize", "ሰላም", "--lexicon", "ድምፅ.tsv"]
    (tmp_path / "ድምፅ.tsv").write_text("ሰላም\tጤና\n", encoding="utf-8")
    read, missing = (
        subprocess.run([*command[:-1], name], capture_output=True, check=False, cwd=tmp_path, env=ODD_LOCALE)
        for name in ("ድምፅ.tsv", "ሌላ.tsv")
    )
    assert (read.returncode, read.stdout.decode()) == (0, "ጤና\n")
    assert (missing.returncode, missing.stderr.decode().split(": ")[:2]) == (3, ["error", "ሌላ.tsv"])


class Started(Exception):
    """A process was started in place of this one."""


@pytest.mark.parametrize(
    ("filesystem", "text", "options", "anew"),
    [
        ("utf-8", "UTF-8", {}, False),
        ("iso8859-1", "ISO-8859-1", {}, True),
        ("ascii", "ANSI_X3.4-1968", {}, True),
        # On a Mac paths are UTF-8 in every locale, and streams are not.
        ("utf-8", "ISO-8859-1", {}, True),
        ("iso8859-1", "ISO-8859-1", {"utf8": "0"}, False),
    ],
)
def test_a_process_is_started_anew_once_where_text_is_not_utf8(
    filesystem: str, text: str, options: dict[str, str], anew: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(program: str, arguments: list[str]) -> None:
        raise Started(program, arguments)

    monkeypatch.setattr(os, "execv", start)
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: filesystem)
    monkeypatch.setattr("locale.getencoding", lambda: text)
    monkeypatch.setattr(sys, "_xoptions", options)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-u", "-m", "amhctl", "speak"])
    if not anew or sys.flags.utf8_mode:
        require_utf8()
        return
    with pytest.raises(Started) as started:
        require_utf8()
    assert started.value.args == (
        sys.executable,
        [sys.executable, "-X", "utf8", "-u", "-m", "amhctl", "speak"],
    )


@contextmanager
def _again_while_clearing() -> Iterator[None]:
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_process_is_an_interrupt_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), end_as_interrupted(), _again_while_clearing():
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_signals_that_are_ignored_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with end_as_interrupted():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


FORKED = """
import os, signal, time
from amhctl.cli.process import end_as_interrupted
reading, writing = os.pipe()
with end_as_interrupted():
    child = os.fork()
    if child == 0:
        os.write(writing, b"!")
        time.sleep(60)
    os.read(reading, 1)
    os.kill(child, signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_ends_by_the_signal_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{-signal.SIGTERM}\n", "")


@pytest.mark.parametrize(
    ("environment", "follows"),
    [
        ({}, False),
        ({"RANK": "0", "WORLD_SIZE": "2"}, False),
        ({"RANK": "1", "WORLD_SIZE": "2"}, True),
        ({"RANK": "3"}, False),
    ],
)
def test_the_first_of_several_processes_speaks_for_all(
    environment: dict[str, str], follows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert follows_another() is follows


DROPPED = """
import time, weakref
from amhctl.cli.process import end_as_interrupted

class Thing: pass

def callback(_):
    raise KeyboardInterrupt

with end_as_interrupted():
    thing = Thing()
    seen = weakref.ref(thing, callback)
    try:
        del thing
        time.sleep(20)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_an_interrupt_that_python_drops_comes_once_more() -> None:
    done = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


def test_every_error_after_an_interrupt_is_an_interrupt() -> None:
    # Where the tests run in the background of a shell, SIGINT is ignored.
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _interrupt_and_fail()
    finally:
        signal.signal(signal.SIGINT, found)


def _interrupt_and_fail() -> None:
    with end_as_interrupted():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert is_interrupt(AttributeError("module 'numpy.linalg' has no attribute '_umath_linalg'"))
    assert not is_interrupt(AttributeError())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def load_library() -> None:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as interrupt:
        raise ImportError("initialization failed") from interrupt


def give_up() -> None:
    try:
        load_library()
    except ImportError:
        raise RuntimeError("a library gives up") from None


@pytest.mark.parametrize("way", [load_library, give_up])
def test_an_import_that_was_interrupted_is_an_interrupt(way: Callable[[], None]) -> None:
    with pytest.raises((ImportError, RuntimeError)) as given:
        way()
    assert is_interrupt(given.value)
    assert not is_interrupt(ImportError("no such library"))


GARBAGE = """
import atexit, gc, sys, weakref
from amhctl.cli import main, process

class Ring:
    def __init__(self):
        self.self = self
    def __del__(self):
        print("collected")

def check(*_, **__):
    assert gc.isenabled() and gc.get_freeze_count() > 1000, gc.get_freeze_count()
    Ring()
    gc.collect()
    print("worked")
    left.append(Ring())
    raise SystemExit(0)

left = []
atexit.register(lambda: print("ended"))
from amhctl.workflows import doctor
doctor.run = check
sys.argv = ["amhctl", "doctor"]
main.main()
"""


def test_garbage_is_looked_for_while_a_command_works_and_not_at_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", GARBAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["collected", "worked", "ended"]


def test_a_caller_in_the_same_process_keeps_its_own_way() -> None:
    code = "import gc; from amhctl.cli.main import main\ntry: main(['--version'])\nexcept SystemExit: pass\n"
    code += "assert gc.isenabled() and not gc.get_freeze_count()"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_pydantic_is_told_to_look_for_no_plugins_unless_someone_wants_some() -> None:
    environment: dict[str, str] = {}
    spare_plugins(environment)
    assert environment == {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
    wanted = {"PYDANTIC_DISABLE_PLUGINS": "one"}
    spare_plugins(wanted)
    assert wanted == {"PYDANTIC_DISABLE_PLUGINS": "one"}

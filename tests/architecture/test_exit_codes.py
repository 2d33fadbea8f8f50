"""Exit codes and streams of real processes, as a shell script sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint

COMMAND = [sys.executable, "-m", "amhctl"]
BUG = """
from amhctl.cli.main import main
from amhctl.workflows import diagnose
diagnose.run = lambda *arguments: 1 / 0
main(["doctor", "--json"])
"""

# Ctrl-C while a command is at work.
INTERRUPTED = """
import os, signal, time
from amhctl.cli.main import main
from amhctl.workflows import diagnose
# A shell's background job inherits that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
def work(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
diagnose.run = work
main(["doctor"])
"""


def amhctl(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_done_and_well_is_zero() -> None:
    result = amhctl("text", "normalize", "5 ብር", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["spoken"] == "አምስት ብር"


def test_a_negative_verdict_is_one(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "voice")
    (folder / "text_state.json").unlink()
    result = amhctl("ckpt", "validate", str(folder), "--json")
    assert result.returncode == 1
    document = json.loads(result.stdout)
    assert (document["ok"], "C002" in {finding["code"] for finding in document["findings"]}) == (False, True)


@pytest.mark.parametrize("words", [["speek"], ["speak", "ሰላም"], ["speak", "--sped", "2"], ["train", "--steps"]])
def test_wrong_usage_is_two(words: list[str]) -> None:
    result = amhctl(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "words",
    [
        ["speak", "", "-o", "out.wav"],
        ["speak", "123abc!?", "--voice", "absent", "-o", "out.wav"],
        ["data", "check", "absent.jsonl"],
        ["codes", "check", "absent"],
        ["ckpt", "show", "absent"],
    ],
)
def test_what_cannot_go_on_is_three_in_one_line_and_a_hint(words: list[str], tmp_path: Path) -> None:
    result = amhctl(*words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (3, "")
    lines = result.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] in (["error"], ["error", "hint"])
    assert list(tmp_path.iterdir()) == []


def test_a_bug_is_seventy_with_its_traceback() -> None:
    result = subprocess.run([sys.executable, "-c", BUG], capture_output=True, text=True, check=False)
    assert result.returncode == 70
    assert "ZeroDivisionError" in result.stderr
    assert json.loads(result.stdout)["error"]["type"] == "Bug"


def test_an_interrupt_is_one_hundred_and_thirty() -> None:
    result = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr.strip() == "interrupted"


@pytest.mark.parametrize(
    "words", [["config", "show", "-q"], ["--help"], ["vocab", "--help"], ["vocab", "train", "--help"], ["--version"]]
)
def test_a_reader_that_goes_away_ends_nothing_but_its_reading(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([*COMMAND, *words], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint) == (0, b"")


def test_an_argument_that_is_no_text_comes_back_as_it_was(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xffno")
    result = amhctl("ckpt", "validate", name, "--json", cwd=tmp_path)
    assert json.loads(result.stdout)["error"]["where"] == name
    assert "\\udcffno" in result.stdout
    assert amhctl("ckpt", "validate", name, cwd=tmp_path).stderr.startswith("error: \\udcffno: ")

"""Exit codes and streams of real processes, as a shell script sees them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint

COMMAND = [sys.executable, "-m", "amhctl"]
BUG = """
from amhctl.cli.main import main
from amhctl.workflows import doctor as diagnose
diagnose.run = lambda *arguments: 1 / 0
main(["doctor", "--json"])
"""

# A signal while a command is at work.
INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
from amhctl.cli.main import main
from amhctl.core.files import atomic_folder, atomic_path
from amhctl.workflows import doctor as diagnose
# A shell's background job inherits that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
def work(*arguments):
    folder = Path(sys.argv[2])
    with atomic_folder(folder / "folder"), atomic_path(folder / "file.wav"):
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(60)
diagnose.run = work
main(["doctor", *sys.argv[3:]])
"""


def amhctl(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


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


@pytest.mark.parametrize(
    "words", [["speek"], ["speak", "ሰላም", "--file", "x"], ["speak", "--sped", "2"], ["train", "--steps"]]
)
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("json_", [False, True])
def test_an_interrupt_is_one_hundred_and_thirty_and_leaves_nothing_half_done(
    number: signal.Signals, json_: bool, tmp_path: Path
) -> None:
    words = [str(number.value), str(tmp_path), *(["--json"] if json_ else [])]
    result = subprocess.run([sys.executable, "-c", INTERRUPTED, *words], capture_output=True, text=True, check=False)
    assert result.returncode == 130
    assert list(tmp_path.iterdir()) == []
    if json_:
        assert (json.loads(result.stdout)["error"]["type"], result.stderr) == ("Interrupted", "")
    else:
        assert (result.stdout, result.stderr) == ("", "interrupted\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("json_", [[], ["--json"]])
def test_a_report_that_cannot_be_written_is_told_on_the_other_stream(json_: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*COMMAND, "text", "normalize", "5 ብር", *json_]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 3
    assert result.stderr.startswith("error: standard output: no space left on device\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["speak", "ሰላም", "-o", "x.wav", "--temperature", "1e300"], "--temperature: temperature 1e+300 is neither 0"),
        (["speak", "ሰላም", "-o", "x.wav", "--top-p", "0"], "--top-p: top-p 0 is not above 0"),
        (["speak", "ሰላም", "-o", "x.wav", "--device", "toaster"], "'toaster' is none of auto, cpu"),
        (
            ["eval", "m01", "--set", "none.jsonl", "--fail-under", "foo=1"],
            "--fail-under foo=1: unknown metric 'foo'",
        ),
        (["codes", "extract", "none.jsonl", "-o", "codes", "--shard", "0/0"], "--shard: a shard is written i/n"),
        (
            ["data", "split", "none.jsonl", "--valid", "0.6", "--test", "0.6"],
            "--valid, --test: the fractions 0.6 and 0.6",
        ),
        (["config", "show", "--preset", "none"], "--preset: unknown preset 'none'"),
    ],
)
def test_a_value_that_an_option_can_never_have_is_wrong_usage(words: list[str], said: str, tmp_path: Path) -> None:
    result = amhctl(*words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


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

"""``python -m amhctl`` is the command, and an interrupt ends it at any time."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from amhctl import __version__

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
INTERRUPTED = """
import runpy, sys
wanted = sys.argv.pop(1)
class Interrupting:
    def find_spec(self, name, *_):
        if name == wanted:
            exec("raise KeyboardInterrupt")
sys.meta_path.insert(0, Interrupting())
runpy.run_module("amhctl", run_name="__main__")
"""


def test_the_module_is_the_command() -> None:
    result = subprocess.run([sys.executable, "-m", "amhctl", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"amhctl {__version__}\n"


def test_the_program_begins_where_the_module_does() -> None:
    scripts = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"amhctl": "amhctl.__main__:main"}


@pytest.mark.parametrize("module", ["typer", "amhctl.cli.doctor", "amhctl.workflows.doctor"])
def test_an_interrupt_while_anything_is_loaded_is_one_word_and_its_exit_code(module: str, tmp_path: Path) -> None:
    # As `python -m`, which ends by the signal where code from a string was interrupted.
    (tmp_path / "started.py").write_text(INTERRUPTED, encoding="utf-8")
    command = [sys.executable, "-m", "started", module, "doctor"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "interrupted\n")

"""What a command takes in a process of its own: time by the clock, processor time and memory.

Run as a program (``python -m amhctl.evaluation.process_cost WORDS``), this module runs ``amhctl WORDS`` and prints what
it took. It reports on its own children only, of which it has one: so what another process ran before does not count.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, cast

from amhctl.core.documents import parse_json
from amhctl.core.errors import EvaluationError
from amhctl.evaluation.speed import cpu_time_of_children, peak_memory_of_children


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes
    ----------
    peak_bytes : int
        Largest resident set.
    wall, processor : float
        Seconds by the clock, and of processors.
    """

    peak_bytes: int
    wall: float
    processor: float


def run_python(*arguments: str) -> str:
    """Run this interpreter in a process of its own and return what it prints.

    Raises
    ------
    EvaluationError
        If the process fails.
    """
    finished = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    if finished.returncode:
        raise _failed(arguments, finished.stderr.decode(errors="replace"))
    return finished.stdout.decode()


def run_apart(*arguments: str) -> Cost:
    """Run ``amhctl`` with some arguments in a process of its own and return what that took.

    Raises
    ------
    EvaluationError
        If the command fails.
    """
    answer = cast("dict[str, Any]", parse_json(run_python("-m", __name__, *arguments)))
    if answer["code"]:
        raise _failed(arguments, answer["errors"])
    return Cost(int(answer["peak"]), float(answer["wall"]), float(answer["processor"]))


def time_first_output(*arguments: str, after: int) -> float:
    """Run ``amhctl`` with some arguments and return the seconds until it has written more than so many bytes.

    Parameters
    ----------
    *arguments : str
        The arguments; the command writes to standard output.
    after : int
        Bytes that do not count, such as those of a header.

    Raises
    ------
    EvaluationError
        If the command fails or writes no more.
    """
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "amhctl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        has_more = len(process.stdout.read(after + 1)) > after
        seconds = time.perf_counter() - begun
        _, errors = process.communicate()
    if process.returncode or not has_more:
        raise _failed(arguments, errors.decode(errors="replace"))
    return seconds


def _failed(arguments: tuple[str, ...], errors: str) -> EvaluationError:
    last = errors.strip().splitlines()[-1] if errors.strip() else "no message"
    return EvaluationError(f"the measured process failed: {last}", subject=" ".join(arguments[:3]))


def main() -> None:
    """Run ``amhctl`` with the arguments of the command line and print what it took as a line of JSON."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "amhctl", *sys.argv[1:]], capture_output=True, check=False)
    wall = time.perf_counter() - begun
    answer = {
        "code": done.returncode,
        "peak": peak_memory_of_children(),
        "wall": wall,
        "processor": cpu_time_of_children(),
        "errors": done.stderr.decode(errors="replace"),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

"""How long a command takes in a new process: of one source tree, or of several in turn, so that other work hits all.

    git worktree add ../before main
    python tools/measure_start.py [--trees ../before .] [--runs 15] [--words speak TEXT ...] [--json FILE]

Without ``--words``, four commands are measured: ``speak`` into a file, ``speak -o -`` until its first samples come,
``speak --help`` and ``--help``. The bytecode of each tree is compiled before, as pip does it. Printed are medians and
minima: seconds by the clock, processor seconds (user and system), and the largest resident set.
"""

import argparse
import compileall
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

SENTENCE = "ሰላም፣ እንኳን ደህና መጣችሁ።"
"""About two seconds of speech."""
_HEADER = 2_048
"""Bytes of a stream that are not samples yet, at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: seconds by the clock, seconds of processors, bytes of memory; digest of what it wrote."""

    wall: float
    processor: float
    peak: int
    digest: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the runs of one tree took: medians and minima."""

    command: str
    tree: str
    runs: int
    wall: float
    least_wall: float
    processor: float
    least_processor: float
    peak_mib: float
    digests: tuple[str, ...]


def run_once(tree: Path, words: tuple[str, ...], output: Path | None, *, first: bool = False) -> Run:
    """Run ``amhctl WORDS`` from a source tree.

    Parameters
    ----------
    tree : Path
        Folder that has ``src/amhctl``.
    words : tuple[str, ...]
        The command.
    output : Path | None
        File that it writes, which is digested and removed; None digests its standard output.
    first : bool
        Stop the clock at the first samples that it writes to standard output.
    """
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "amhctl", *words], stdout=subprocess.PIPE, stderr=errors, env=environment
        )
        assert process.stdout is not None
        with process.stdout as stream:
            written = stream.read(_HEADER) if first else b""
            wall = time.perf_counter() - begun
            written += stream.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = wall if first else time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            sys.exit(f"{tree}: amhctl {' '.join(words)}: {errors.read().decode(errors='replace').strip()}")
    if output is not None:
        written = output.read_bytes()
        output.unlink()
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak, hashlib.sha256(written).hexdigest()[:12])


def summarise(command: str, tree: Path, runs: list[Run]) -> Summary:
    """Return what some runs took together."""
    walls, processors = [run.wall for run in runs], [run.processor for run in runs]
    return Summary(
        command,
        str(tree),
        len(runs),
        statistics.median(walls),
        min(walls),
        statistics.median(processors),
        min(processors),
        max(run.peak for run in runs) / 2**20,
        tuple(sorted({run.digest for run in runs})),
    )


def measure(trees: list[Path], runs: int, words: tuple[str, ...] | None, scratch: Path) -> list[Summary]:
    """Return what each command takes in each tree; the trees take turns, and each command runs once uncounted."""
    output = scratch / "out.wav"
    commands: list[tuple[str, tuple[str, ...], Path | None, bool]] = [
        ("speak", ("speak", SENTENCE, "-o", str(output), "-q"), output, False),
        ("first sound", ("speak", SENTENCE, "-o", "-", "-q"), None, True),
        ("speak --help", ("speak", "--help"), None, False),
        ("--help", ("--help",), None, False),
    ]
    if words:
        commands = [(" ".join(words), words, None, False)]
    found = []
    for name, one, file, first in commands:
        taken: dict[Path, list[Run]] = {tree: [] for tree in trees}
        for number in range(runs + 1):
            for tree in trees if number % 2 else trees[::-1]:
                run = run_once(tree, one, file, first=first)
                if number:
                    taken[tree].append(run)
        found += [summarise(name, tree, taken[tree]) for tree in trees]
    return found


def main() -> None:
    """Measure and print a line for each command and tree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trees", type=Path, nargs="+", default=[Path(__file__).parents[1]])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--words", nargs=argparse.REMAINDER)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    trees = [tree.resolve() for tree in options.trees]
    for tree in trees:
        if not (tree / "src/amhctl").is_dir():
            sys.exit(f"{tree} has no src/amhctl")
        compileall.compile_dir(tree / "src", quiet=2)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(trees, options.runs, tuple(options.words or ()) or None, Path(scratch))
    for one in found:
        sys.stdout.write(
            f"{one.command:14} {one.tree:24} wall {one.wall:.3f} s (least {one.least_wall:.3f}), processor "
            f"{one.processor:.3f} s ({one.least_processor:.3f}), {one.peak_mib:.0f} MiB, {' '.join(one.digests)}\n"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

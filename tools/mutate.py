"""How many small faults in the source the tests notice.

    python tools/mutate.py src/amhctl/training/losses.py          every fault of a file
    python tools/mutate.py src/amhctl/training --sample 100       a hundred faults of a room, drawn by --seed

Each fault is put into a copy of the package, and the tests that belong to its file are run, the twin first, up to the
first that fails. A fault that no test notices is printed with its line: either the test is missing, or the code means
the same with it (write down why, in ``--equivalent FILE``: lines of ``file<TAB>code before  →  code after``).

One process at a time: this one has loaded what the fault cannot reach, and forks for each fault. The limit is one of
processor time, so that a busy machine does not pass for a test that notices; what ran into it is counted apart.
"""

import argparse
import ast
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from mutations import Mutant, find_mutants

_ROOT = Path(__file__).resolve().parents[1]
_OTHER_TESTS = {
    "training/state.py": ("training/test_loop.py",),
    "training/export.py": ("training/test_loop.py",),
    "training/journal.py": ("training/test_loop.py",),
    "training/objective.py": ("training/test_loop.py",),
    "training/codec_state.py": ("training/test_codec_loop.py",),
    "training/codec_recipe.py": ("training/test_mel_recipe.py", "training/test_codec_loop.py"),
    "training/mel_recipe.py": ("training/test_codec_loop.py",),
    "training/dac_recipe.py": ("training/test_codec_loop.py",),
    "training/frame_classifier.py": ("training/test_aligner.py",),
    "model/layout.py": ("model/test_unified_voice.py",),
    "model/flow_graphs.py": ("model/test_flow_on_onnx.py",),
    "training/unified_recipe.py": ("training/test_loop.py",),
    "training/losses.py": ("training/test_loop.py",),
    "training/material.py": ("training/test_loop.py",),
    "inference/decode.py": ("inference/test_voice.py", "inference/test_code_voice.py"),
    "inference/speaker.py": ("inference/test_code_voice.py",),
    "inference/voice.py": ("inference/test_code_voice.py",),
    "inference/stitching.py": ("inference/test_voice.py",),
    "inference/assemble.py": ("inference/test_voice.py",),
}
"""Tests of a file beside its twin: those that run it whole."""
_JOURNEYS = {
    "training": (
        "workflows/test_train.py",
        "workflows/test_prepare_flow.py",
        "workflows/codec/test_train.py",
        "journeys/test_two_processes.py",
    ),
    "model": (
        "training/test_loop.py",
        "training/test_flow_recipe.py",
        "workflows/test_prepare_flow.py",
        "workflows/vocab/test_grow.py",
        "workflows/ckpt/test_validate.py",
    ),
    "inference": ("workflows/test_speak.py", "workflows/test_eval.py"),
}
"""Slower tests of a whole room, for what the others miss (``--journeys``)."""
_PRELOADED = ("pytest", "hypothesis", "numpy", "torch", "scipy.signal", "accelerate", "safetensors.torch", "soundfile")


def main() -> None:
    """Draw faults, run the tests against each, and say how many were noticed."""
    options = _read_options()
    found = [
        (file, mutant)
        for file in _files(options.sources)
        for mutant in find_mutants((_ROOT / "src" / "amhctl" / file).read_text(encoding="utf-8"))
    ]
    total = len(found)
    equivalent = _read_equivalent(options.equivalent)
    found = [(file, mutant) for file, mutant in found if (file, mutant.what) not in equivalent]
    drawn = found if options.sample is None else random.Random(options.seed).sample(found, min(options.sample, total))
    if options.only is not None:
        lines = options.only.read_text(encoding="utf-8").splitlines()
        missed = {line.split(" s  ", 1)[1] for line in lines if " missed " in line}
        drawn = [(file, mutant) for file, mutant in drawn if f"{file}:{mutant.line}  {mutant.what}" in missed]
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "src"
        shutil.copytree(_ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        sys.path[:0] = [str(copy)]
        os.environ["PYTHONPATH"] = os.pathsep.join([str(copy), str(_ROOT / "tests")])
        os.chdir(_ROOT)
        for name in _PRELOADED:
            import_module(name)
        outcomes = _try_all(drawn, copy / "amhctl", options.limit, options.minutes, options.journeys)
    tried = f"{outcomes.total()} faults tried, drawn from {total}"
    _say(f"{tried}: {outcomes['noticed']} noticed, {outcomes['missed']} missed, {outcomes['timed out']} timed out")


def _try_all(
    drawn: list[tuple[str, Mutant]], package: Path, limit: float, minutes: float, with_journeys: bool
) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    unproved: set[str] = set()
    proved: set[str] = set()
    begun = time.monotonic()
    for number, (file, mutant) in enumerate(drawn, start=1):
        if time.monotonic() - begun > 60.0 * minutes:
            break
        _preload(file)
        target = package / file
        original = target.read_text(encoding="utf-8")
        target.write_text(mutant.source(), encoding="utf-8")
        started = time.monotonic()
        try:
            outcome = _run_tests(file, limit, with_journeys)
        finally:
            target.write_text(original, encoding="utf-8")
        outcomes[outcome] += 1
        (proved if outcome == "missed" else unproved).add(file)
        seconds = time.monotonic() - started
        _say(f"{number}/{len(drawn)} {outcome:9} {seconds:5.1f} s  {file}:{mutant.line}  {mutant.what}")
    # Tests that fail in any case notice everything: they must once have passed.
    for file in sorted(unproved - proved):
        if _run_tests(file, 4.0 * limit, with_journeys) != "missed":
            sys.exit(f"the tests of {file} fail, or take too long, without any fault: its figures say nothing")
    return outcomes


def _run_tests(file: str, limit: float, with_journeys: bool) -> str:
    """Return whether the tests of a file notice what is in the copy: ``noticed``, ``missed`` or ``timed out``."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit), math.ceil(limit) + 5))
        # A leader of its own group: what it starts ends with it.
        os.setpgid(0, 0)
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123  (a stream to print into)
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        _forget(_dependents(file))
        code = import_module("pytest").main(
            ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", *_tests_of(file, with_journeys)]
        )
        os._exit(0 if code == 0 else 1)
    # A fault may also wait for ever, which costs no processor time.
    deadline = time.monotonic() + 3.0 * limit
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL}:
                return "timed out"
            return "missed" if status == 0 else "noticed"
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "timed out"
        time.sleep(0.05)


def _tests_of(file: str, with_journeys: bool) -> list[str]:
    room, name = file.split("/")
    journeys = _JOURNEYS.get(room, ()) if with_journeys else ()
    return [str(Path("tests") / test) for test in (f"{room}/test_{name}", *_OTHER_TESTS.get(file, ()), *journeys)]


def _preload(file: str) -> None:
    """Load every module of the package that does not depend on a file; the others are loaded anew for each fault."""
    for name in sorted(_imports().keys() - _dependents(file)):
        if not name.startswith(("amhctl.cli", "amhctl.text.g2p.trans", "amhctl.__main__")):
            import_module(name)


def _dependents(file: str) -> set[str]:
    """Return the modules that import a file's module, however far away, and itself."""
    reached = {f"amhctl.{file.removesuffix('.py').replace('/', '.')}"}
    imports = _imports()
    while True:
        further = {name for name, imported in imports.items() if imported & reached} - reached
        if not further:
            return reached
        reached |= further


@cache
def _imports() -> dict[str, set[str]]:
    """Return which modules of the package each imports."""
    graph: dict[str, set[str]] = {}
    source = _ROOT / "src"
    for path in (source / "amhctl").rglob("*.py"):
        name = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        graph[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                graph[name] |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names}
    return graph


def _forget(names: set[str]) -> None:
    for name in names & sys.modules.keys():
        module = sys.modules.pop(name)
        package, _, last = name.rpartition(".")
        if getattr(sys.modules.get(package), last, None) is module:
            delattr(sys.modules[package], last)


def _files(sources: list[Path]) -> list[str]:
    package = _ROOT / "src" / "amhctl"
    paths = [path for source in sources for path in (sorted(source.glob("*.py")) if source.is_dir() else [source])]
    return [str(path.resolve().relative_to(package)) for path in paths if path.name != "__init__.py"]


def _read_equivalent(path: Path | None) -> set[tuple[str, str]]:
    lines = [] if path is None else path.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split("\t")[:2]) for line in lines if line and not line.startswith("#")}  # type: ignore[misc]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path, help="files or folders of src/amhctl")
    parser.add_argument("--sample", type=int, help="how many faults are drawn; all, if it is not given")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing")
    parser.add_argument(
        "--limit", type=float, default=120.0, help="seconds of processor time that the tests of a fault may take"
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="no further fault is tried after so many")
    parser.add_argument("--journeys", action="store_true", help="run the slower tests of the room too")
    parser.add_argument(
        "--only", type=Path, help="try only the faults that an earlier output of this tool calls missed"
    )
    parser.add_argument("--equivalent", type=Path, help="faults that change no meaning; not drawn")
    return parser.parse_args()


if __name__ == "__main__":
    main()

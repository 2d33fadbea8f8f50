"""What a developer runs, in the order in which one meets it: ``nox -s fmt``, ``nox -s lint`` and so on.

``nox`` alone is ``check``. Sessions use the environment they are started from (``pip install -e ".[dev]"``): nothing is
installed a second time. One exception: pydoclint brings a fork of docstring_parser that overwrites the original, which
descript-audio-codec needs, so it gets an environment of its own.
"""

import statistics
import subprocess
import sys
import time

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["check"]

CODE = ("src", "tests", "docs", "examples", "tools", "noxfile.py")
CHECKS = ("docs", "static", "tests", "slow", "startup")
# What runs beside what: types take as long as all of the others.
STATIC = (("types",), ("lint", "docstrings", "site"))
# Rooms whose tests start no training and load no voice.
FAST = ("core", "config", "parallel", "text", "tokenizer", "checkpoint", "corpus", "nn")
PARALLEL = ("-n", "auto", "--dist", "loadfile")
STARTUP_RUNS = 15
STARTUP_SECONDS = 0.150


@nox.session
def fmt(session: nox.Session) -> None:
    """Format the code and mend what can be mended by itself."""
    session.run("ruff", "format", *CODE)
    session.run("ruff", "check", "--fix", *CODE)


@nox.session
def lint(session: nox.Session) -> None:
    """Look at style, and at who imports whom."""
    session.run("ruff", "format", "--check", *CODE)
    session.run("ruff", "check", *CODE)
    session.run("lint-imports")


@nox.session(venv_backend="virtualenv", reuse_venv=True)
def docstrings(session: nox.Session) -> None:
    """Compare docstrings with signatures: one may leave a section out, but what it says must be so."""
    session.install("pydoclint[flake8]>=0.6")
    session.run("flake8", "--select=DOC", "src")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.run("mypy")


@nox.session
def static(session: nox.Session) -> None:
    """Run everything that runs no code of amhctl, side by side: lint, docstrings and site beside types."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "nox", "-s", *names], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for names in STATIC
    ]
    said = [each.communicate()[0] for each in running]
    session.log("\n".join(said))
    if failed := [" ".join(names) for names, each in zip(STATIC, running, strict=True) if each.returncode]:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def quick(session: nox.Session) -> None:
    """Check style, imports and types, and run the tests that are quick, in parallel: what one runs while writing."""
    lint(session)
    types(session)
    rooms = [f"tests/{room}" for room in FAST]
    session.run("python", "-m", "pytest", *PARALLEL, "-m", "not slow and not journey", *(session.posargs or rooms))


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test except the slow ones and the journeys; further words go to pytest."""
    session.run("python", "-m", "pytest", *PARALLEL, "-m", "not slow and not journey", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests, and live the whole life of a voice on a tiny world."""
    session.run("python", "-m", "pytest", *PARALLEL, "-m", "slow or journey", *session.posargs)


@nox.session
def startup(session: nox.Session) -> None:
    """Measure ``amhctl --help``: the median of many runs must stay under 150 ms."""
    seconds = statistics.median(_help_seconds() for _ in range(STARTUP_RUNS))
    session.log(f"amhctl --help: median {seconds * 1000:.0f} ms of {STARTUP_RUNS} runs")
    if seconds >= STARTUP_SECONDS:
        session.error(f"slower than {STARTUP_SECONDS * 1000:.0f} ms: see `python -X importtime -m amhctl --help`")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed and memory of the bundled voice and codec on this machine."""
    session.run("amhctl", "bench", *session.posargs)


@nox.session
def tagger(session: nox.Session) -> None:
    """Train the gemination tagger from a list and a corpus, and write its table: ``nox -s tagger -- LIST CORPUS``."""
    session.run("python", "tools/train_tagger.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write docs/cli.md, config.md, findings.md and schemas/ from the code; fail if they had drifted."""
    session.run("python", "docs/generate.py", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """Build the documentation site into site/; anything doubtful, such as a broken link, is an error."""
    session.run("mkdocs", "build", "--strict", "--quiet", *session.posargs)


@nox.session
def constraints(session: nox.Session) -> None:
    """Write constraints.txt: the versions of this environment that amhctl and its extras need."""
    session.run("python", "tools/write_constraints.py", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Queue everything that must hold before a change is done."""
    for name in CHECKS:
        session.notify(name)


def _help_seconds() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "amhctl", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun

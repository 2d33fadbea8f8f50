"""The Dockerfile, as far as it can be checked without Docker: what it copies, installs, runs and asks for exists."""

import fnmatch
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from support.commands import leaf_commands
from support.services import served

from amhctl.web.addresses import is_loopback
from amhctl.workflows.serve import ServeRequest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "serve" / "Dockerfile"
IGNORE = FILE.with_name("Dockerfile.dockerignore")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KNOWN = {"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


def stages() -> list[list[tuple[str, str]]]:
    """Return the steps of each stage."""
    lines = FILE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for word, text in steps:
        if word == "FROM":
            found.append([])
        found[-1].append((word, " ".join(text.split())))
    return found


def values(steps: list[tuple[str, str]], word: str) -> list[str]:
    return [text for each, text in steps if each == word]


def test_every_step_is_one_that_docker_knows() -> None:
    assert {word for steps in stages() for word, _ in steps} <= KNOWN
    assert len(stages()) == 2


def test_both_stages_have_the_oldest_python_that_is_supported_and_the_first_a_compiler() -> None:
    build, image = (values(steps, "FROM")[0] for steps in stages())
    version = PROJECT["requires-python"].removeprefix(">=")
    # The slim image has no compiler, and some packages have no wheels.
    assert (build, image) == (f"python:{version} AS build", f"python:{version}-slim")


def test_what_is_installed_is_what_the_readme_and_the_constraints_say() -> None:
    build, image = stages()
    torch, package = [text for text in values(build, "RUN") if "pip install" in text]
    (wanted,) = re.findall(r"torch==[\d.]+", torch)
    assert wanted in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{wanted}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert package.endswith('--constraint constraints.txt ".[serve]"')
    assert "serve" in PROJECT["optional-dependencies"]
    assert not any("pip" in text for text in values(image, "RUN"))
    (folder,) = re.findall(r"python -m venv (\S+)", values(build, "RUN")[0])
    assert values(image, "COPY") == [f"--from=build {folder} {folder}"]
    assert values(build, "ENV") == values(image, "ENV") == [f'PATH="{folder}/bin:$PATH"']


def test_what_the_build_needs_is_copied_and_nothing_else() -> None:
    everything, *kept = IGNORE.read_text(encoding="utf-8").split()
    assert everything == "*"
    names = [line.removeprefix("!") for line in kept]
    assert all((ROOT / name).exists() for name in names)
    needed = ["pyproject.toml", "constraints.txt", "src", PROJECT["readme"], *PROJECT["license-files"]]
    assert sorted(names) == sorted(needed)
    assert not any(fnmatch.fnmatch(".git", name) for name in names)


def test_it_runs_as_somebody_without_rights_and_asks_for_a_key() -> None:
    _, image = stages()
    words = [word for word, _ in image]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in ("RUN", "COPY"))
    (user,) = values(image, "USER")
    assert user.isdigit()
    assert int(user) > 0
    assert f"--uid {user} " in values(image, "RUN")[0]
    command = json.loads(values(image, "CMD")[0])
    assert command == ["amhctl", "serve", "--host", "0.0.0.0"]
    assert command[0] in PROJECT["scripts"]
    assert "--host" in dict(leaf_commands())["serve"]
    # Whoever can reach it needs a key: without one, it does not start.
    assert not is_loopback(command[-1])
    assert values(image, "EXPOSE") == [str(ServeRequest().port)]


def test_its_health_check_knows_a_server_that_is_well_from_one_that_is_gone() -> None:
    _, image = stages()
    (check,) = values(image, "HEALTHCHECK")
    program = json.loads(check[check.index("[") :])
    assert program[:2] == ["python", "-c"]
    place = f"http://127.0.0.1:{ServeRequest().port}"
    assert place in program[2]

    def ask(url: str) -> int:
        code = program[2].replace(place, url)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode

    with served() as service:
        assert ask(service.url) == 0
    assert ask(service.url) != 0


def test_the_guide_builds_with_this_file() -> None:
    guide = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    assert "docker build -f docs/serve/Dockerfile " in guide

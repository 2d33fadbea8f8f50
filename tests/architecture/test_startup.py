"""Help loads nothing heavy, speaking only what it needs: what is loaded, in a process of its own for each command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import leaf_commands
from support.voices import tiny_voice_folder

HEAVY = {
    "PIL",
    "accelerate",
    "jinja2",
    "matplotlib",
    "numpy",
    "pydantic",
    "pydantic_settings",
    "ray",
    "rich",
    "safetensors",
    "scipy",
    "sentencepiece",
    "soundfile",
    "torch",
    "transformers",
    "transphone",
}
PROGRAM = """
import json, sys
from amhctl.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    loaded = sorted({name.split(".")[0] for name in sys.modules} | {n for n in sys.modules if n.startswith("amhctl.")})
    sys.stderr.write(json.dumps({"code": end.code, "loaded": loaded}))
"""
# The same for the help of many commands, each in a child process: starting Python once saves most of the time.
HELP = """
import contextlib, io, json, os, sys
from amhctl.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.stdout.flush()
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            main([*words.split(), "--help"])
    except SystemExit as end:
        ours = {name for name in sys.modules if name.startswith("amhctl.")}
        loaded = sorted(ours | {name.split(".")[0] for name in sys.modules})
        state = {"words": words, "code": end.code, "loaded": loaded, "printed": printed.getvalue()}
        print(json.dumps(state), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def helped() -> dict[str, dict[str, object]]:
    """Return what ``--help`` of each command prints and loads, by the command; each in a child of one bare process."""
    commands = ["", *(words for words, _ in leaf_commands())]
    process = subprocess.run(
        [sys.executable, "-c", HELP, json.dumps(commands)], capture_output=True, text=True, check=True
    )
    return {state["words"]: state for state in map(json.loads, process.stdout.splitlines())}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
@pytest.mark.parametrize("words", ["", *(words for words, _ in leaf_commands())])
def test_help_loads_nothing_heavy(words: str, helped: dict[str, dict[str, object]]) -> None:
    state = helped[words]
    loaded = state["loaded"]
    assert isinstance(loaded, list)
    assert state["code"] == 0
    assert f"Usage: amhctl {words}".strip() in str(state["printed"])
    assert HEAVY.isdisjoint(loaded)
    ours = {name for name in loaded if name.startswith("amhctl.")}
    rooms = {name.split(".")[1] for name in ours}
    # How many threads a process has must be settled before any library counts the processors.
    assert rooms == {"cli", "core", "devices"}
    assert {name for name in ours if name.startswith("amhctl.devices.")} == {"amhctl.devices.processors"}


def test_speaking_loads_nothing_that_only_training_needs(tmp_path: Path) -> None:
    """A shell script calls ``speak`` for every sentence: what it loads is what the caller waits for."""
    voice = tiny_voice_folder(tmp_path)
    words = ("speak", "ሰላም ዓለም", "-o", str(tmp_path / "o.wav"), "--voice", str(voice), "--json", "-q")
    process = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)
    state = json.loads(process.stderr)
    assert "amhctl.inference.voice" in state["loaded"]
    assert {"PIL", "jinja2", "defusedxml"}.isdisjoint(state["loaded"])
    only_for_training = {"accelerate", "einx", "sympy", "tensorboard", "transformers", "vector_quantize_pytorch"}
    assert only_for_training.isdisjoint(state["loaded"])
    assert not any(name.startswith("amhctl.training") for name in state["loaded"])
    # There is no project here, and nothing to resolve.
    assert {"amhctl.config.load", "amhctl.config.schema"}.isdisjoint(state["loaded"])

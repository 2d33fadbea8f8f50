"""Help loads nothing heavy, speaking only what it needs: what is loaded, in a process of its own for each command."""

import json
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


@pytest.mark.parametrize("words", [(), *(tuple(words.split()) for words, _ in leaf_commands())], ids=" ".join)
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--help"], capture_output=True, text=True, check=True
    )
    state = json.loads(process.stderr)
    assert state["code"] == 0
    assert "Usage: amhctl" in process.stdout
    assert HEAVY.isdisjoint(state["loaded"])
    ours = {name for name in state["loaded"] if name.startswith("amhctl.")}
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
    assert {"PIL", "jinja2"}.isdisjoint(state["loaded"])
    only_for_training = {"accelerate", "einx", "sympy", "tensorboard", "transformers", "vector_quantize_pytorch"}
    assert only_for_training.isdisjoint(state["loaded"])
    assert not any(name.startswith("amhctl.training") for name in state["loaded"])
    # There is no project here, and nothing to resolve.
    assert {"amhctl.config.load", "amhctl.config.schema"}.isdisjoint(state["loaded"])

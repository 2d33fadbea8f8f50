"""The weights of the trial compute by our names what they computed by theirs."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file

from amhctl.checkpoint.store import read_checkpoint
from amhctl.codec.vocoder_network import VocoderNetwork
from amhctl.config.vocoder import VocoderConfig

ROOT = Path(__file__).parents[2]
TRIAL = ROOT.parent / "shared" / "trial"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return load(ROOT / "tools" / "begin_from_trial.py")


@pytest.fixture(scope="module")
def trial() -> Path:
    if not (TRIAL / "vocoder.safetensors").is_file():
        pytest.skip("the weights of the trial are not beside this checkout")
    return TRIAL


def test_every_name_has_its_place(tool: ModuleType) -> None:
    network = VocoderNetwork(VocoderConfig(width=4, blocks=1))
    state = network.state_dict()
    places = {"enter": "i", "norm": "n", "head.project": "h"}
    parts = {"depthwise": "dw", "norm": "n", "expand": "a", "contract": "b"}
    theirs = {}
    for name, value in state.items():
        place, kind = name.rsplit(".", 1)
        if place in places:
            theirs[f"{places[place]}.{kind}"] = value
        elif kind == "scale":
            theirs["b.0.g"] = value
        else:
            theirs[f"b.0.{parts[place.split('.')[2]]}.{kind}"] = value
    mapped = tool.map_vocoder(theirs)
    assert set(mapped) == set(state)
    difference = state["head.project.bias"] - mapped["head.project.bias"]
    assert torch.allclose(difference, torch.tensor([2.0] * 321 + [0.0] * 321))


def test_our_vocoder_computes_what_the_trial_did(tool: ModuleType, trial: Path) -> None:
    weights = load_file(trial / "vocoder.safetensors")
    theirs = load(trial / "reference.py").Vocoder().eval()
    theirs.load_state_dict({name: value.float() for name, value in weights.items()})
    ours = VocoderNetwork(VocoderConfig()).eval()
    ours.load_state_dict(tool.map_vocoder(weights))
    torch.manual_seed(0)
    mel = torch.randn(1, 50, 80) * 1.5 - 6.0
    with torch.no_grad():
        expected = theirs(mel)
        torch.testing.assert_close(ours(mel), expected, atol=1e-6 * float(expected.abs().max()), rtol=0.0)


def test_it_writes_a_vocoder(tool: ModuleType, trial: Path, tmp_path: Path) -> None:
    manifest = tool.write_vocoder(trial, tmp_path / "v", name="begun")
    assert read_checkpoint(tmp_path / "v", kind="vocoder").manifest == manifest
    assert {licence.licence for licence in manifest.licences} == {"MIT"}

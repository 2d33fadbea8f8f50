"""How fast IndexTTS-2 speaks: ``tools/measure_indextts2.py``, on small networks."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from support.indextts2 import acoustic_parts
from support.official import official_shape

from amhctl.model.unified_voice import UnifiedVoice

TOOL = Path(__file__).parents[2] / "tools" / "measure_indextts2.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_indextts2", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_indextts2", module)
    spec.loader.exec_module(module)
    return module


def test_every_part_is_timed_and_told(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    model = UnifiedVoice(official_shape(30, features=16))
    parts = acoustic_parts(gpt_width=model.config.model_dim)
    found = tool.measure(model, parts, device="cpu", speech=0.5, prompt=1.0, steps=2)
    assert list(found.seconds) == ["codes", "second pass", "mel frames", "waveform"]
    assert all(seconds >= 0.0 for seconds in found.seconds.values())
    assert found.factor == pytest.approx(sum(found.seconds.values()) / 0.5)
    assert found.peak_gib > 0.0
    tool.report(found, as_json=True)
    assert json.loads(capsys.readouterr().out)["factor"] == found.factor
    tool.report(found, as_json=False)
    assert "0.5 s of speech, a prompt of 1 s, 2 steps" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_arithmetics_are_compared(tool: ModuleType) -> None:
    torch.manual_seed(0)
    model = UnifiedVoice(official_shape(30, features=16)).eval()
    codes, text = torch.zeros(1, 9, dtype=torch.long), torch.full((1, 4), 5)
    width = model.config.model_dim
    speaker = torch.randn(1, model.config.condition_num_latent, width), torch.zeros(1, width)
    with torch.inference_mode():
        exact = model.latent(text, codes, *speaker)
        tool.quantise(model.gpt)
        rounded = model.latent(text, codes, *speaker)
    assert 0.0 < float((rounded - exact).abs().max()) < 0.1 * float(exact.abs().max())
    for precision in ("bf16", "int8"):
        model = UnifiedVoice(official_shape(30, features=16))
        parts = acoustic_parts(gpt_width=width)
        settings = {"speech": 0.3, "prompt": 1.0, "steps": 1, "precision": precision}
        found = tool.measure(model, parts, device="cpu", clock=tool.processor_time, **settings)
        assert all(seconds >= 0.0 for seconds in found.seconds.values())
        assert found.precision == precision
        assert {each.dtype for each in parts.transformer.parameters()} == {torch.float32}


def test_official_networks_are_of_the_published_sizes(tool: ModuleType) -> None:
    with torch.device("meta"):
        parts = tool.official_parts()
    counts = [sum(each.numel() for each in part.parameters()) for part in (parts.projection, parts.vocoder)]
    assert counts[0] == 492_928
    assert 112_000_000 < counts[1] < 112_300_000

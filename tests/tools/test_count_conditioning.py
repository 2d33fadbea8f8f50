"""What share of a step frozen encoders take: ``tools/count_conditioning.py``, on a small shape."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.official import official_shape

TOOL = Path(__file__).parents[2] / "tools" / "count_conditioning.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("count_conditioning", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "count_conditioning", module)
    spec.loader.exec_module(module)
    return module


def test_encoders_take_less_of_a_longer_utterance_and_more_where_less_is_trained(tool: ModuleType) -> None:
    model = tool.build(official_shape(30, features=16))
    short, long = (tool.count(model, seconds=seconds, prompt=1.0, adapters=False) for seconds in (0.5, 1.0))
    assert short.encoders == long.encoders > 0
    assert short.share > long.share > 0.0
    adapted = tool.count(model, seconds=1.0, prompt=1.0, adapters=True)
    assert adapted.encoders == long.encoders
    # Products with weights: one forward, one for what comes in, and one for the weights that are trained.
    assert long.others / 2 < adapted.others < long.others
    assert tool.count(model, seconds=1.0, prompt=1.8, adapters=True).encoders > adapted.encoders

"""How fast ways to speak are: ``tools/compare_speed.py``."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "compare_speed.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_speed", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_text_warms_up_and_is_not_timed(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    said: list[str] = []

    def speak(text: str) -> float:
        said.append(text)
        clock[0] += 100.0 if len(said) == 1 else 1.0
        return 4.0

    monkeypatch.setattr(tool, "perf_counter", lambda: clock[0])
    assert tool.time_speaking(speak, ("a", "b")) == (0.25, 8.0)
    assert said == ["a", "a", "b"]

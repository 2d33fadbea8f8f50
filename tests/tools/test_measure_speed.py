"""How a voice follows a speed: ``tools/measure_speed.py``."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.voices import tiny_voice_folder

TOOL = Path(__file__).parents[2] / "tools" / "measure_speed.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_speed", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_speed", module)
    spec.loader.exec_module(module)
    return module


def test_each_text_has_a_line_of_its_own(tool: ModuleType) -> None:
    speeds_S = np.array([0.5, 1.0, 1.5, 2.0])
    seconds_NS = np.stack([4.0 / speeds_S, 9.0 / speeds_S**0.5, np.full(4, 7.0)])
    assert tool.fit_slopes(speeds_S.tolist(), seconds_NS).tolist() == pytest.approx([-1.0, -0.5, 0.0], abs=1e-12)


def test_a_voice_with_explicit_durations_follows(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("ሰላም ዓለም።\n\nአዲስ አበባ ትልቅ ከተማ ናት።\n", encoding="utf-8")
    voice = tiny_voice_folder(tmp_path / "told")
    monkeypatch.setattr(sys, "argv", ["measure_speed", str(voice), str(texts), "--speeds", "0.5", "1", "--json"])
    tool.main()
    found = json.loads(capsys.readouterr().out)
    assert found["speeds"] == [0.5, 1.0]
    assert (found["texts"], found["endless"]) == (2, 0)
    assert found["low"] <= found["slope"] <= found["high"]
    # The silence at the edges is cut to the same length at any speed, so that it is not quite -1.
    assert found["slope"] == pytest.approx(-1.0, abs=0.2)


def test_a_voice_that_was_told_no_speeds_cannot_be_measured(tool: ModuleType, tmp_path: Path) -> None:
    voice = tiny_voice_folder(tmp_path, alignment=False)
    with pytest.raises(SystemExit, match="fewer than two"):
        tool.measure(str(voice), ["ሰላም"], tool.SPEEDS, 0)

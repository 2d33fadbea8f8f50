"""How a voice sounds by how it draws: ``tools/measure_drawing.py``."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.speechlike import vowel_train
from support.voices import any_speech

from amhctl.corpus.records import Record
from amhctl.evaluation import textmatch
from amhctl.model.flow_sampling import FlowSampling

TOOL = Path(__file__).parents[2] / "tools" / "measure_drawing.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_drawing", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_drawing", module)
    spec.loader.exec_module(module)
    return module


def test_each_way_of_drawing_is_measured(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "SpeakOptions", lambda **given: replace(any_speech(), **given))
    voice = load_flow_voice(flow_voice_folder(tmp_path))
    records = [Record(id=str(n), audio="-", text=text, speaker="m02") for n, text in enumerate(("ሰላም", "ዓለም"))]
    cepstra = tuple(textmatch.cepstra(vowel_train(seconds=1.0, pitch=pitch)) for pitch in (100.0, 150.0))
    few, many = (tool.measure(voice, records, cepstra, FlowSampling(steps=steps), 1) for steps in (1, 12))
    for found in (few, many):
        assert 1.0 <= found.p808 <= 5.0
        assert 1.0 <= found.overall <= 5.0
        assert found.distance > 0.0
        assert 0.0 <= found.match <= 1.0
    assert few.distance != many.distance
    assert few.processor < many.processor

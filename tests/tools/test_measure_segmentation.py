"""Borders are compared with those of the clips: ``tools/measure_segmentation.py``."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from amhctl.audio.waveform import Waveform
from amhctl.recogniser.long_alignment import LongAlignment
from amhctl.recogniser.segmentation import Placement

TOOL = Path(__file__).parents[2] / "tools" / "measure_segmentation.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_segmentation", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_segmentation", module)
    spec.loader.exec_module(module)
    return module


def test_clips_lie_where_they_are_said_to_lie(tool: ModuleType) -> None:
    wave = Waveform(np.pad(np.full(8_000, 0.3, dtype=np.float32), 4_000), 16_000)
    joined, clips, sounds = tool.join([wave, wave], np.random.default_rng(0))
    for (begin, end), (first, last) in zip(clips, sounds, strict=True):
        assert np.array_equal(joined.samples[round(begin * 16_000) : round(end * 16_000)], wave.samples)
        assert (first - begin, end - last) == (pytest.approx(0.25), pytest.approx(0.25))


def test_distances_are_those_of_both_borders(tool: ModuleType) -> None:
    placement = Placement(np.array([55, 90]), np.array([56, 95]), np.zeros(2))
    alignment = LongAlignment((placement, None, placement), ())
    spans = [(1.0, 2.0), (3.0, 4.0), None]
    found, outside, missing = tool.distances(alignment, spans, [(1.0, 1.5), (3.0, 4.0), None])
    assert (found, outside, missing) == ([pytest.approx(0.1), pytest.approx(0.1)], 1, 1)

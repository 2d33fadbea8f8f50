"""Whether questions rise: ``tools/measure_questions.py``."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from amhctl.audio.waveform import Waveform

TOOL = Path(__file__).parents[2] / "tools" / "measure_questions.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_questions", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pulses(hertz: np.ndarray) -> Waveform:
    phase = np.cumsum(hertz / 16_000)
    samples = sum(np.sin(2 * np.pi * phase * harmonic) / harmonic for harmonic in range(1, 12))
    return Waveform((0.1 * samples).astype(np.float32), 16_000)  # type: ignore[union-attr]


@pytest.mark.parametrize("semitones", [3.0, -3.0])
def test_a_rise_is_told_in_semitones(tool: ModuleType, semitones: float) -> None:
    steady = np.full(16_000, 120.0)
    steady[-3_500:] *= 2.0 ** (semitones / 12.0)
    assert tool.rise(pulses(steady)) == pytest.approx(semitones, abs=0.3)


def test_too_little_speech_says_nothing(tool: ModuleType) -> None:
    assert tool.rise(pulses(np.full(4_000, 120.0))) is None
    assert tool.shown([1.0]) == "1 clips"
    assert tool.shown([1.0, 3.0]) == "+2.00 ± 1.00 semitones, 2 clips"

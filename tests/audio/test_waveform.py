import numpy as np
import pytest

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


def test_only_mono_float32_is_a_waveform() -> None:
    assert Waveform(np.zeros(8_000, dtype=np.float32), 16_000).duration == 0.5
    for samples, rate in (
        (np.zeros((2, 5), dtype=np.float32), 16_000),
        (np.zeros(5), 16_000),
        (np.zeros(5, dtype=np.float32), 0),
    ):
        with pytest.raises(AudioError):
            Waveform(samples, rate)  # type: ignore[arg-type]

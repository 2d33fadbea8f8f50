"""Twin of ``audio/enhancement.py``."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.enhancers import Gate
from support.speechlike import vowel_train

from amhctl.audio.enhancement import describe, enhance_waveform
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError


@dataclass(frozen=True)
class Times:
    """Multiplies by a number, at 48 kHz."""

    factor: float
    name: str = "Times"
    version: str = "2"
    fingerprint: str = "0123456789abcdef"
    sample_rate: int = 48_000

    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return samples * np.float32(self.factor)


@dataclass(frozen=True)
class Short(Times):
    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return samples[1:]


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("extra", [0, 1, 7])
def test_a_recording_of_any_rate_keeps_its_length_and_its_place(sample_rate: int, extra: int) -> None:
    waveform = vowel_train(seconds=0.5, sample_rate=sample_rate)
    waveform = replace(waveform, samples=np.pad(waveform.samples, (0, extra)))
    enhanced = enhance_waveform(waveform, Times(0.5))
    assert (enhanced.samples.size, enhanced.sample_rate) == (waveform.samples.size, sample_rate)
    assert enhanced.samples.dtype == np.float32
    # Half of it, where it was: what is over is far below the noise of 16 bits at half an hour's work of a resampler.
    middle = slice(sample_rate // 10, -sample_rate // 10)
    error = enhanced.samples[middle] - 0.5 * waveform.samples[middle]
    assert np.abs(error).max() < 0.02 * np.abs(waveform.samples).max()


def test_what_would_be_clipped_is_turned_down_as_a_whole() -> None:
    waveform = vowel_train(level=0.4)
    loud = enhance_waveform(waveform, Times(4.0)).samples
    assert np.abs(loud).max() == 1.0
    shape = enhance_waveform(waveform, Times(1.0)).samples
    assert np.corrcoef(loud, shape)[0, 1] > 1.0 - 1e-9


def test_an_enhancer_that_loses_a_sample_or_its_mind_is_refused() -> None:
    with pytest.raises(AudioError, match="samples for"):
        enhance_waveform(vowel_train(), Short(1.0))
    with pytest.raises(AudioError, match="not finite"):
        enhance_waveform(vowel_train(), Times(np.nan))


def test_an_enhancer_in_words() -> None:
    assert describe(Times(1.0)) == "Times 2 (0123456789ab)"


def test_a_silent_recording_stays_silent() -> None:
    silent = Waveform(np.zeros(8_000, dtype=np.float32), 16_000)
    assert not enhance_waveform(silent, Gate(None)).samples.any()

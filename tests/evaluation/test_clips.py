"""Trimming keeps the speech and drops the silence."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation.clips import ANALYSIS_RATE, at_analysis_rate, trim


def test_silent_edges_are_cut() -> None:
    speech = vowel_train(seconds=1.0)
    trimmed = trim(between_silences(speech, before=0.5, after=0.7))
    assert trimmed.duration == pytest.approx(1.0, abs=0.08)


def test_speech_without_edges_stays_whole() -> None:
    speech = vowel_train(seconds=0.73)
    np.testing.assert_array_equal(trim(speech).samples, speech.samples)


def test_other_rates_come_to_the_analysis_rate() -> None:
    assert at_analysis_rate(vowel_train(sample_rate=22_050)).sample_rate == ANALYSIS_RATE


def test_silence_is_refused() -> None:
    with pytest.raises(EvaluationError, match="silent"):
        trim(Waveform(np.zeros(16_000, dtype=np.float32), 16_000))

"""PESQ and STOI: best for an exact copy, lower with noise, refused where they cannot be computed."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation.fidelity import compare


def test_an_exact_copy_is_best_and_noise_is_worse() -> None:
    clip = vowel_train(seconds=1.5)
    noise = np.random.default_rng(0).normal(0.0, 0.05, clip.samples.size)
    exact = compare(clip, clip)
    noisy = compare(clip, Waveform((clip.samples + noise).astype(np.float32), clip.sample_rate))
    assert exact.pesq > 4.5
    assert exact.stoi == pytest.approx(1.0, abs=1e-6)
    assert noisy.pesq < exact.pesq
    assert noisy.stoi < exact.stoi


def test_padding_at_the_end_of_the_copy_is_cut() -> None:
    clip = vowel_train(seconds=1.0)
    padded = Waveform(np.pad(clip.samples, (0, 300)), clip.sample_rate)
    assert compare(clip, padded) == compare(clip, clip)


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.ones(100)])
def test_clips_without_speech_are_refused(samples: np.ndarray) -> None:
    clip = Waveform(samples.astype(np.float32), 16_000)
    with pytest.raises(EvaluationError):
        compare(clip, clip)

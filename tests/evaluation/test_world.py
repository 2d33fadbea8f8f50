"""WORLD's pitch on a known pitch, and the mel-cepstrum on spectra whose cepstrum is known."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation import world


def test_pitch_of_a_voice_is_found() -> None:
    analysis = world.analyse(vowel_train(pitch=140.0))
    voiced = analysis.pitch_S[analysis.pitch_S > 0]
    assert np.median(voiced) == pytest.approx(140.0, rel=0.1)
    assert analysis.cepstra_SC.shape == (analysis.pitch_S.size, 25)


def test_without_warping_the_cepstrum_is_the_plain_one() -> None:
    frequencies = np.linspace(0.0, np.pi, 513)
    log_amplitude = 0.3 + 0.5 * np.cos(frequencies) - 0.2 * np.cos(3 * frequencies)
    cepstra = world.mel_cepstra(np.exp(2.0 * log_amplitude)[None], order=4, warping=0.0)
    np.testing.assert_allclose(cepstra[0], [0.3, 0.5, 0.0, -0.2, 0.0], atol=1e-12)


def test_warped_cepstrum_gives_the_spectrum_on_the_warped_axis() -> None:
    frequencies = np.linspace(0.0, np.pi, 513)
    log_amplitude = 0.5 * np.cos(frequencies) + 0.25 * np.cos(2 * frequencies)
    warping = 0.42
    cepstra = world.mel_cepstra(np.exp(2.0 * log_amplitude)[None], order=40, warping=warping)[0]
    warped_axis = frequencies + 2.0 * np.arctan2(warping * np.sin(frequencies), 1.0 - warping * np.cos(frequencies))
    rebuilt = sum(value * np.cos(degree * warped_axis) for degree, value in enumerate(cepstra))
    np.testing.assert_allclose(rebuilt, log_amplitude, atol=1e-6)


def test_a_gain_moves_only_the_level_coefficient() -> None:
    clip = vowel_train(seconds=0.4)
    loud = Waveform((clip.samples * np.float32(2.0)).astype(np.float32), clip.sample_rate)
    one, other = world.analyse(clip).cepstra_SC, world.analyse(loud).cepstra_SC
    np.testing.assert_allclose(one[:, 1:], other[:, 1:], atol=0.02)
    np.testing.assert_allclose(other[:, 0] - one[:, 0], np.log(2.0), atol=0.02)


def test_other_rates_and_snippets_are_refused() -> None:
    with pytest.raises(EvaluationError, match="16000"):
        world.analyse(vowel_train(sample_rate=22_050))
    with pytest.raises(EvaluationError, match="too short"):
        world.analyse(Waveform(np.zeros(100, dtype=np.float32), 16_000))

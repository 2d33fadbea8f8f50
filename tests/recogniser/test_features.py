"""Features of speech: what Whisper takes, computed here another way."""

import numpy as np
import pytest
import torch
from support.speechlike import vowel_train

from amhctl.audio.mel import mel_filterbank
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError
from amhctl.recogniser.features import BANDS, HOP_SAMPLES, SAMPLE_RATE, SHORTEST_SAMPLES, speech_features


@pytest.mark.parametrize("size", [400, 401, 16_000, 20_079, 20_080])
def test_they_are_the_formula_of_whisper(size: int) -> None:
    samples = vowel_train(seconds=1.3).samples[:size]
    spectrum_KT = torch.stft(
        torch.from_numpy(samples), 400, 160, window=torch.hann_window(400), return_complex=True, pad_mode="reflect"
    )
    power_KT = spectrum_KT[:, :-1].abs().square().double().numpy()
    filters_KF = mel_filterbank(MelConfig(fft_samples=400, window_samples=400, hop_samples=160, bins=80))
    logarithm_TF = np.log10(np.maximum(power_KT.T @ filters_KF, 1e-10))
    wanted = (np.maximum(logarithm_TF, logarithm_TF.max() - 8.0) + 4.0) / 4.0
    found = speech_features(samples)
    assert found.dtype == np.float32
    assert found.shape == (size // HOP_SAMPLES, BANDS) == (size // 160, 80)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_ten_times_the_amplitude_is_half_a_unit_more() -> None:
    samples = vowel_train(seconds=1.0, level=0.05).samples
    np.testing.assert_allclose(speech_features(10.0 * samples), speech_features(samples) + 0.5, atol=1e-4)


def test_silence_is_the_lowest_power_everywhere() -> None:
    np.testing.assert_allclose(speech_features(np.zeros(1_600, np.float32)), np.full((10, 80), -1.5), atol=1e-6)


def test_a_recording_shorter_than_a_window_is_refused() -> None:
    assert len(speech_features(np.zeros(SHORTEST_SAMPLES, np.float32))) == 2
    with pytest.raises(AudioError, match="399 samples; a recogniser needs at least 400") as caught:
        speech_features(np.zeros(SHORTEST_SAMPLES - 1, np.float32))
    assert caught.value.hint
    assert SHORTEST_SAMPLES / SAMPLE_RATE == 0.025

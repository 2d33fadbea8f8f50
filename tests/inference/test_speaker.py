"""Prompts: features of a clip at any level and rate; unusable clips are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.speechlike import vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.codes.preparation import Preparation
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.config.mel import MelConfig
from amhctl.core.errors import SynthesisError
from amhctl.core.units import SPEECH_LEVEL
from amhctl.inference.speaker import features_of


def test_features_do_not_depend_on_the_level() -> None:
    mel = MelConfig()
    clip = vowel_train(seconds=1.0)
    quiet = Waveform((clip.samples * np.float32(0.1)).astype(np.float32), clip.sample_rate)
    torch.testing.assert_close(features_of(clip, mel), features_of(quiet, mel), atol=1e-3, rtol=0)
    assert features_of(clip, mel).shape == (51, mel.bins)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
def test_a_reference_is_heard_as_the_clips_of_training_are(sample_rate: int) -> None:
    """By one way to level, rate and log-mel: to the last bit that a store keeps, whatever the recording's rate."""
    clip = vowel_train(seconds=1.0, sample_rate=sample_rate)
    for level in (SPEECH_LEVEL, -31.0):
        trained = Preparation(Path(), 16_000, MelConfig(), level).features(clip)
        assert np.array_equal(features_of(clip, MelConfig(), level=level).numpy().astype(np.float16), trained)


def test_long_references_are_cut_and_other_rates_converted() -> None:
    assert features_of(vowel_train(seconds=17.0, sample_rate=8_000), MelConfig()).shape[0] == 15 * 50 + 1


def test_a_speech_encoder_hears_the_same_clip() -> None:
    heard: list[np.ndarray] = []

    def encode_speech(samples: np.ndarray) -> np.ndarray:
        heard.append(samples)
        return np.full((3, 5), 0.5, np.float32)

    config = SpeechEncoderConfig(
        layer=17, width=5, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint="e" * 64
    )
    clip = vowel_train(seconds=17.0, sample_rate=8_000)
    assert torch.equal(features_of(clip, config, encode_speech), torch.full((3, 5), 0.5))
    assert heard[0].size == 15 * 16_000
    with pytest.raises(SynthesisError, match="speech encoder, which is not given"):
        features_of(clip, config)

import numpy as np
import pytest
import torch
from support.speechlike import vowel_train

from amhctl.audio.mel import log_mel, mel_filterbank, mfcc
from amhctl.config.mel import MelConfig
from amhctl.nn import spectral

_CONFIG = MelConfig()


def test_the_filterbank_is_that_of_the_networks() -> None:
    ours = mel_filterbank(_CONFIG)
    theirs = spectral.mel_filterbank(sample_rate=16_000, fft_samples=1_024, bins=100, low_hertz=0.0, high_hertz=8_000.0)
    assert np.array_equal(ours, theirs.numpy())


@pytest.mark.parametrize("samples", [1, 2, 319, 320, 321, 16_000])
def test_frames_are_one_more_than_whole_hops(samples: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    result = log_mel(noise, _CONFIG)
    assert result.shape == (1 + samples // 320, 100)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()


def test_silence_lies_at_the_floor_and_gain_is_an_addition() -> None:
    assert np.allclose(log_mel(np.zeros(4_000, dtype=np.float32), _CONFIG), np.log(1e-5))
    samples = vowel_train().samples
    shift = log_mel(samples * 2, _CONFIG) - log_mel(samples, _CONFIG)
    assert np.allclose(shift, np.log(2.0), atol=1e-2)


@pytest.mark.parametrize("samples", [1, 300, 511, 513, 1_024, 4_000, 16_123])
@pytest.mark.parametrize(
    "config",
    [
        pytest.param(MelConfig(), id="features"),
        pytest.param(MelConfig(fft_samples=512, window_samples=400, hop_samples=160, bins=40), id="short window"),
    ],
)
def test_it_is_that_of_the_networks_to_the_edges_of_a_clip(config: MelConfig, samples: int) -> None:
    """Speech that begins and ends at full strength, where what is taken for the samples beyond shows most."""
    clip = vowel_train(seconds=2.0).samples[-samples:] + np.float32(0.05)
    theirs = spectral.LogMel(**config.model_dump())(torch.from_numpy(clip)[None])[0].numpy()
    ours = log_mel(clip, config)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-3


def test_blocks_do_not_show() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 5_000 * 8).astype(np.float32)
    config = MelConfig(fft_samples=64, window_samples=64, hop_samples=8, bins=10)
    whole = log_mel(noise, config)
    tail = log_mel(noise[4_000 * 8 :], config)
    assert np.allclose(whole[4_500:4_900], tail[500:900], atol=1e-5)


def test_cepstra_separate_level_from_timbre() -> None:
    samples = vowel_train().samples
    one, other = mfcc(samples, _CONFIG), mfcc(samples * 0.5, _CONFIG)
    assert one.shape[1] == 13
    assert np.abs(one[:, 1:] - other[:, 1:]).max() < 0.05
    assert np.allclose(one[:, 0] - other[:, 0], np.log(2.0) * 10.0, atol=0.05)

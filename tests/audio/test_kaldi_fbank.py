"""Kaldi's log-mel energies: the published numbers, in both uses."""

import numpy as np
import pytest
from support.acoustics import numbers

from amhctl.audio.kaldi_fbank import kaldi_fbank
from amhctl.core.errors import AudioError


def test_numbers_are_the_published_ones() -> None:
    energies_TF = kaldi_fbank(numbers()["front.wave_16k"][0].numpy())
    wanted_TF = numbers()["front.fbank"].numpy()
    assert energies_TF.dtype == np.float32
    assert energies_TF.shape == wanted_TF.shape
    # Near silence rounding is large: there the logarithm is steep.
    assert np.abs(energies_TF - wanted_TF).max() < 2e-3


def test_the_features_of_w2v_bert_are_these_energies_at_another_scale() -> None:
    """Each bin at mean 0 and deviation 1 over time, two frames side by side."""
    energies_TF = kaldi_fbank(32_768.0 * numbers()["front.wave_16k"][0, :12_640].numpy())  # type: ignore[arg-type]
    standard_TF = (energies_TF - energies_TF.mean(axis=0)) / np.sqrt(energies_TF.var(axis=0, ddof=1) + 1e-7)
    wanted_UW = numbers()["front.w2v_input_features"][0].numpy()
    pairs = len(standard_TF) // 2
    assert np.abs(standard_TF[: 2 * pairs].reshape(pairs, -1) - wanted_UW[:pairs]).max() < 1e-3
    assert numbers()["front.w2v_attention_mask"].sum() == pairs


def test_a_frame_knows_only_its_samples() -> None:
    noise = np.random.default_rng(0).normal(size=2_000).astype(np.float32)
    assert kaldi_fbank(noise).shape == (11, 80)
    np.testing.assert_allclose(kaldi_fbank(noise[480 : 480 + 400])[0], kaldi_fbank(noise)[3], rtol=1e-5)
    np.testing.assert_allclose(kaldi_fbank(10.0 * noise) - kaldi_fbank(noise), np.log(100.0), atol=1e-3)


def test_less_than_a_frame_is_refused() -> None:
    assert kaldi_fbank(np.ones(400, dtype=np.float32)).shape == (1, 80)
    with pytest.raises(AudioError, match="399 samples are less than one frame of 400"):
        kaldi_fbank(np.ones(399, dtype=np.float32))

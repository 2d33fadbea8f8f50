"""The spectrogram of a prompt: the published numbers."""

import numpy as np
import pytest
import torch
from support.acoustics import far, numbers

from amhctl.audio.mel import mel_filterbank
from amhctl.codec.indextts2.spectrogram import MEL, prompt_mel
from amhctl.core.errors import AudioError


def test_numbers_are_the_published_ones() -> None:
    mel_FT = prompt_mel(numbers()["front.wave_22k"][0].numpy())
    assert mel_FT.dtype == np.float32
    assert far(torch.from_numpy(mel_FT)[None], numbers()["front.mel"]) < 1e-3
    assert far(torch.from_numpy(mel_filterbank(MEL).T.copy()), numbers()["front.mel_filterbank"]) < 1e-7


def test_it_has_a_frame_for_each_whole_hop() -> None:
    noise = np.random.default_rng(0).normal(size=2_000).astype(np.float32)
    assert [prompt_mel(noise[:size]).shape for size in (385, 512, 1_023, 1_024)] == [(80, 1), (80, 2), (80, 3), (80, 4)]
    with pytest.raises(AudioError, match="384 samples are too few for a spectrogram, which needs 385"):
        prompt_mel(noise[:384])


def test_silence_is_at_the_floor() -> None:
    assert np.allclose(prompt_mel(np.zeros(4_096, dtype=np.float32)), np.log(1e-5), atol=3.0)

"""Twin of ``pages/spectrogram.py``: the pixels of the picture are the values of the spectrogram."""

import io

import numpy as np
from PIL import Image
from support.speechlike import vowel_train

from amhctl.audio.mel import log_mel
from amhctl.config.mel import MelConfig
from amhctl.pages.spectrogram import spectrogram_png

_MEL = MelConfig(sample_rate=16_000, fft_samples=512, window_samples=400, hop_samples=160, bins=80)


def test_a_pixel_is_the_colour_of_its_value() -> None:
    clip = vowel_train(seconds=1.0)
    picture = Image.open(io.BytesIO(spectrogram_png(clip)))
    assert (picture.format, picture.mode) == ("PNG", "P")
    # A hundred columns a second, and a row for each band, the lowest at the foot.
    assert picture.size == (101, 80)
    mel_TF = log_mel(clip.samples, _MEL)
    levels_TF = np.clip((mel_TF - mel_TF.max()) / 8.0 + 1.0, 0.0, 1.0) * 255.0
    pixels_HW = np.asarray(picture)[::-1].T
    np.testing.assert_allclose(pixels_HW, levels_TF, atol=0.501)
    assert pixels_HW.max() == 255


def test_colours_go_from_black_to_pale_yellow_and_grow_lighter() -> None:
    picture = Image.open(io.BytesIO(spectrogram_png(vowel_train(seconds=1.0))))
    palette = np.array(picture.getpalette(), dtype=np.int64).reshape(-1, 3)
    assert palette.shape == (256, 3)
    assert palette[[0, 51, 102, 153, 204, 255]].tolist() == [
        [0, 0, 4], [59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 253, 191],
    ]  # fmt: skip
    assert np.all(np.diff(palette @ [299, 587, 114]) > 0)

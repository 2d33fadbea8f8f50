"""The distance by which codecs and vocoders are trained."""

import numpy as np
import pytest
import torch

from amhctl.training.mel_distance import LONGEST_WINDOW, MelDistance


def test_the_distance_is_nothing_between_equals() -> None:
    distance = MelDistance(16_000)
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (1, 8_000)).astype(np.float32))
    assert float(distance(noise, noise)) == 0.0
    assert float(distance(noise, 2 * noise)) == pytest.approx(np.log(2.0), rel=0.02)


def test_its_longest_window_is_that_of_its_scales() -> None:
    assert max(scale.window_samples for scale in MelDistance(24_000).scales) == LONGEST_WINDOW  # type: ignore[type-var]

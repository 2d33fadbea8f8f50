"""Segments: by their seed alone, in proportion to length, never beyond full scale."""

import numpy as np
import torch

from amhctl.training.codec_material import sample_segments

CLIPS = [np.full(1_000, 0.1, np.float32), np.full(9_000, 0.2, np.float32), np.full(50, 0.3, np.float32)]


def test_the_same_seed_draws_the_same_segments() -> None:
    one = sample_segments(CLIPS, count=8, size=200, gain=6.0, seed=3)
    assert torch.equal(one, sample_segments(CLIPS, count=8, size=200, gain=6.0, seed=3))
    assert not torch.equal(one, sample_segments(CLIPS, count=8, size=200, gain=6.0, seed=4))


def test_a_clip_is_drawn_in_proportion_to_its_length() -> None:
    drawn = sample_segments(CLIPS, count=2_000, size=200, gain=0.0, seed=0)[:, 0]
    assert abs(float((drawn == 0.2).float().mean()) - 9_000 / 10_050) < 0.03


def test_short_clips_end_in_zeros_and_gain_stays_within_full_scale() -> None:
    drawn = sample_segments(CLIPS[2:], count=4, size=200, gain=40.0, seed=0)
    assert not drawn[:, 50:].any()
    assert float(drawn.abs().max()) <= 1.0
    assert len({float(row[0]) for row in drawn}) > 1

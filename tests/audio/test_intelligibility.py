"""Twin of ``audio/intelligibility.py``."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.intelligibility import intelligibility

_SPEECH = vowel_train(seconds=1.5).samples


def test_what_is_unchanged_is_intelligible() -> None:
    assert intelligibility(_SPEECH, _SPEECH, 16_000) == pytest.approx(1.0)
    noise = np.random.default_rng(0).normal(0.0, 0.2, _SPEECH.size).astype(np.float32)
    understood = intelligibility(_SPEECH, noise, 16_000)
    assert understood is not None
    assert understood < 0.5


@pytest.mark.parametrize("count", [0, 1, 100, 640, 4_000, 7_999])
def test_of_a_short_clip_nothing_is_said(count: int) -> None:
    assert intelligibility(_SPEECH[:count], _SPEECH[:count], 16_000) is None


def test_of_a_clip_that_is_nearly_silent_nothing_is_said() -> None:
    clip = np.zeros(32_000, dtype=np.float32)
    clip[:2_000] = _SPEECH[8_000:10_000]
    assert intelligibility(clip, clip, 16_000) is None

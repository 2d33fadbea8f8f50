"""A clip finds its own recording, and a set of one cannot be matched."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation import textmatch


def test_each_clip_is_nearest_to_its_own_recording_at_another_pitch_level_and_noise() -> None:
    natural = tuple(textmatch.cepstra(vowel_train(seed=seed)) for seed in range(4))
    for index in range(4):
        again = between_silences(vowel_train(seed=index, pitch=125.0, level=0.05))
        match = textmatch.match(textmatch.cepstra(again), natural, index)
        assert match.matched
        assert match.own < match.nearest_other <= match.mean_other
        assert not textmatch.match(textmatch.cepstra(again), natural, (index + 1) % 4).matched


def test_cepstra_have_no_mean() -> None:
    np.testing.assert_allclose(textmatch.cepstra(vowel_train()).mean(axis=0), np.zeros(13), atol=1e-9)


def test_a_tie_is_no_match() -> None:
    clip = textmatch.cepstra(vowel_train())
    assert not textmatch.match(clip, (clip, clip), 0).matched


def test_one_recording_is_too_few() -> None:
    clip = textmatch.cepstra(vowel_train())
    with pytest.raises(EvaluationError, match="two recordings"):
        textmatch.match(clip, (clip,), 0)


def test_silence_has_no_cepstra() -> None:
    with pytest.raises(EvaluationError, match="silent"):
        textmatch.cepstra(Waveform(np.zeros(16_000, dtype=np.float32), 16_000))

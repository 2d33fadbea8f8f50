"""The speaker encoder: unit vectors, the same clip is the same voice, other voices are farther."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.codec.speaker_encoder import SpeakerEncoder
from amhctl.evaluation.similarity import similarity


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


def test_embeddings_are_unit_vectors_and_repeatable(encoder: SpeakerEncoder) -> None:
    clip = vowel_train(seconds=2.5)
    vector = encoder.embed(clip)
    assert vector.shape == (256,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(vector, encoder.embed(clip))
    assert similarity(vector, vector) == pytest.approx(1.0, abs=1e-6)


def test_silence_around_a_clip_does_not_change_the_voice_but_another_pitch_does(encoder: SpeakerEncoder) -> None:
    voice = encoder.embed(vowel_train(seconds=2.0))
    padded = encoder.embed(between_silences(vowel_train(seconds=2.0)))
    other = encoder.embed(vowel_train(seconds=2.0, pitch=230.0, seed=9))
    assert similarity(voice, padded) > 0.95 > similarity(voice, other)

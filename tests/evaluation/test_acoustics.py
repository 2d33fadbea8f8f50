"""Distances to a recording: none to itself, the known one where a change is known."""

import math

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.evaluation.acoustics import compare


def test_a_clip_is_at_no_distance_from_itself() -> None:
    clip = vowel_train()
    distance = compare(clip, clip)
    assert (distance.mcd, distance.log_f0_rmse, distance.duration_ratio) == (0.0, 0.0, 1.0)


def test_silence_around_a_clip_changes_nothing_much() -> None:
    clip = vowel_train()
    distance = compare(clip, between_silences(clip))
    assert distance.mcd < 1.0
    assert distance.duration_ratio == pytest.approx(1.0, abs=0.06)


def test_a_higher_pitch_shows_as_its_logarithm() -> None:
    distance = compare(vowel_train(pitch=100.0), vowel_train(pitch=120.0))
    assert distance.log_f0_rmse == pytest.approx(math.log(1.2), abs=0.06)


def test_other_syllables_are_farther_than_the_same_at_another_pitch() -> None:
    clip = vowel_train(seed=1)
    assert compare(clip, vowel_train(seed=2)).mcd > compare(clip, vowel_train(seed=1, pitch=116.0)).mcd


def test_pitch_is_left_out_where_nothing_is_voiced() -> None:
    noise = Waveform(np.random.default_rng(0).normal(0.0, 0.1, 16_000).astype(np.float32), 16_000)
    assert compare(noise, noise).log_f0_rmse is None or compare(noise, noise).log_f0_rmse == 0.0
    assert compare(noise, vowel_train(seconds=1.0)).log_f0_rmse is None


def test_the_spread_of_pitch_is_the_speakers_and_not_the_pitch() -> None:
    high = compare(vowel_train(pitch=110.0), vowel_train(pitch=165.0))
    assert high.log_f0_spread == pytest.approx(high.natural_log_f0_spread, rel=0.1)
    still = Waveform(np.sin(2 * np.pi * 150.0 * np.arange(16_000) / 16_000).astype(np.float32), 16_000)
    flat = compare(vowel_train(), still)
    assert flat.log_f0_spread is not None
    assert flat.natural_log_f0_spread is not None
    assert flat.log_f0_spread < 0.2 * flat.natural_log_f0_spread


def test_both_lengths_are_those_without_the_edges() -> None:
    clip = vowel_train(seconds=1.2)
    distance = compare(clip, between_silences(vowel_train(seconds=2.4)))
    assert distance.natural_seconds == pytest.approx(1.2, abs=0.06)
    assert distance.seconds == pytest.approx(2.4, abs=0.06)
    assert distance.duration_ratio == distance.seconds / distance.natural_seconds

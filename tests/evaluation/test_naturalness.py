"""DNSMOS runs on any clip and prefers a clean one; its note is on the label."""

import numpy as np
from support.speechlike import vowel_train

from amhctl.audio.waveform import Waveform
from amhctl.evaluation import naturalness


def test_scores_lie_on_their_scale_and_noise_lowers_the_background() -> None:
    clip = vowel_train(seconds=1.5)
    noise = np.random.default_rng(0).normal(0.0, 0.1, clip.samples.size)
    clean = naturalness.score(clip)
    noisy = naturalness.score(Waveform((clip.samples + noise).astype(np.float32), clip.sample_rate))
    assert all(0.5 < value < 5.0 for value in (clean.overall, clean.signal, clean.background, clean.p808))
    assert noisy.background < clean.background


def test_the_label_says_what_it_is_not() -> None:
    assert naturalness.NOTE == "not validated for Amharic"


def test_windows_that_do_not_overlap_are_each_scored_once() -> None:
    clip = vowel_train(seconds=20.0)
    size = 144_160
    halves = [naturalness.score(Waveform(clip.samples[begin : begin + size], 16_000)) for begin in (0, size)]
    apart = naturalness.score_apart(clip)
    assert apart.p808 == np.mean([half.p808 for half in halves])
    assert apart.overall == np.mean([half.overall for half in halves])
    short = Waveform(clip.samples[:50_000], 16_000)
    assert naturalness.score_apart(short) == naturalness.score(Waveform(np.resize(short.samples, size), 16_000))

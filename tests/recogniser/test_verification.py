"""Whether a recording says a text: forward probabilities by brute force, and what each way of spoiling shows."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from amhctl.recogniser.labels import BLANK, BORDER, LABELS, join_words
from amhctl.recogniser.verification import text_log_probabilities, verify

Words = list[tuple[int, ...]]
WORDS: Words = [(4, 9, 6), (12, 5, 20, 7), (30, 8)]


def _random(frames: int, labels: int, seed: int = 0) -> NDArray[np.float32]:
    logits = np.random.default_rng(seed).normal(size=(frames, labels))
    values: NDArray[np.float32] = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    return values


def _said(labels: tuple[int, ...], *, sure: float = 0.95, frames: int = 2) -> NDArray[np.float32]:
    """Return the log-probabilities of a recording that says labels, each in some frames and a blank after it."""
    path = [frame for label in labels for frame in (*[label] * frames, BLANK)]
    chances = np.full((len(path), len(LABELS)), (1.0 - sure) / (len(LABELS) - 1))
    chances[np.arange(len(path)), path] = sure
    return np.log(chances).astype(np.float32)


def _brute_force(values: NDArray[np.float32], text: tuple[int, ...]) -> float:
    total = -math.inf
    for path in itertools.product(range(values.shape[1]), repeat=len(values)):
        joined = [label for place, label in enumerate(path) if place == 0 or label != path[place - 1]]
        if tuple(label for label in joined if label != BLANK) == text:
            total = np.logaddexp(total, sum(float(values[frame, label]) for frame, label in enumerate(path)))
    return total


def test_probabilities_are_sums_over_all_paths() -> None:
    values = _random(5, 3)
    texts = [(1, 2), (1, 1), (), (2,), (1, 2, 1, 2, 1), (1, 1, 1, 1)]
    found = text_log_probabilities(values, texts)
    for text, each in zip(texts, found, strict=True):
        assert each == pytest.approx(_brute_force(values, text), rel=1e-6)
    assert found[-1] == -np.inf


def test_many_texts_are_as_each_alone() -> None:
    values = _random(30, len(LABELS), seed=3)
    texts = [join_words(WORDS), (4,), join_words(WORDS[:2]), tuple(range(2, 25))]
    together = text_log_probabilities(values, texts)
    assert [float(text_log_probabilities(values, [text])[0]) for text in texts] == together.tolist()


def test_speech_that_says_its_text_fits() -> None:
    fit = verify(_said(join_words(WORDS)), WORDS)
    assert fit.fit > -0.05
    assert max(fit.missing, fit.repeated, fit.cut) < 0.0
    assert fit.added == 0.0


def test_a_missing_word_is_found() -> None:
    fit = verify(_said(join_words([WORDS[0], WORDS[2]])), WORDS)
    assert fit.missing > 1.0
    assert fit.missing_word == 1
    assert fit.repeated < 0.0


def test_a_repeated_word_is_found() -> None:
    fit = verify(_said(join_words([WORDS[0], WORDS[1], WORDS[1], WORDS[2]])), WORDS)
    assert fit.repeated > 1.0
    assert fit.repeated_word == 1
    assert fit.added > 0.4


def test_a_cut_end_is_found() -> None:
    whole = join_words(WORDS)
    fit = verify(_said(whole[:-6]), WORDS)
    assert fit.cut > 4.0


def test_another_text_does_not_fit() -> None:
    other = [(20, 21), (33, 5, 31, 5), (25, 3, 16)]
    assert verify(_said(join_words(other)), WORDS).fit < -2.0
    assert verify(_said((BORDER,) * 3, frames=8), WORDS).fit < -2.0


def test_a_text_that_is_too_long_for_the_recording_does_not_fit() -> None:
    assert verify(_said((4, 9)), WORDS).fit == -np.inf


def test_one_word_can_be_verified() -> None:
    fit = verify(_said(WORDS[0]), WORDS[:1])
    assert fit.missing == -np.inf
    assert fit.fit > -0.05

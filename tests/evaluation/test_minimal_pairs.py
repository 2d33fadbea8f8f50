"""Minimal pairs: which words make one, in which order, and what counts as told apart."""

import numpy as np
import pytest
from numpy.typing import NDArray

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.minimal_pairs import (
    CONTRASTS,
    MinimalPair,
    PairResult,
    by_contrast,
    find_pairs,
    score_pair,
    shown,
)
from amhctl.recogniser.labels import BLANK, LABELS, NUMBERS
from amhctl.recogniser.words import Labels, WordList


def _sound(*phones: str) -> Labels:
    return tuple(NUMBERS[phone] for phone in phones)


SOUNDS = {
    "ምርት": _sound("m", "ɨ", "r", "t"),
    "ምርጥ": _sound("m", "ɨ", "r", "tʼ"),
    "ምርክ": _sound("m", "ɨ", "r", "k"),
    "ምርቅ": _sound("m", "ɨ", "r", "kʼ"),
    "ቀረት": _sound("kʼ", "ə", "r", "ə", "t"),
    "ቀረጥ": _sound("kʼ", "ə", "r", "ə", "tʼ"),
    "ት": _sound("t"),
    "ጥ": _sound("tʼ"),
}
COUNTS = {"ምርት": 50, "ምርጥ": 40, "ምርክ": 30, "ምርቅ": 3, "ቀረት": 20, "ቀረጥ": 10, "ት": 90, "ጥ": 80}


def _said(sound: Labels) -> NDArray[np.float32]:
    path = [frame for label in sound for frame in (label, label, BLANK)]
    chances = np.full((len(path), len(LABELS)), 1e-3)
    chances[np.arange(len(path)), path] = 0.9
    return np.log(chances).astype(np.float32)


def test_pairs_come_in_turn_for_each_contrast_and_the_most_frequent_first() -> None:
    pairs = find_pairs(WordList(COUNTS, SOUNDS), 10)
    assert [pair.words for pair in pairs] == [("ምርክ", "ምርቅ"), ("ምርት", "ምርጥ"), ("ቀረት", "ቀረጥ")]
    assert [pair.contrast for pair in pairs] == [("k", "kʼ"), ("t", "tʼ"), ("t", "tʼ")]
    assert find_pairs(WordList(COUNTS, SOUNDS), 2) == pairs[:2]


def test_the_words_of_a_pair_differ_in_one_phone() -> None:
    for pair in find_pairs(WordList(COUNTS, SOUNDS), 10):
        differing = [(a, b) for a, b in zip(*pair.sounds, strict=True) if a != b]
        assert [(LABELS[a], LABELS[b]) for a, b in differing] == [pair.contrast]


def test_words_without_pairs_are_refused() -> None:
    with pytest.raises(EvaluationError, match="no minimal pairs"):
        find_pairs(WordList({"ምርት": 1}, {"ምርት": SOUNDS["ምርት"]}), 10)


def test_contrasts_are_of_phones_and_none_is_there_twice() -> None:
    assert all(phone in NUMBERS for pair in CONTRASTS for phone in pair)
    assert len({frozenset(pair) for pair in CONTRASTS}) == len(CONTRASTS)


def test_a_word_is_right_if_it_is_nearer_to_itself() -> None:
    pair = MinimalPair(("t", "tʼ"), ("ምርት", "ምርጥ"), (SOUNDS["ምርት"], SOUNDS["ምርጥ"]))
    assert score_pair(pair, lambda word: _said(SOUNDS[word])).right == 1.0
    assert score_pair(pair, lambda _: _said(SOUNDS["ምርት"])).right == 0.5
    swapped = {"ምርት": "ምርጥ", "ምርጥ": "ምርት"}
    assert score_pair(pair, lambda word: _said(SOUNDS[swapped[word]])).right == 0.0
    assert score_pair(pair, lambda word: None if word == "ምርት" else _said(SOUNDS[word])).right == 0.5


def test_results_are_gathered_by_contrast() -> None:
    pair = MinimalPair(("t", "tʼ"), ("ምርት", "ምርጥ"), (SOUNDS["ምርት"], SOUNDS["ምርጥ"]))
    results = [PairResult(pair, (1.0, 2.0)), PairResult(pair, (1.0, -2.0))]
    assert by_contrast(results) == {"t/tʼ": (0.75, 2)}
    assert shown(SOUNDS["ምርጥ"]) == "mɨrtʼ"

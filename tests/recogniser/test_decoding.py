"""From probabilities to labels: the search finds what adding up every path finds."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise, product
from math import exp, log

import numpy as np
import pytest
from numpy.typing import NDArray
from support.recognisers import planted_log_probabilities, random_log_probabilities

from amhctl.recogniser.decoding import BeamSearch, Search, best_path
from amhctl.recogniser.labels import BLANK, BORDER, LABELS
from amhctl.recogniser.phone_model import PhoneModel, learn_phone_model
from amhctl.recogniser.words import WordList

KNOWN = (BLANK, BORDER, 2, 9, 10)
Text = tuple[int, ...]


def _model(seed: int = 0) -> PhoneModel:
    random = np.random.default_rng(seed)
    return learn_phone_model([random.choice(KNOWN[1:], size=8).tolist() for _ in range(30)], order=3)


def _collapse(path: Sequence[int]) -> Text:
    return tuple(label for label, _ in groupby(path) if label != BLANK)


def _sums(values_EV: NDArray[np.float32]) -> dict[Text, float]:
    """Return the log-probability of each text that begins with a word and has no empty one, over all paths."""
    sums: dict[Text, float] = defaultdict(float)
    for path in product(KNOWN, repeat=len(values_EV)):
        sums[_collapse(path)] += exp(float(values_EV[np.arange(len(path)), path].astype(np.float64).sum()))
    allowed = (text for text in sums if text[:1] != (BORDER,) and (BORDER, BORDER) not in pairwise(text))
    return {text: log(sums[text]) for text in allowed}


def _language(text: Text, model: PhoneModel, words: WordList | None, search: Search) -> float:
    """Return what language adds to a text: for each word that of its phones, or its own if that is more."""
    chances = [
        search.weight * float(model.following((BLANK, *text[:place]))[label])
        for place, label in enumerate((*text, BLANK))
    ]
    if words is None:
        return sum(chances) + search.bonus * len(text)
    total, start = search.bonus * len(text), 0
    for place, label in enumerate((*text, BORDER)):
        if label == BORDER:
            by_phones, known = sum(chances[start : place + 1]), words.find(text[start:place])
            unknown = by_phones + search.weight * words.log_unknown
            total += unknown if known is None else max(unknown, search.weight * known[1])
            start = place + 1
    return total


def test_the_best_path_is_joined_and_its_blanks_left_out() -> None:
    path = [0, 2, 2, 0, 2, 1, 1, 9, 9, 0, 0, 10, 9]
    values = np.full((len(path), len(LABELS)), -5.0, dtype=np.float32)
    values[np.arange(len(path)), path] = -0.1
    assert best_path(values) == _collapse(path) == (2, 2, 1, 9, 10, 9)
    assert best_path(values[:1]) == ()


@pytest.mark.parametrize("bonus", [0.0, 0.7])
def test_without_language_the_search_adds_up_every_path(bonus: float) -> None:
    search = Search(beam=10**6, weight=0.0, bonus=bonus, least=1e-20)
    differ = 0
    for seed in range(6):
        values = random_log_probabilities(5, KNOWN, seed=seed)
        sums = {text: total + bonus * len(text) for text, total in _sums(values).items()}
        wanted = max(sums, key=lambda text: sums[text])
        assert BeamSearch(_model(), search=search).run(values) == wanted
        differ += wanted != best_path(values)
    # The sum is not the best path: where both are the same, nothing is shown.
    assert differ


@pytest.mark.parametrize("with_words", [False, True])
def test_language_counts_as_it_is_weighed(with_words: bool) -> None:
    model = _model()
    sounds: dict[str, Text] = {"a": (2, 9), "b": (10,), "c": (9, 10, 2)}
    words = WordList({"a": 8, "b": 3, "c": 1}, sounds) if with_words else None
    search = Search(beam=10**6, weight=0.9, bonus=0.4, least=1e-20)
    changed = 0
    for seed in range(8):
        values = random_log_probabilities(5, KNOWN, seed=seed)
        sums = _sums(values)
        scores = {text: total + _language(text, model, words, search) for text, total in sums.items()}
        wanted = max(scores, key=lambda text: scores[text])
        assert BeamSearch(model, words, search).run(values) == wanted
        changed += wanted != max(sums, key=lambda text: sums[text] + search.bonus * len(text))
    assert changed


def test_a_beam_of_the_usual_width_finds_what_is_clear() -> None:
    labels = (2, 9, BORDER, 10, 10, 2)
    assert (
        BeamSearch(_model()).run(planted_log_probabilities(labels))
        == labels
        == best_path(planted_log_probabilities(labels))
    )


def test_a_narrow_beam_and_a_floor_leave_out() -> None:
    model = _model()
    values = random_log_probabilities(6, KNOWN, seed=3)
    assert len(BeamSearch(model, search=Search(beam=1, weight=0.0, bonus=-50.0, least=1e-20)).run(values)) == 0
    # No label is followed that is less probable than this: only blanks are left.
    assert BeamSearch(model, search=Search(least=0.999)).run(values) == ()


def test_a_known_word_wins_where_the_sound_leaves_it_open() -> None:
    heard = planted_log_probabilities((2, 9, BORDER, 10, 2))
    # The second phone may be the one or the other.
    doubtful = heard.copy()
    doubtful[3:5, 9], doubtful[3:5, 10] = np.log(0.49), np.log(0.5)
    model = learn_phone_model([[2, 9, 1, 10, 2], [2, 10, 1, 10, 2]])
    for second in (9, 10):
        words = WordList({"x": 5, "y": 1}, {"x": (2, second), "y": (10, 2)})
        assert BeamSearch(model, words).run(doubtful) == (2, second, BORDER, 10, 2)

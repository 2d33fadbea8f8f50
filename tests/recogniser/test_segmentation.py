"""Twin of ``recogniser/segmentation.py``: every result is also found by trying all paths."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from support.recognising import frames_of, log_probabilities_of

from amhctl.recogniser.labels import BLANK, BORDER, LABELS
from amhctl.recogniser.segmentation import (
    FRAME_PRICE,
    Placement,
    place_utterances,
    without_border_label,
    worst_mean,
)

PRICE = 1.5
Spans = tuple[tuple[int, int], ...]


def _random_values(seed: int, frames: int) -> NDArray[np.float32]:
    logits = np.random.default_rng(seed).normal(0.0, 1.5, (frames, 5))
    values = np.full((frames, len(LABELS)), -50.0, dtype=np.float32)
    values[:, [BLANK, 2, 3, 4, 5]] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return values


def _spans(labels: Sequence[int], frames: int, begin: int) -> Iterator[Spans]:
    """Yield all ways in which phones can lie in frames from ``begin`` on: first frame, and the one after the last."""
    if not labels:
        yield ()
        return
    for first in range(begin, frames):
        for stop in range(first + 1, frames + 1):
            # Equal phones need a blank between them.
            for rest in _spans(labels[1:], frames, stop + (len(labels) > 1 and labels[0] == labels[1])):
                yield ((first, stop), *rest)


def _score(values: NDArray[np.float32], utterances: Sequence[Sequence[int]], placed: Sequence[Spans | None]) -> float:
    """Return the score of a path on which phones lie where they are said to lie."""
    best = values.max(axis=1).astype(np.float64) + FRAME_PRICE
    score, reached = 0.0, 0
    for utterance, spans in zip(utterances, placed, strict=True):
        if spans is None:
            score -= PRICE * len(utterance)
            continue
        for place, ((first, stop), label) in enumerate(zip(spans, utterance, strict=True)):
            between = values[reached:first, BLANK] if place else best[reached:first]
            score += float(between.sum(dtype=np.float64) + values[first:stop, label].sum(dtype=np.float64))
            reached = stop
    return score + float(best[reached:].sum())


def _best_by_trying(values: NDArray[np.float32], utterances: Sequence[Sequence[int]]) -> float:
    """Return the best score of all choices of utterances and all their paths."""
    scores = []
    for kept in product((True, False), repeat=len(utterances)):
        labels = [label for one, is_kept in zip(utterances, kept, strict=True) if is_kept for label in one]
        for spans in _spans(labels, len(values), 0):
            parts = iter(spans)
            pairs = zip(utterances, kept, strict=True)
            placed = [tuple(next(parts) for _ in one) if is_kept else None for one, is_kept in pairs]
            if _is_possible(placed, len(values)):
                scores.append(_score(values, utterances, placed))
    return max(scores)


def _is_possible(placed: Sequence[Spans | None], frames: int) -> bool:
    """Return whether there is a frame before and after each utterance that is passed over."""
    reached = passed = 0
    for spans in [*placed, ((frames, frames),)]:
        if spans is None:
            passed += 1
            continue
        if passed and spans[0][0] - reached <= passed:
            return False
        reached, passed = spans[-1][1], 0
    return True


def _placed(placement: Placement | None) -> Spans | None:
    if placement is None:
        return None
    return tuple(zip(placement.firsts_L.tolist(), placement.lasts_L.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("utterances", [[(2,)], [(2, 3)], [(2, 2)], [(2, 3), (4,)], [(2,), (2,)], [(5,), (3, 4), (2,)]])
def test_it_is_the_best_of_all_paths(seed: int, utterances: list[tuple[int, ...]]) -> None:
    values = _random_values(seed, 6)
    placed = [_placed(one) for one in place_utterances(values, utterances, price=PRICE)]
    assert _score(values, utterances, placed) == pytest.approx(_best_by_trying(values, utterances))


def test_scores_are_those_of_the_path() -> None:
    values = _random_values(3, 6)
    (placement,) = place_utterances(values, [(2, 3)], price=100.0)
    assert placement is not None
    assert placement.lasts_L[0] <= placement.firsts_L[1]
    first, stop = placement.firsts_L[1], placement.lasts_L[1]
    assert placement.scores_L[1] == pytest.approx(float(values[first:stop, 3].sum()))
    between = values[placement.lasts_L[0] : first, BLANK].sum()
    begin = values[placement.firsts_L[0] : placement.lasts_L[0], 2].sum()
    assert placement.scores_L[0] == pytest.approx(float(begin + between))
    assert placement.confidence == pytest.approx(float(placement.scores_L.mean()))
    assert _placed(placement.moved(7)) == tuple((one + 7, other + 7) for one, other in _placed(placement) or ())


def test_speech_that_is_in_no_utterance_is_passed_over_and_so_is_text_that_is_not_said() -> None:
    first, other, second = [5, 6, 7, 8, 9], [10, 11, 12, 13, 14], [15, 16, 17, 18, 19]
    said = frames_of([*other, *first, *other, *other, *second, *other])
    found = place_utterances(log_probabilities_of(said), [first, [20, 21, 22, 23, 24], second])
    assert [_placed(one) and (one.first, one.last) for one in found if one is not None] == [(20, 37), (80, 97)]
    assert found[1] is None


def test_of_equal_utterances_each_has_its_place() -> None:
    said = frames_of([5, 6, 7, 8, 9, 10, 11, 5, 6, 7])
    found = place_utterances(log_probabilities_of(said), [[5, 6, 7], [5, 6, 7]])
    assert [one.first for one in found if one is not None] == [0, 28]


def test_too_few_frames_leave_nothing() -> None:
    assert place_utterances(log_probabilities_of([5, 6]), [[5, 6, 7, 8]]) == (None,)
    assert place_utterances(log_probabilities_of([]), [[5], [6]]) == (None, None)
    assert place_utterances(log_probabilities_of([5]), []) == ()
    assert place_utterances(log_probabilities_of([5]), [[7, 8]] * 30) == (None,) * 30


def test_the_confidence_is_that_of_the_worst_stretch() -> None:
    values = np.zeros(30)
    values[14] = -20.0
    placement = Placement(np.arange(30), np.arange(1, 31), values)
    assert placement.confidence == -2.0
    assert worst_mean(np.array([-1.0, -5.0]), 10) == -3.0


def test_a_border_is_as_silent_as_a_blank() -> None:
    values = np.log(np.full((1, len(LABELS)), 1.0 / len(LABELS), dtype=np.float32))
    joined = without_border_label(values)
    assert np.exp(joined).sum() == pytest.approx(1.0)
    assert joined[0, BLANK] == pytest.approx(np.log(2.0 / len(LABELS)))
    assert np.isneginf(joined[0, BORDER])

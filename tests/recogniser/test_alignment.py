"""Where a text lies: the best of all paths; how probable it is: their sum."""

from collections.abc import Iterator
from itertools import groupby, product
from math import exp, log

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.recognisers import planted_log_probabilities, random_log_probabilities
from torch.nn import functional

from amhctl.core.errors import EvaluationError
from amhctl.recogniser.alignment import align_labels
from amhctl.recogniser.labels import BLANK, BORDER, LABELS
from amhctl.recogniser.verification import text_log_probabilities

KNOWN = (BLANK, BORDER, 2, 3)
TEXTS: list[tuple[int, ...]] = [(2,), (2, 3), (2, 2), (2, 1, 3), (3, 3, 2), (2, 3, 2, 3)]


def _paths(values_EV: NDArray[np.float32], labels: tuple[int, ...]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield every path of a text with its log-probability."""
    for path in product(KNOWN, repeat=len(values_EV)):
        if tuple(label for label, _ in groupby(path) if label != BLANK) == labels:
            yield float(values_EV[np.arange(len(path)), path].astype(np.float64).sum()), path


@pytest.mark.parametrize("labels", TEXTS)
@pytest.mark.parametrize("frames", [5, 6])
def test_a_text_lies_where_its_best_path_has_it(labels: tuple[int, ...], frames: int) -> None:
    for seed in range(4):
        values = random_log_probabilities(frames, KNOWN, seed=seed)
        score, path = max(_paths(values, labels))
        runs, frame = [], 0
        for label, run in groupby(path):
            size = len(list(run))
            if label != BLANK:
                runs.append((label, frame, frame + size))
            frame += size
        found = align_labels(values, labels)
        assert [(each.label, each.first, each.last) for each in found] == runs
        for each in found:
            assert each.log_probability == pytest.approx(values[each.first : each.last, each.label].mean(), abs=1e-6)
        blank = sum(values[frame, BLANK] for frame in range(frames) if path[frame] == BLANK)
        spoken = sum(each.log_probability * (each.last - each.first) for each in found)
        assert blank + spoken == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("labels", [(), *TEXTS, (2, 2, 2, 2)])
def test_a_text_is_as_probable_as_all_its_paths(labels: tuple[int, ...]) -> None:
    for seed in range(3):
        values = random_log_probabilities(6, KNOWN, seed=seed)
        total = sum(exp(score) for score, _ in _paths(values, labels))
        # Four times the same label needs seven frames.
        wanted = log(total) if total else -np.inf
        assert float(text_log_probabilities(values, [labels])[0]) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("length", [1, 7, 20])
def test_it_is_what_torch_computes(length: int) -> None:
    values = random_log_probabilities(60, seed=length)
    labels = np.random.default_rng(length).integers(1, len(LABELS), length).tolist()
    loss = functional.ctc_loss(
        torch.from_numpy(values).double()[:, None],
        torch.tensor([labels]),
        torch.tensor([60]),
        torch.tensor([length]),
        blank=BLANK,
        reduction="sum",
    )
    assert float(text_log_probabilities(values, [labels])[0]) == pytest.approx(-float(loss), rel=1e-9)


def test_planted_labels_are_found_where_they_were_planted() -> None:
    labels = (5, 1, 5, 5, 9)
    found = align_labels(planted_log_probabilities(labels), labels)
    assert [(each.label, each.first, each.last) for each in found] == [
        (label, 3 * place, 3 * place + 2) for place, label in enumerate(labels)
    ]
    assert all(each.log_probability == pytest.approx(log(0.999), abs=1e-6) for each in found)
    # With another label in its place, that label alone is improbable.
    other = align_labels(planted_log_probabilities(labels), (5, 1, 7, 5, 9))
    assert [each.log_probability < -5.0 for each in other] == [False, False, True, False, False]


def test_as_many_frames_as_labels_are_enough_and_fewer_are_refused() -> None:
    for labels, least in (((2, 3, 2), 3), ((2, 2), 3), ((2, 2, 2), 5)):
        found = align_labels(random_log_probabilities(least), labels)
        assert [each.label for each in found] == list(labels)
        with pytest.raises(EvaluationError, match=f"{least - 1} frames of 20 ms, too few for {len(labels)} phones"):
            align_labels(random_log_probabilities(least - 1), labels)
    with pytest.raises(EvaluationError, match="no text to align"):
        align_labels(random_log_probabilities(4), ())

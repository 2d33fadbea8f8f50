"""Twin of ``training/extent.py``."""

import pytest

from amhctl.training.extent import measure_extent, padding_of
from amhctl.training.feed import Position, iterate_groups
from amhctl.training.voice_recipe import BatchSize, Lengths

LENGTHS = Lengths((10, 20, 30, 40), (5, 6, 9, 1), 7)
PLANS = {0: ((0, 1), (2,), (3,)), 1: ((0,), (1, 2), (3,)), 2: ((0, 1, 2, 3),)}


def test_the_heaviest_micro_batch_is_that_of_all_epochs() -> None:
    extent = measure_extent(iterate_groups(PLANS.__getitem__, Position(), 2), 4, LENGTHS)
    # Steps: (0 1)(2) | (3) | (0)(1 2) | (3); the second epoch has the heaviest.
    assert extent.size == BatchSize(2, 30, 9, 7)
    assert extent.heaviest.epoch == 1
    assert extent.epochs == 2
    assert extent.frames == (40 + 30 + 40 + 10 + 60 + 40) / 4
    assert extent.padding == pytest.approx(1 - 200 / 220)
    assert measure_extent(iterate_groups(PLANS.__getitem__, Position(), 2), 2, LENGTHS).size == BatchSize(2, 20, 6, 7)
    assert measure_extent(iterate_groups(PLANS.__getitem__, Position(1, 2), 2), 2, LENGTHS).size.items == 4


def test_padding_is_what_shorter_utterances_are_filled_up_with() -> None:
    assert padding_of(((0, 1), (3,)), LENGTHS) == pytest.approx(10 / 80)
    assert padding_of(((0,), (3,)), LENGTHS) == 0.0


def test_a_run_without_steps_has_no_extent() -> None:
    with pytest.raises(ValueError, match="no step"):
        measure_extent(iterate_groups(PLANS.__getitem__, Position(), 2), 0, LENGTHS)

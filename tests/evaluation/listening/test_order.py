"""Twin of ``listening/order.py``: orders that are balanced."""

import itertools
from collections import Counter

import pytest

from amhctl.evaluation.listening.order import Place, make_sheets, williams_square


@pytest.mark.parametrize("count", range(1, 10))
def test_each_thing_stands_everywhere_and_after_each_other_equally_often(count: int) -> None:
    square = williams_square(count)
    assert len(square) == (count if count % 2 == 0 or count == 1 else 2 * count)
    places = Counter((thing, place) for row in square for place, thing in enumerate(row))
    assert len(places) == count**2
    assert len(set(places.values())) == 1
    follows = Counter((one, other) for row in square for one, other in itertools.pairwise(row))
    assert len(follows) == count * (count - 1)
    assert len(set(follows.values())) <= 1


def grid(sentences: int, groups: int, width: int = 1) -> list[Place]:
    return [
        Place(sentence * groups + group, sentence, group, tuple(range(width)))
        for sentence in range(sentences)
        for group in range(groups)
    ]


@pytest.mark.parametrize(("sentences", "groups"), [(1, 3), (4, 2), (5, 3), (6, 4)])
def test_whoever_hears_all_rounds_hears_everything_once(sentences: int, groups: int) -> None:
    for sheet in make_sheets(grid(sentences, groups), first=[], checks=[], rounds=None, seed=1):
        assert sorted(sheet.trials) == list(range(sentences * groups))
        heard = [trial // groups for trial in sheet.trials]
        # In each round every sentence once, and never one twice in a row.
        for begin in range(0, len(heard), sentences):
            assert sorted(heard[begin : begin + sentences]) == list(range(sentences))
        if sentences > 1:
            assert all(one != other for one, other in itertools.pairwise(heard))


@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_in_one_round_every_system_has_every_sentence_equally_often(groups: int) -> None:
    sheets = make_sheets(grid(6, groups), first=[], checks=[], rounds=1, seed=1)
    heard = Counter(trial for sheet in sheets for trial in sheet.trials)
    assert set(heard) == set(range(6 * groups))
    assert len(set(heard.values())) == 1
    assert all(len(sheet.trials) == 6 for sheet in sheets)


@pytest.mark.parametrize("width", [2, 5])
def test_over_the_sheets_each_stimulus_stands_at_each_place_equally_often(width: int) -> None:
    sheets = make_sheets(grid(4, 1, width), first=[], checks=[], rounds=None, seed=1)
    for trial in range(4):
        orders = [sheet.orders[sheet.trials.index(trial)] for sheet in sheets]
        stands = Counter((stimulus, place) for order in orders for place, stimulus in enumerate(order))
        assert len(stands) == width**2
        assert len(set(stands.values())) == 1


def test_roles_decide_and_not_the_places_of_stimuli() -> None:
    places = [Place(0, 0, 0, (2, 0, 1))]
    for sheet in make_sheets(places, first=[], checks=[], rounds=None, seed=1):
        assert sorted(sheet.orders[0]) == [0, 1, 2]
    first = make_sheets(places, first=[], checks=[], rounds=None, seed=1)[0].orders[0]
    assert tuple(places[0].roles[place] for place in first) == williams_square(3)[0]


def test_training_is_first_and_checks_are_spread_and_never_first() -> None:
    first = [Place(100, 0, 0, (0,)), Place(101, 0, 0, (0,))]
    checks = [Place(200 + rank, 0, 0, (0,)) for rank in range(3)]
    spots = set()
    for sheet in make_sheets(grid(6, 4), first=first, checks=checks, rounds=None, seed=1):
        assert sheet.trials[:2] == (100, 101)
        assert sheet.trials[2] < 100
        found = [sheet.trials.index(200 + rank) for rank in range(3)]
        assert found == sorted(found)
        assert found[0] < 2 + 9 + 2
        assert found[2] > 2 + 16
        spots.add(tuple(found))
    assert len(spots) > 5


def test_orders_follow_from_the_seed() -> None:
    one, same, other = (make_sheets(grid(6, 3), first=[], checks=[], rounds=None, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other

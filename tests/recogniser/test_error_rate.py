"""Error rates: differences counted by hand, added, and divided by what was wanted."""

import math
from itertools import product

import pytest

from amhctl.recogniser.error_rate import Errors, count_errors, total_errors


@pytest.mark.parametrize(
    ("wanted", "found", "errors"),
    [
        ("abc", "abc", Errors(0, 0, 0, 3)),
        ("abc", "axc", Errors(1, 0, 0, 3)),
        ("abc", "ac", Errors(0, 1, 0, 3)),
        ("abc", "abbc", Errors(0, 0, 1, 3)),
        ("abc", "", Errors(0, 3, 0, 3)),
        ("", "ab", Errors(0, 0, 2, 0)),
        ((1, 2, 3), (2, 3, 4), Errors(0, 1, 1, 3)),
        (["ሰላም", "ነው"], ["ሰላም", "ነህ"], Errors(1, 0, 0, 2)),
    ],
)
def test_differences_are_counted(wanted: str, found: str, errors: Errors) -> None:
    assert count_errors(wanted, found) == errors


def test_they_are_the_fewest() -> None:
    def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
        if not one or not other:
            return len(one) + len(other)
        changed = distance(one[1:], other[1:]) + (one[0] != other[0])
        return min(changed, distance(one[1:], other) + 1, distance(one, other[1:]) + 1)

    sequences = [each for size in range(4) for each in product((1, 2), repeat=size)]
    for one, other in product(sequences, sequences):
        errors = count_errors(one, other)
        assert errors.total == distance(one, other)
        assert len(one) - errors.deletions + errors.insertions == len(other)


def test_they_are_added_and_divided_by_what_was_wanted() -> None:
    total = total_errors([Errors(1, 0, 2, 4), Errors(0, 3, 0, 6)])
    assert total == Errors(1, 3, 2, 10) == Errors(1, 0, 2, 4) + Errors(0, 3, 0, 6)
    assert (total.total, total.rate) == (6, 0.6)
    assert Errors(0, 0, 3, 2).rate == 1.5
    assert total_errors([]) == Errors()
    assert math.isnan(Errors(0, 0, 1, 0).rate)

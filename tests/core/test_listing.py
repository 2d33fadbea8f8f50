"""Lists in one line: all of few, the first of many and how many more there are."""

import pytest

from amhctl.core.listing import shorten


@pytest.mark.parametrize(
    ("items", "separator", "shown"),
    [
        ([], ", ", ""),
        (["a", "b"], ", ", "a, b"),
        (["a", "b", "c"], ", ", "a, b, and 1 more"),
        (["a", "b", "c", "d"], "; ", "a; b; and 2 more"),
    ],
)
def test_the_first_are_shown_and_the_rest_counted(items: list[str], separator: str, shown: str) -> None:
    assert shorten(items, 2, separator) == shown

"""Many things in one line: the first of them, and how many more there are."""

from collections.abc import Sequence


def shorten(items: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return the first items in one line, and how many more there are.

    >>> shorten(["one", "two", "three"], 2)
    'one, two, and 1 more'

    Parameters
    ----------
    items : Sequence[str]
        What to list.
    most : int
        How many are shown.
    separator : str
        What is between them.
    """
    more = f"{separator}and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + more

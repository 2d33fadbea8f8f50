"""Error rates: how many units must be replaced, added or removed to make one sequence of another.

rapidfuzz counts them, as it does for jiwer.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Errors:
    """Differences between what was wanted and what was found; they can be added.

    Attributes
    ----------
    substitutions, deletions, insertions : int
        Units that are another, that are missing, that are too many.
    units : int
        Units that were wanted.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    units: int = 0

    @property
    def total(self) -> int:
        """All differences."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Differences for each unit wanted; above 1 where much is too many, and nan of nothing wanted."""
        return self.total / self.units if self.units else float("nan")

    def __add__(self, other: "Errors") -> "Errors":
        """Return both together."""
        return Errors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.units + other.units,
        )


def count_errors(wanted: Sequence[Hashable], found: Sequence[Hashable]) -> Errors:
    """Return the fewest differences between two sequences.

    >>> count_errors("ሰላም", "ሰላምታ")
    Errors(substitutions=0, deletions=0, insertions=1, units=3)
    """
    operations = Levenshtein.editops(wanted, found)
    kinds = [operation.tag for operation in operations]
    return Errors(kinds.count("replace"), kinds.count("delete"), kinds.count("insert"), len(wanted))


def total_errors(each: Iterable[Errors]) -> Errors:
    """Return all of them together."""
    return sum(each, Errors())


def all_missing(errors: Errors) -> Errors:
    """Return the errors of a text of which nothing was said."""
    return Errors(deletions=errors.units, units=errors.units)

"""Groups moved between training and the held-out splits, until these have their shares. Draws nothing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amhctl.core.errors import DatasetError, OptionError
from amhctl.corpus.records import Split
from amhctl.corpus.split_groups import Group

# A group may be this many times what a held-out split asks for; larger ones are for training.
_LARGEST_GROUP = 2.0
_POINT = 0.01
"""By how much of all utterances a split may miss its share before a border moves."""


@dataclass(frozen=True, slots=True)
class SplitShares:
    """Shares of the validation and test splits; the rest is for training.

    Raises
    ------
    OptionError
        If a share is negative or nothing is left for training.
    """

    valid: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing for training."""
        if self.valid < 0 or self.test < 0 or self.valid + self.test >= 1:
            raise OptionError(
                f"the fractions {self.valid} and {self.test} leave no records for training",
                subject="--valid, --test",
                hint="give fractions of 0 or more whose sum is less than 1",
            )

    def held_out(self) -> tuple[tuple[Split, float], ...]:
        """Return the splits that are held out of training and have a share."""
        shares: tuple[tuple[Split, float], ...] = (("valid", self.valid), ("test", self.test))
        return tuple((split, share) for split, share in shares if share > 0)


def balance(groups: Sequence[Group], shares: SplitShares, *, smallest: float = 0.0) -> None:
    """Move groups between training and the held-out splits until these have their shares, as far as groups allow it.

    Parameters
    ----------
    groups : Sequence[Group]
        In the order of their places.
    shares : SplitShares
        Of all utterances in these groups.
    smallest : float
        A group of this size may go anywhere.
    """
    total = sum(group.size for group in groups)
    for split, share in shares.held_out():
        most = max(smallest, _LARGEST_GROUP * share * total)
        # The test's border to the training is at 0, where the circle closes, and that of the validation at its end.
        outward = list(reversed(groups)) if split == "test" else list(groups)
        for group in groups:
            if group.split == split and not group.kept and group.size > most:
                group.split = "train"
        _recruit([group for group in outward if group.size <= most], groups, split, share * total, _POINT * total)
        _release(list(reversed(outward)), groups, split, share * total, _POINT * total)
        _exchange([group for group in outward if group.size <= most], groups, split, share * total, _POINT * total)


def _held(groups: Iterable[Group], split: Split) -> int:
    return sum(group.size for group in groups if group.split == split)


def _recruit(nearest: Sequence[Group], groups: Sequence[Group], split: Split, wanted: float, slack: float) -> None:
    """Let training groups into a split that is too small: those that fit, nearest to the border first."""
    held = _held(groups, split)
    spare = _spare(nearest)
    for group in spare[:-1]:
        if held >= wanted - slack:
            return
        if held + group.size <= wanted + slack:
            group.split, held = split, held + group.size
    better = [group for group in _spare(nearest)[:-1] if abs(held + group.size - wanted) < wanted - held]
    if held < wanted - slack and better:
        min(better, key=lambda group: abs(held + group.size - wanted)).split = split


def _release(nearest: Sequence[Group], groups: Sequence[Group], split: Split, wanted: float, slack: float) -> None:
    """Let groups of a split that is too large into the training, nearest to the border first."""
    held = _held(groups, split)
    for group in [group for group in nearest if group.split == split and not group.kept]:
        if held <= wanted + slack:
            return
        if held - group.size >= max(1.0, wanted - slack):
            group.split, held = "train", held - group.size
    members = [group for group in nearest if group.split == split and not group.kept and group.size < held]
    better = [group for group in members if abs(held - group.size - wanted) < held - wanted]
    if held > wanted + slack and better:
        min(better, key=lambda group: abs(held - group.size - wanted)).split = "train"


def _exchange(nearest: Sequence[Group], groups: Sequence[Group], split: Split, wanted: float, slack: float) -> None:
    """Exchange groups of a split for training groups of other sizes, as long as that brings it nearer to its share."""
    while True:
        members = [group for group in nearest if group.split == split and not group.kept]
        held = _held(groups, split)
        # The nearest group of each size is enough to look at.
        leaving = {group.size: group for group in members}.values()
        coming = {group.size: group for group in reversed(_spare(nearest))}.values()
        pairs = [(abs(held - old.size + new.size - wanted), old, new) for old in leaving for new in coming]
        off, old, new = min(pairs, key=lambda pair: pair[0], default=(math.inf, None, None))
        if abs(held - wanted) <= slack or old is None or new is None or off >= abs(held - wanted):
            return
        old.split, new.split = "train", split


def fill_with_texts(groups: Sequence[Group], shares: SplitShares) -> None:
    """Move one training text into each split that is empty, as long as two texts stay for training."""
    for split, _ in shares.held_out():
        if any(group.split == split for group in groups):
            continue
        if len(spare := _spare(groups)) > 2:
            _at_border(spare, split).split = split


def refuse_few(groups: Sequence[Group], shares: SplitShares, tied_by: str) -> None:
    """Refuse to make more splits than there are groups.

    Raises
    ------
    DatasetError
        If there are too few.
    """
    wanted = shares.held_out()
    if len(groups) <= len(wanted):
        total = sum(group.size for group in groups)
        raise DatasetError(
            f"{total} records form only {len(groups)} groups with the same {tied_by}, too few for "
            f"{len(wanted) + 1} splits",
            hint="require less with --disjoint, or make fewer splits with --valid 0 or --test 0",
        )


def fill_empty(groups: Sequence[Group], shares: SplitShares, tied_by: str) -> None:
    """Fill a split that is still empty with one group.

    Raises
    ------
    DatasetError
        If every group is too large for it.
    """
    total = sum(group.size for group in groups)
    for split, share in shares.held_out():
        if any(group.split == split for group in groups):
            continue
        spare = _spare(groups)
        fitting = [group for group in spare if group.size <= _LARGEST_GROUP * share * total]
        if not fitting or len(spare) < 2:
            smallest = min((group.size for group in spare), default=0)
            raise DatasetError(
                f"the split {split} should have {share * total:.0f} of {total} records, but the smallest available "
                f"group with the same {tied_by} has {smallest}",
                hint=f"give --{split} {max(share, smallest / total / _LARGEST_GROUP):.2f} or more, or require less "
                "with --disjoint",
            )
        _at_border(fitting, split).split = split


def _spare(groups: Iterable[Group]) -> list[Group]:
    return [group for group in groups if group.split == "train" and not group.kept]


def _at_border(groups: Sequence[Group], split: Split) -> Group:
    """Return the training group that is the nearest to a split."""
    return groups[-1] if split == "test" else groups[0]

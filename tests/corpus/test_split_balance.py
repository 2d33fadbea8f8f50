from collections.abc import Sequence

import pytest

from amhctl.core.errors import DatasetError, OptionError
from amhctl.corpus.split_balance import SplitShares, balance, fill_empty, fill_with_texts, refuse_few
from amhctl.corpus.split_groups import Group


def test_shares_must_leave_something() -> None:
    for valid, test in ((0.5, 0.5), (-0.1, 0.1)):
        with pytest.raises(OptionError):
            SplitShares(valid, test)
    assert SplitShares(0.1, 0).held_out() == (("valid", 0.1),)


def _groups(*sizes: int, test: int = 0) -> list[Group]:
    """Return groups of these sizes in their order, the first few of them test."""
    return [
        Group(f"g{place}", size, place / len(sizes), split="test" if place < test else "train")
        for place, size in enumerate(sizes)
    ]


def _held(groups: Sequence[Group], split: str) -> int:
    return sum(group.size for group in groups if group.split == split)


def test_the_border_moves_no_further_than_it_takes() -> None:
    groups = _groups(*[1] * 100, test=4)
    balance(groups, SplitShares(valid=0.0, test=0.1))
    # Groups close to the border on the circle come first; 9 of 100 are within a point of 10.
    assert _held(groups, "test") == 9
    assert all(group.split == "test" for group in (*groups[:4], *groups[95:]))
    again = [group.split for group in groups]
    balance(groups, SplitShares(valid=0.0, test=0.1))
    assert [group.split for group in groups] == again


def test_what_is_kept_never_moves_and_what_is_too_large_is_for_training() -> None:
    groups = _groups(30, *[1] * 70, test=6)
    groups[3].kept = "test"
    balance(groups, SplitShares(valid=0.0, test=0.03))
    assert groups[0].split == "train"
    assert groups[3].split == "test"
    assert 2 <= _held(groups, "test") <= 4


def test_an_empty_split_gets_a_text_while_two_stay_for_training() -> None:
    for count, wanted in ((4, {"train", "valid", "test"}), (2, {"train"})):
        groups = _groups(*[1] * count)
        fill_with_texts(groups, SplitShares(0.1, 0.1))
        assert {group.split for group in groups} == wanted


def test_too_few_or_too_large_groups_are_refused_with_their_numbers() -> None:
    with pytest.raises(DatasetError, match="8 records form only 2 groups with the same speakers, too few for 3 splits"):
        refuse_few(_groups(4, 4), SplitShares(0.1, 0.1), "speakers")
    with pytest.raises(DatasetError, match=r"should have 10 of 100 records.* group with the same speakers has 50"):
        fill_empty(_groups(50, 50), SplitShares(0.0, 0.1), "speakers")
    groups = _groups(15, 85)
    fill_empty(groups, SplitShares(0.0, 0.1), "speakers")
    assert [group.split for group in groups] == ["test", "train"]

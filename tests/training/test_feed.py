"""Twin of ``training/feed.py``."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from amhctl.training.feed import Plan, Position, iterate_groups, shares_of


def plan(epoch: int) -> Plan:
    return tuple((10 * epoch + place,) for place in range(5))


def test_the_last_partial_group_of_an_epoch_is_kept() -> None:
    groups = list(islice(iterate_groups(plan, Position(), 2), 4))
    assert [group.batches for group in groups] == [((0,), (1,)), ((2,), (3,)), ((4,),), ((10,), (11,))]
    assert [group.after for group in groups] == [Position(0, 2), Position(0, 4), Position(1, 0), Position(1, 2)]


@given(st.integers(1, 7), st.integers(0, 12))
def test_going_on_equals_never_having_stopped(size: int, stop: int) -> None:
    whole = list(islice(iterate_groups(plan, Position(), size), stop + 6))
    position = whole[stop - 1].after if stop else Position()
    assert list(islice(iterate_groups(plan, position, size), 6)) == whole[stop:]


@given(st.integers(1, 9), st.integers(1, 5))
def test_processes_share_without_loss_or_repetition(batches: int, processes: int) -> None:
    group = tuple((index,) for index in range(batches))
    shares = [shares_of(group, process, processes) for process in range(processes)]
    assert len({len(share) for share in shares}) == 1
    counted = [part.indices for share in shares for part in share if part.counted]
    assert sorted(counted) == sorted(group)


def test_every_process_knows_the_largest_micro_batch_of_a_round() -> None:
    """So that all of them cut theirs into as many parts."""
    group: Plan = ((0, 1, 2), (3,), (4,), (5, 6), (7,))
    first, second = (shares_of(group, process, 2) for process in range(2))
    assert [(share.indices, share.most) for share in first] == [((0, 1, 2), 3), ((4,), 2), ((7,), 3)]
    assert [(share.indices, share.counted) for share in second] == [((3,), True), ((5, 6), True), ((0, 1, 2), False)]
    assert [share.most for share in second] == [share.most for share in first]

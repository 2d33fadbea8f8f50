"""Items are made in a thread while earlier ones are used: in order, not too many, with their errors."""

import threading
import time
from collections.abc import Iterator

import pytest

from amhctl.parallel.ahead import iterate_ahead


def test_items_come_in_their_order() -> None:
    assert list(iterate_ahead(range(100), 3)) == list(range(100))
    assert list(iterate_ahead((), 1)) == []


def test_the_next_item_is_made_while_one_is_used() -> None:
    second_made = threading.Event()

    def make() -> Iterator[int]:
        yield 1
        second_made.set()
        yield 2

    items = iterate_ahead(make(), 1)
    assert next(items) == 1
    assert second_made.wait(10.0)
    assert list(items) == [2]


def test_a_slow_reader_holds_the_maker_up() -> None:
    made: list[int] = []

    def make() -> Iterator[int]:
        for number in range(1_000):
            made.append(number)
            yield number

    items = iterate_ahead(make(), 2)
    next(items)
    time.sleep(0.5)
    # Two wait, and one is held by the maker.
    assert len(made) <= 4
    items.close()  # type: ignore[attr-defined]
    assert len(made) <= 5


def test_an_error_comes_in_the_place_of_its_item() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    items = iterate_ahead(make(), 5)
    assert next(items) == 1
    with pytest.raises(KeyError, match="two"):
        next(items)


def test_no_thread_is_left() -> None:
    for items in (iterate_ahead(range(9), 1), iterate_ahead(range(9), 1)):
        next(items)
        items.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]

"""Turns: streams are made by turns, never far ahead of their readers, and end when their readers leave."""

import asyncio
import itertools
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from amhctl.service.turns import Turns, TurnsFullError


def run(work: Callable[[Turns], Awaitable[None]], *, workers: int = 1, most: int = 8) -> None:
    async def body() -> None:
        turns = Turns(workers, most)
        try:
            await work(turns)
        finally:
            turns.close()

    asyncio.run(body())


async def settle(done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


def test_a_stream_has_its_items_in_order() -> None:
    async def work(turns: Turns) -> None:
        stream = turns.admit(iter(range(20)))
        assert [item async for item in stream] == list(range(20))
        stream.leave()
        assert turns.open == 0

    run(work, workers=3)


def test_a_short_stream_does_not_wait_for_a_long_one() -> None:
    made: list[str] = []

    def items(name: str, count: int) -> Iterator[str]:
        for _ in range(count):
            time.sleep(0.002)
            made.append(name)
            yield name

    async def work(turns: Turns) -> None:
        long, short = turns.admit(items("long", 40)), turns.admit(items("short", 3))
        drained = asyncio.create_task(_drain(long))
        await _drain(short)
        assert made.count("long") < 12
        await drained

    run(work)


def test_the_first_item_of_a_stream_comes_before_further_ones_of_others() -> None:
    made: list[str] = []
    allowed = threading.Semaphore(2)

    def items(name: str) -> Iterator[str]:
        for _ in range(2):
            allowed.acquire()
            made.append(name)
            yield name

    async def work(turns: Turns) -> None:
        former = [turns.admit(items(name)) for name in ("one", "two")]
        await settle(lambda: len(made) == 2)
        late = turns.admit(items("late"))
        allowed.release(9)
        await asyncio.gather(*map(_drain, (*former, late)))

    run(work)
    # The worker had begun with the second item of the first one.
    assert made == ["one", "two", "one", "late", "two", "late"]


async def _drain(stream: object) -> None:
    async for _ in stream:  # type: ignore[attr-defined]
        pass
    stream.leave()  # type: ignore[attr-defined]


def test_no_more_is_made_than_two_items_ahead_and_slow_readers_keep_nobody_waiting() -> None:
    made: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            made.append(number)
            yield number

    async def work(turns: Turns) -> None:
        slow = [turns.admit(endless()) for _ in range(3)]
        await settle(lambda: len(made) == 6)
        quick = turns.admit(iter(range(5)))
        assert [item async for item in quick] == list(range(5))
        await asyncio.sleep(0.02)
        assert len(made) == 6
        assert await anext(slow[0]) == 0
        await settle(lambda: len(made) == 7)
        for stream in (*slow, quick):
            stream.leave()

    run(work)


def test_a_reader_that_leaves_ends_the_making() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            for number in itertools.count():
                time.sleep(0.01)
                yield number
        finally:
            closed.set()

    async def work(turns: Turns) -> None:
        stream = turns.admit(items())
        await anext(stream)
        stream.leave()
        stream.leave()
        await settle(closed.is_set)
        parked = turns.admit(iter(range(9)))
        await settle(lambda: len(parked._made) == 2)
        parked.leave()
        assert turns.open == 0

    run(work)


def test_an_error_comes_in_the_place_of_its_item() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no")

    async def work(turns: Turns) -> None:
        stream = turns.admit(items())
        assert await anext(stream) == 1
        with pytest.raises(ValueError, match="no"):
            await anext(stream)
        stream.leave()

    run(work)


def test_no_more_streams_are_open_than_may_be() -> None:
    async def work(turns: Turns) -> None:
        streams = [turns.admit(iter(range(5))) for _ in range(2)]
        with pytest.raises(TurnsFullError) as caught:
            turns.admit(iter(range(5)))
        assert 1 <= caught.value.retry_after <= 60
        streams[0].leave()
        turns.admit(iter(range(5))).leave()
        streams[1].leave()

    run(work, most=2)


def test_items_of_one_stream_are_made_one_at_a_time() -> None:
    busy = threading.Lock()
    together: list[bool] = []

    class Items:
        def __init__(self) -> None:
            self.left = 50

        def __iter__(self) -> "Items":
            return self

        def __next__(self) -> int:
            together.append(not busy.acquire(blocking=False))
            time.sleep(0.001)
            if not together[-1]:
                busy.release()
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left

    async def work(turns: Turns) -> None:
        await _drain(turns.admit(Items()))

    run(work, workers=4)
    assert not any(together)

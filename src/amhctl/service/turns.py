"""Workers that make several streams in turns, an item each, and no more of a stream than its reader takes.

A long text does not keep a short one waiting, and a slow reader keeps nobody waiting: a stream of which two items wait
is passed over until one is taken. The first item of a stream is made before further ones of others: somebody waits for
it in silence. They get their turn, because only so many streams are open. Knows no voice.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
_MOST_AHEAD = 2
_LONGEST_WAIT = 60
# How much the newest of the finished streams counts in the mean time of one.
_NEWEST = 0.2


class TurnsFullError(Exception):
    """As many streams are open as may be.

    Attributes
    ----------
    retry_after : int
        Seconds after which one of them is probably done.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class _End:
    """What comes after the last item of a stream."""


class Stream(Generic[ItemT]):
    """Items that are made by workers and read in one event loop; made by ``Turns.admit``.

    Whoever reads it calls ``leave`` in the end, whatever happens: only then may another stream take its place.
    """

    def __init__(self, turns: "Turns", items: Iterator[ItemT]) -> None:
        self.left = False
        self._turns = turns
        self._items = items
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._made: deque[ItemT | _End | BaseException] = deque()
        self._is_done = False
        self._seconds = 0.0

    def __aiter__(self) -> "Stream[ItemT]":
        """Return itself."""
        return self

    async def __anext__(self) -> ItemT:
        """Return the next item once it is made; an error of its maker is raised in its place."""
        while not self._made:
            self._arrived.clear()
            await self._arrived.wait()
        item = self._made.popleft()
        self._turns._resume(self)
        if isinstance(item, _End):
            raise StopAsyncIteration
        if isinstance(item, BaseException):
            raise item
        return item

    def leave(self) -> None:
        """Stop making items; the one that is being made is the last, and is thrown away."""
        self._turns._leave(self)

    def _make(self) -> None:
        """Make one item; called by one worker at a time."""
        begun = time.perf_counter()
        made: ItemT | _End | BaseException
        try:
            made = next(self._items)
        except StopIteration:
            made = _End()
        except BaseException as error:  # noqa: BLE001  (it is raised again, where the items are read)
            made = error
        self._seconds += time.perf_counter() - begun
        self._is_done = isinstance(made, _End | BaseException)
        self._made.append(made)
        # The loop is closed if the server ended meanwhile: nobody waits then.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.set)

    def _close(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()


class Turns:
    """Streams, and the workers that make them.

    Parameters
    ----------
    workers : int
        How many threads make items.
    most : int
        How many streams may be open.
    """

    def __init__(self, workers: int, most: int) -> None:
        self.most = most
        self._changed = threading.Condition()
        self._new: deque[Stream[object]] = deque()
        self._waiting: deque[Stream[object]] = deque()
        self._running: set[Stream[object]] = set()
        self._open: set[Stream[object]] = set()
        self._mean = 1.0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"speech-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def open(self) -> int:
        """How many streams are open."""
        return len(self._open)

    def admit(self, items: Iterator[ItemT]) -> Stream[ItemT]:
        """Return a stream of items; called in the event loop that reads it.

        Parameters
        ----------
        items : Iterator[ItemT]
            What is made; only workers touch it, one at a time.

        Raises
        ------
        TurnsFullError
            If as many streams are open as may be.
        """
        with self._changed:
            if len(self._open) >= self.most:
                ahead = self._mean * len(self._open) / len(self._threads) / 2
                raise TurnsFullError(max(1, min(_LONGEST_WAIT, math.ceil(ahead))))
            stream = Stream(self, items)
            self._open.add(stream)  # type: ignore[arg-type]
            self._new.append(stream)  # type: ignore[arg-type]
            self._changed.notify()
        return stream

    def close(self) -> None:
        """End the workers after the items that they are making."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._new and not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                stream = (self._new or self._waiting).popleft()
                self._running.add(stream)
            stream._make()
            with self._changed:
                self._running.discard(stream)
                if stream._is_done:
                    self._mean += _NEWEST * (stream._seconds - self._mean)
                if stream.left:
                    stream._close()
                elif self._is_wanted(stream):
                    self._wait(stream)

    def _is_wanted(self, stream: Stream[object]) -> bool:
        """Return whether a stream is to have another turn that it does not wait for yet."""
        idle = stream not in self._running and stream not in self._waiting and stream not in self._new
        return idle and not stream.left and not stream._is_done and len(stream._made) < _MOST_AHEAD

    def _wait(self, stream: Stream[object]) -> None:
        self._waiting.append(stream)
        self._changed.notify()

    def _resume(self, stream: Stream[ItemT]) -> None:
        with self._changed:
            if self._is_wanted(stream):  # type: ignore[arg-type]
                self._wait(stream)  # type: ignore[arg-type]

    def _leave(self, stream: Stream[ItemT]) -> None:
        each: Stream[object] = stream  # type: ignore[assignment]
        with self._changed:
            if each.left:
                return
            each.left = True
            self._open.discard(each)
            for queue in (self._new, self._waiting):
                with suppress(ValueError):
                    queue.remove(each)
            # One that is running is closed by its worker.
            if each not in self._running:
                each._close()

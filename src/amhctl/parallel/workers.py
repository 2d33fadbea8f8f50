"""A pool of workers that reads ahead, and hands over its results in order. Knows no audio and no codes.

Processes are spawned, not forked: a forked copy of a process that has used torch or CUDA may hang. A worker ends with
the process that started it, even one that was killed.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

from amhctl.core.errors import DatasetError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@contextmanager
def open_pool(
    workers: int, prepare: Callable[..., None] | None = None, arguments: tuple[object, ...] = ()
) -> Iterator[Executor]:
    """Open a pool of processes; with 0 of them, work is done in a thread of this one.

    Work that has not begun when the block ends is given up.

    Parameters
    ----------
    workers : int
        How many processes.
    prepare : Callable[..., None] | None
        Called in each worker before its first work.
    arguments : tuple[object, ...]
        What it is called with.
    """
    pool: Executor
    if workers == 0:
        if prepare is not None:
            prepare(*arguments)
        pool = ThreadPoolExecutor(1)
    else:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin_worker, initargs=(prepare, arguments)
        )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def map_in_order(
    pool: Executor, work: Callable[[_Item], _Result], items: Iterable[_Item], *, ahead: int
) -> Iterator[_Result]:
    """Yield ``work(item)`` for each item, in their order; at most ``ahead`` of them are under way or wait to be taken.

    Raises
    ------
    DatasetError
        If a worker process ended unexpectedly.
    """
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process was killed by the system, perhaps because of too little memory",
            hint="use fewer --workers and run the command again: completed work is kept",
        ) from error


def _begin_worker(prepare: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    # An interrupt goes to the whole group; the main process alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

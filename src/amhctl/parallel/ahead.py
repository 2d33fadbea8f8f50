"""Making the next item while the present one is used, in a thread; never more ahead than asked for."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

ItemT = TypeVar("ItemT")
_SECONDS_BETWEEN_LOOKS = 0.1


def iterate_ahead(items: Iterable[ItemT], most: int) -> Iterator[ItemT]:
    """Yield items while a thread makes the next ones.

    An error of the maker is raised in the place of its item. A reader that stops stops the maker too, after the item
    that it is making.

    Parameters
    ----------
    items : Iterable[ItemT]
        What is made; only the thread touches it.
    most : int
        How many items may wait to be read: a slow reader does not let memory grow.
    """
    made: queue.Queue[tuple[bool, object]] = queue.Queue(most)
    stopped = threading.Event()

    def put(is_item: bool, value: object) -> None:
        while not stopped.is_set():
            try:
                made.put((is_item, value), timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                put(True, item)
                if stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001  (it is raised again, where the items are read)
            put(False, error)
        else:
            put(False, None)

    maker = threading.Thread(target=make, name="ahead", daemon=True)
    maker.start()
    try:
        while True:
            is_item, value = made.get()
            if is_item:
                yield value  # type: ignore[misc]
            elif isinstance(value, BaseException):
                raise value
            else:
                return
    finally:
        stopped.set()
        maker.join()

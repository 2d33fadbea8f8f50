"""One value that a thread makes while something else is done."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class Deferred(Generic[ValueT]):
    """A value that is being made; whoever asks for it waits.

    The thread ends with the process: what it does may stop anywhere if nobody asks.

    Parameters
    ----------
    make : Callable[[], ValueT]
        Makes the value; an error of it is raised where the value is asked for.
    """

    def __init__(self, make: Callable[[], ValueT]) -> None:
        self._made: list[ValueT] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(make,), name="deferred", daemon=True)
        self._thread.start()

    def _run(self, make: Callable[[], ValueT]) -> None:
        try:
            self._made.append(make())
        except BaseException as error:  # noqa: BLE001  (it is raised again, where the value is asked for)
            self._error = error

    def result(self) -> ValueT:
        """Return the value once it is made."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._made[0]

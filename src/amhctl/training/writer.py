"""Writes that do not keep the steps waiting: one thread, one after another, in the order they were asked for.

What is to be written is copied before it is handed over. What went wrong is raised where the next write is asked for,
or where all of them are waited for, so that nothing is taken for written that is not. Knows no checkpoint.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

MOST = 2
"""Writes that wait at once: a best voice and the state of the same step. More copies would take more memory."""

Job = Callable[[], None]


class Writer:
    """Runs jobs in the background.

    Parameters
    ----------
    in_background : bool
        Otherwise each job is done when it is asked for.
    """

    def __init__(self, *, in_background: bool) -> None:
        self._pool = ThreadPoolExecutor(1, "amhctl-writer") if in_background else None
        self._pending: list[Future[None]] = []

    def submit(self, make_job: Callable[[], Job]) -> None:
        """Have a job done; ``make_job`` copies what it needs, once there is room for the copy.

        Raises
        ------
        BaseException
            What an earlier job raised.
        """
        if self._pool is None:
            make_job()()
            return
        self._settle(MOST - 1)
        self._pending.append(self._pool.submit(make_job()))

    def wait(self) -> None:
        """Return when all is written.

        Raises
        ------
        BaseException
            What a job raised; those after it are not waited for, or not begun.
        """
        self._settle(0)

    def close(self) -> None:
        """Let what is being written be finished, and begin nothing more."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=False)

    def _settle(self, most: int) -> None:
        while self._pending and (len(self._pending) > most or self._pending[0].done()):
            first = self._pending.pop(0)
            try:
                first.result()
            except BaseException:
                # What came behind rests on it: a state names a best voice that would not be there.
                for later in self._pending:
                    later.cancel()
                self._pending.clear()
                raise

"""Interruptions: Ctrl-C, SIGTERM and SIGHUP become a request to stop, which the loop grants between two steps.

A step torn in the middle could not be saved. A second signal interrupts at once.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class StopRequest:
    """Whether someone asked the run to stop."""

    asked: bool = False


@contextmanager
def watch_interrupts() -> Iterator[StopRequest]:
    """Yield a request to stop that the first signal sets; the previous handlers come back when the block ends."""
    stop_request = StopRequest()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop_request.asked:
            raise KeyboardInterrupt
        stop_request.asked = True

    # Only the main thread may set handlers; a run inside another thread is stopped by whoever started it.
    if threading.current_thread() is not threading.main_thread():
        yield stop_request
        return
    # Under nohup the end of the terminal is not a request to stop.
    caught = [each for each in _SIGNALS if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, ask) for number in caught}
    try:
        yield stop_request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

"""An extraction for a process of its own, which says how far it is, so that it can be killed at any moment."""

from multiprocessing.connection import Connection

from amhctl.codes import plan
from amhctl.core.progress import SilentProgress
from amhctl.workflows.codes.extract import ExtractCodesRequest, run


class _Telling(SilentProgress):
    def __init__(self, channel: Connection) -> None:
        self._channel = channel

    def advance(self, amount: int = 1, note: str = "") -> None:
        self._channel.send_bytes(b"x")


def extract_telling(request: ExtractCodesRequest, channel: Connection) -> None:
    """Extract in small batches, and send something whenever a part of the work is done."""
    plan._BATCH_SECONDS = 0.5
    run(request, _Telling(channel))

"""Twin of ``training/interrupts.py``."""

import signal
import threading
from collections.abc import Iterator

import pytest

from amhctl.training.interrupts import watch_interrupts


@pytest.fixture(autouse=True)
def _hang_up_is_heard() -> Iterator[None]:
    # Whoever runs the tests may have been started by nohup.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_a_wish_the_second_an_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with watch_interrupts() as wish:
        assert not wish.asked
        signal.raise_signal(number)
        assert wish.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_the_end_of_a_terminal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with watch_interrupts() as wish:
        signal.raise_signal(signal.SIGHUP)
        assert not wish.asked


def test_other_threads_leave_the_handlers_alone() -> None:
    seen = []

    def watch() -> None:
        with watch_interrupts() as wish:
            seen.append(wish.asked)

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [False]

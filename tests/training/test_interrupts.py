"""Twin of ``training/interrupts.py``."""

import signal
import threading

import pytest

from amhctl.training.interrupts import watch_interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_the_second_an_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with watch_interrupts() as wish:
        assert not wish.asked
        signal.raise_signal(number)
        assert wish.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_other_threads_leave_the_handlers_alone() -> None:
    seen = []

    def watch() -> None:
        with watch_interrupts() as wish:
            seen.append(wish.asked)

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [False]

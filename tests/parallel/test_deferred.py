"""Twin of ``parallel/deferred.py``."""

import threading

import pytest

from amhctl.parallel.deferred import Deferred


def test_a_value_is_made_beside_and_once() -> None:
    begun, free = threading.Event(), threading.Event()
    made = []

    def make() -> str:
        begun.set()
        free.wait(10)
        made.append(threading.current_thread())
        return "value"

    value = Deferred(make)
    assert begun.wait(10)
    assert not made
    free.set()
    assert value.result() == value.result() == "value"
    assert len(made) == 1
    assert made[0] is not threading.current_thread()


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_error_comes_where_the_value_is_asked_for(kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind("broken")

    value = Deferred(fail)
    for _ in range(2):
        with pytest.raises(kind, match="broken"):
            value.result()


def test_nothing_is_a_value_too() -> None:
    assert Deferred(lambda: None).result() is None

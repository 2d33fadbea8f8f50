"""Twin of ``training/writer.py``."""

import threading
from collections.abc import Callable

import pytest

from amhctl.training.writer import MOST, Job, Writer


def appending(done: list[int], number: int) -> Callable[[], Job]:
    return lambda: lambda: done.append(number)


@pytest.mark.parametrize("in_background", [True, False])
def test_jobs_are_done_in_their_order(in_background: bool) -> None:
    writer, done = Writer(in_background=in_background), list[int]()
    for number in range(5):
        writer.submit(appending(done, number))
    writer.wait()
    assert done == [0, 1, 2, 3, 4]
    writer.close()


def test_nobody_waits_for_a_job_until_too_many_copies_lie_there() -> None:
    writer, gate, copied = Writer(in_background=True), threading.Event(), list[int]()

    def job(number: int) -> Callable[[], Job]:
        def copy() -> Job:
            copied.append(number)

            def write() -> None:
                gate.wait(10)

            return write

        return copy

    for number in range(MOST):
        writer.submit(job(number))
    late = threading.Thread(target=lambda: writer.submit(job(9)))
    late.start()
    late.join(0.1)
    # The third is not even copied before the first is written.
    assert copied == list(range(MOST))
    gate.set()
    late.join(10)
    writer.wait()
    assert copied == [*range(MOST), 9]
    writer.close()


def test_what_went_wrong_is_raised_and_nothing_is_written_on_top_of_it() -> None:
    writer, gate, done = Writer(in_background=True), threading.Event(), list[int]()

    def fail() -> None:
        gate.wait(10)
        raise OSError(28, "full")

    writer.submit(lambda: fail)
    writer.submit(appending(done, 1))
    gate.set()
    with pytest.raises(OSError, match="full"):
        writer.wait()
    writer.wait()
    writer.submit(appending(done, 2))
    writer.wait()
    assert done[-1] == 2
    writer.close()

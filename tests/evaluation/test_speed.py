"""The stopwatch and the machine's name."""

import time

from amhctl.evaluation import speed


def test_the_median_of_calls_counts_every_call() -> None:
    calls: list[int] = []
    assert speed.median_time(lambda: calls.append(1), repetitions=4) >= 0.0
    assert len(calls) == 4


def test_the_machine_is_named() -> None:
    machine = speed.describe_machine()
    assert machine.cores >= 1
    assert machine.memory_gib > 0
    assert machine.processor
    assert machine.processor in machine.line()
    assert machine.python in machine.line()


def test_processor_time_is_that_of_the_work_and_not_of_waiting() -> None:
    assert speed.cpu_time_once(lambda: time.sleep(0.2)) < 0.1
    assert speed.cpu_time_once(lambda: sum(range(2_000_000))) > 0.0
    assert speed.cpu_time_of_children() >= 0.0

"""The load of a server, measured: ``tools/measure_server.py``."""

import os

import measure_server
import pytest
from support.services import CountingShelf, served

from amhctl.service.application import Limits


def test_loads_are_measured_and_refusals_are_counted() -> None:
    with served(CountingShelf(2)) as service:
        address = service.url.removeprefix("http://")
        load = measure_server.measure_load(address, clients=3, requests=6)
        assert (load.clients, load.requests, load.refused) == (3, 6, 0)
        assert 0 < load.first_median <= load.first_p95 <= load.whole_p95
        assert load.first_median <= load.whole_median
        assert load.speech_per_second > 1
        sizes = measure_server.measure_memory(address, os.getpid(), 8)
    assert len(sizes) == 5
    assert all(size > 10_000_000 for size in sizes)


def test_a_request_that_is_not_answered_ends_the_measuring() -> None:
    with served(CountingShelf(1), Limits(characters=3)) as service, pytest.raises(SystemExit, match="400"):
        measure_server.measure_memory(service.url.removeprefix("http://"), os.getpid(), 4)


def test_percentiles_are_values_of_the_list() -> None:
    values = [float(number) for number in range(1, 101)]
    assert measure_server.percentile(values, 0.95) == 95.0
    assert measure_server.percentile([3.0], 0.95) == 3.0
    assert measure_server.percentile([1.0, 2.0], 0.5) == 1.0

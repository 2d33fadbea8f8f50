"""Settings that hold for every test."""

import os
from collections import Counter

# Before numpy and torch are loaded: tests run one on each processor, and threads of theirs would only wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# How long an example takes is the machine's affair, and `amhctl bench`'s: a busy machine must not fail a test.
settings.register_profile("amhctl", deadline=None)
settings.load_profile("amhctl")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of journeys and slow tests: one that came last would keep one processor waiting."""
    slow = Counter(item.path for item in items if any(item.iter_markers("slow")) or any(item.iter_markers("journey")))
    items.sort(key=lambda item: -slow[item.path])

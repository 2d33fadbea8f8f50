"""Settings that hold for every test."""

import os

# Before numpy and torch are loaded: tests run one on each processor, and threads of theirs would only wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# How long an example takes is the machine's affair, and `amhctl bench`'s: a busy machine must not fail a test.
settings.register_profile("amhctl", deadline=None)
settings.load_profile("amhctl")

"""Settings that hold for every test."""

from hypothesis import settings

# How long an example takes is the machine's affair, and `amhctl bench`'s: a busy machine must not fail a test.
settings.register_profile("amhctl", deadline=None)
settings.load_profile("amhctl")

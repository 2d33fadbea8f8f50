"""Seeds: every random choice of a run is a function of its seed and of what is being chosen.

Nothing here keeps a state, so nothing has to be restored: a continued run asks for the same seeds as an
uninterrupted one.
"""

import hashlib

import torch


def derive_seed(seed: int, *keys: str | int) -> int:
    """Return a seed of 63 bits for one use of randomness, such as ``derive_seed(0, "step", 12)``."""
    text = "\x1f".join((str(seed), *(str(key) for key in keys)))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") >> 1


def seed_batch(seed: int, step: int, place: int) -> None:
    """Seed torch's generators, the source of dropout, for one micro-batch: the ``place``-th of an optimiser step.

    Not of a process: whichever computes it, and however many they are, it is computed alike.
    """
    torch.manual_seed(derive_seed(seed, "step", step, place))


def generator_of(seed: int, *keys: str | int) -> torch.Generator:
    """Return a CPU generator for one use of randomness."""
    return torch.Generator().manual_seed(derive_seed(seed, *keys))

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


def generator_of(seed: int, *keys: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a generator for one use of randomness, which draws on a device.

    Kinds of devices draw differently from the same seed, as they do of dropout: what is to be the same on each is drawn
    on the CPU. So is what is drawn for ``meta``, which has no values.
    """
    where = torch.device(device)
    return torch.Generator("cpu" if where.type == "meta" else where).manual_seed(derive_seed(seed, *keys))

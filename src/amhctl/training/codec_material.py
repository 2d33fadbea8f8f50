"""What a codec is trained on, and how its segments are drawn: a pure function of a seed. Knows no networks.

Shapes: ``B segments, N samples``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.checkpoint.manifest import Licence


@dataclass(frozen=True, slots=True)
class CodecMaterial:
    """Waveforms at the codec's sample rate, already at their training level."""

    train: Sequence[NDArray[np.float32]]
    valid: Sequence[NDArray[np.float32]]
    fingerprint: str
    licences: tuple[Licence, ...] = field(default=())
    processing: tuple[str, ...] = field(default=())


def sample_segments(clips: Sequence[NDArray[np.float32]], *, count: int, size: int, gain: float, seed: int) -> Tensor:
    """Return random segments, shape (count, size); a clip is drawn in proportion to its length.

    Parameters
    ----------
    clips : Sequence[NDArray[np.float32]]
        Where they are cut from; a clip shorter than a segment is followed by zeros.
    count, size : int
        How many, and how many samples each.
    gain : float
        Largest random gain in dB, up or down.
    seed : int
        Of every choice.
    """
    random = np.random.default_rng(seed)
    lengths = np.array([clip.size for clip in clips], dtype=np.float64)
    chosen = random.choice(len(clips), size=count, p=lengths / lengths.sum())
    result = np.zeros((count, size), dtype=np.float32)
    for row, index in enumerate(chosen):
        clip = clips[int(index)]
        start = int(random.integers(0, max(1, clip.size - size + 1)))
        piece = clip[start : start + size]
        result[row, : piece.size] = piece
    gains = 10.0 ** (random.uniform(-gain, gain, size=(count, 1)) / 20.0)
    return torch.from_numpy(np.clip(result * gains, -1.0, 1.0).astype(np.float32))

"""Whether two clips sound like one speaker, by their speaker embeddings (``encoders.speaker``). Knows no text."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of two embeddings: 1 is the same voice; other speakers of one sex lie near 0.5 to 0.7."""
    return float(np.dot(one, other))


def mean_similarity(one: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> float:
    """Return the mean similarity of an embedding to others, at least one."""
    return float(np.mean([similarity(one, other) for other in others]))

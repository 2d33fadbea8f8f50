"""Whether two clips sound like one speaker, by their speaker embeddings (``codec.speaker_encoder``). Knows no text."""

import numpy as np
from numpy.typing import NDArray


def similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of two embeddings: 1 is the same voice; other speakers of one sex lie near 0.5 to 0.7."""
    return float(np.dot(one, other))

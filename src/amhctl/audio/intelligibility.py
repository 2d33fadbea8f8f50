"""How intelligible a changed recording is against the original. Knows no files."""

import warnings

import numpy as np
from numpy.typing import NDArray
from pystoi import stoi

SHORTEST_SECONDS = 0.5
"""Of a recording that can be compared: the measure needs thirty frames of 12.8 ms that are not silent."""


def intelligibility(original: NDArray[np.float32], changed: NDArray[np.float32], sample_rate: int) -> float | None:
    """Return the short-time objective intelligibility, from 0 to 1; None where there is too little speech for it.

    Source: Taal, Hendriks, Heusdens and Jensen, "An algorithm for intelligibility prediction of time-frequency
    weighted noisy speech", IEEE Trans. ASLP 19(7), 2011.

    Parameters
    ----------
    original, changed : NDArray[np.float32]
        Shape (N,) both.
    sample_rate : int
        Samples per second.
    """
    if original.size < SHORTEST_SECONDS * sample_rate:
        return None
    with warnings.catch_warnings():
        # Of speech that is nearly all silence the package returns a number that means nothing, and warns.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(stoi(original, changed, sample_rate))
        except RuntimeWarning:
            return None

"""Pitch, energy and noise of a recording, frame by frame and piece by piece. Knows no text and no files.

Shapes: ``T frames, F mel bins, P pieces of the text``.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FLOOR_SHARE, _SPEECH_SHARE = 0.05, 0.9
# What stands for the pitch of a recording in which none was found; in hertz.
_NO_PITCH = 150.0


def energies(mel_TF: Floats) -> Floats:
    """Return the logarithm of each frame's root mean square of mel magnitudes, shape (T,)."""
    # By the largest bin first: no power of a magnitude overflows.
    largest_T1 = mel_TF.max(axis=1, keepdims=True)
    squares_T = np.square(np.exp(mel_TF - largest_T1)).mean(axis=1)
    energies_T: Floats = (largest_T1[:, 0] + 0.5 * np.log(squares_T)).astype(np.float32)
    return energies_T


def noise_floor(mel_TF: Floats) -> float:
    """Return how far the quietest frames lie below speech, as a natural logarithm of magnitudes: at most 0.

    The fifth percentile of the energies less the ninetieth. Of a recording without pauses it says too much.
    """
    floor, speech = np.quantile(energies(mel_TF), (_FLOOR_SHARE, _SPEECH_SHARE))
    return float(floor - speech)


def continuous_log_pitch(pitch_T: Floats) -> Floats:
    """Return the natural logarithm of the pitch in hertz, shape (T,), drawn straight through unvoiced frames (0)."""
    voiced = np.flatnonzero(pitch_T > 0)
    if voiced.size == 0:
        return np.full(pitch_T.shape, np.log(_NO_PITCH), dtype=np.float32)
    return np.interp(np.arange(pitch_T.size), voiced, np.log(pitch_T[voiced])).astype(np.float32)


def piece_means(values_T: Floats, durations_P: NDArray[np.int64]) -> Floats:
    """Return the mean of a value over the frames of each piece, shape (P,); of a piece without frames, of its place.

    ``durations_P`` add up to T.
    """
    ends_P = np.cumsum(durations_P)
    sums = np.concatenate([[0.0], np.cumsum(values_T, dtype=np.float64)])
    # A piece without frames takes the value of the frame where it would lie.
    begins_P = np.minimum(ends_P - durations_P, values_T.size - 1)
    stops_P = np.maximum(ends_P, begins_P + 1)
    means_P: Floats = ((sums[stops_P] - sums[begins_P]) / (stops_P - begins_P)).astype(np.float32)
    return means_P

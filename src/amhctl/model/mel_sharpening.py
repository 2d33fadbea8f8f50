"""A postfilter of generated spectrograms: clearer formants, steadier frames. Pure functions of numpy arrays.

A network that draws a spectrogram in a few steps blurs it along frequency, and what is left of the noise it started
from makes neighbouring frames jitter. Postfilters that deepen the valleys between formants are as old as speech coding
(Chen and Gersho 1995, "Adaptive postfiltering for quality enhancement of coded speech"); here it is an unsharp mask
over the bins, after a light smoothing over the frames.

Shapes: ``T frames, F mel bins``.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST_SHARPNESS = 3.0
"""Beyond it, little of the spectrogram is left."""
# What sharpness 1 adds of the difference from the surrounding bins, and takes of that from the surrounding frames;
# measured on validation sentences by tools/measure_drawing.py.
_CONTRAST = 0.5
_JITTER = 0.2
_BINS_DEVIATION = 2.0
_FRAMES_DEVIATION = 1.0
# A Gaussian is nothing beyond so many deviations.
_REACH = 4.0


def sharpen(mel_TF: Floats, sharpness: float) -> Floats:
    """Return a log-mel spectrogram with clearer formants and steadier frames, shape (T, F).

    Parameters
    ----------
    mel_TF : Floats
        Log-mel.
    sharpness : float
        How much, from 0, which changes nothing, to 3; 1 is usual.
    """
    if not sharpness or not mel_TF.size:
        return mel_TF
    steadiness = np.float32(min(1.0, sharpness * _JITTER))
    steady_TF = mel_TF + steadiness * (_blur(mel_TF, _FRAMES_DEVIATION) - mel_TF)
    surrounding_TF = _blur(steady_TF.T, _BINS_DEVIATION).T
    sharp_TF: Floats = steady_TF + np.float32(sharpness * _CONTRAST) * (steady_TF - surrounding_TF)
    return sharp_TF


def _blur(values_XY: Floats, deviation: float) -> Floats:
    """Return values averaged along the first axis by a Gaussian; the edges are repeated beyond themselves."""
    reach = round(_REACH * deviation)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / deviation) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    padded_XY = np.pad(values_XY, ((reach, reach), (0, 0)), mode="edge")
    count = len(values_XY)
    blurred_XY: Floats = sum(
        (weight * padded_XY[start : start + count] for start, weight in enumerate(weights)),
        start=np.zeros_like(values_XY),
    )
    return blurred_XY

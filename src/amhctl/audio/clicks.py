"""Clicks: samples that jump as nothing around them does, such as where sounds are badly joined. Knows samples only.

Of the definition of a click in restoration, a sample that its neighbours do not foretell (Godsill and Rayner, "Digital
Audio Restoration", 1998, chapter 5), with the second difference in place of an autoregressive model: the vocal folds
jump too, but do so again within 25 ms, and the burst of a stop continues for longer than 2 ms.
"""

import numpy as np

# scipy.ndimage is loaded on use, see audio/augment.py.
import scipy
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform

CLICK = 12.0
"""By how much a jump exceeds all others around it to be a click.

Lips and tongues click too, and cut recordings do at their edges: 150 clips of one cleaned corpus have 0.2 clicks a
minute, 150 of another 4.7."""
_NEAR_SECONDS, _FAR_SECONDS = 0.002, 0.025
# A jump in silence is heard where it is larger than that, -54 dBFS.
_QUIETEST = 0.002


def find_clicks(waveform: Waveform) -> tuple[float, ...]:
    """Return the seconds at which a waveform clicks; one that begins or ends abruptly clicks there."""
    prominence = click_prominence(waveform)
    places = np.flatnonzero(prominence > CLICK)
    # The samples of one click follow each other.
    firsts = places[np.diff(places, prepend=-waveform.sample_rate) > _NEAR_SECONDS * waveform.sample_rate]
    return tuple(float(place) / waveform.sample_rate for place in firsts)


def largest_click(waveform: Waveform) -> float:
    """Return by how much the most sudden jump of a waveform exceeds those around it."""
    return float(click_prominence(waveform).max(initial=0.0))


def click_prominence(waveform: Waveform) -> NDArray[np.float64]:
    """Return the second difference at each sample over the largest between 2 and 25 ms before or after it, shape (N,).

    The waveform is heard between silences.
    """
    near, far = (round(seconds * waveform.sample_rate) for seconds in (_NEAR_SECONDS, _FAR_SECONDS))
    jumps = np.abs(np.diff(np.pad(waveform.samples.astype(np.float64), far + 1), 2))
    width = far - near + 1
    largest = scipy.ndimage.maximum_filter1d(jumps, width, mode="constant")
    centre = near + width // 2
    before = np.pad(largest, (centre, 0))[: jumps.size]
    after = np.pad(largest, (0, centre))[centre:]
    prominence: NDArray[np.float64] = jumps / np.maximum(np.maximum(before, after), _QUIETEST)
    return prominence[far:-far]

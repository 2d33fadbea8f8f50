"""Log-probabilities of a recording that is too long to be held in memory: it is read and computed piece by piece.

Shapes: ``E frames of 20 ms, V labels``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.longrecording import LongRecording
from amhctl.audio.waveform import Waveform
from amhctl.recogniser.features import SAMPLE_RATE, SHORTEST_SAMPLES
from amhctl.recogniser.labels import BLANK, LABELS
from amhctl.recogniser.recognition import FRAME_SECONDS

FRAME_SAMPLES = round(FRAME_SECONDS * SAMPLE_RATE)
_PIECE_FRAMES, _MARGIN_FRAMES = 1_100, 50
"""A piece of 22 s is computed with one second of its neighbours on each side."""


def long_log_probabilities(
    compute: Callable[[Waveform], NDArray[np.float32]],
    recording: LongRecording,
    advance: Callable[[int], None] = lambda frames: None,
) -> NDArray[np.float32]:
    """Return the natural log-probability of each label in each frame, shape (E, V).

    Parameters
    ----------
    compute : Callable[[Waveform], NDArray[np.float32]]
        ``Recogniser.log_probabilities``.
    recording : LongRecording
        At any rate.
    advance : Callable[[int], None]
        Called with the number of frames that are new.

    Raises
    ------
    AudioError
        If a part of the recording cannot be read, or all of it is shorter than 25 ms.
    """
    source = recording.at(SAMPLE_RATE)
    count = max(1, source.size // FRAME_SAMPLES)
    values_EV = np.full((count, len(LABELS)), -np.inf, dtype=np.float32)
    values_EV[:, BLANK] = 0.0
    for start in range(0, count, _PIECE_FRAMES):
        stop = min(count, start + _PIECE_FRAMES)
        begin, end = max(0, start - _MARGIN_FRAMES), min(count, stop + _MARGIN_FRAMES)
        last = source.size if end == count else end * FRAME_SAMPLES
        samples = source.piece(begin * FRAME_SAMPLES, last)
        if samples.size < SHORTEST_SAMPLES and start:
            break
        piece_EV = compute(Waveform(samples, SAMPLE_RATE))[start - begin : stop - begin]
        values_EV[start : start + len(piece_EV)] = piece_EV
        advance(stop - start)
    return values_EV

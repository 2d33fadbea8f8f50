"""Recordings that are no sound but say by their samples what a recogniser makes of each frame, and that recogniser."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.recogniser.labels import BLANK, LABELS

FRAME = 320
_STEP = 1.0 / 128.0
_SURE = 0.9


def frames_of(phones: Sequence[int], *, each: int = 4) -> list[int]:
    """Return the labels of frames in which phones are said: each phone in one frame, blanks after it."""
    return [label for phone in phones for label in (phone, *[BLANK] * (each - 1))]


def encode_frames(labels: Sequence[int]) -> Waveform:
    """Return the recording that says these labels, one for each frame of 20 ms at 16 kHz."""
    return Waveform(np.repeat(np.asarray(labels, dtype=np.float32) * _STEP, FRAME), 16_000)


def log_probabilities_of(labels: Sequence[int], *, sure: float = _SURE) -> NDArray[np.float32]:
    """Return log-probabilities in which each frame's label has the probability ``sure``; all others share the rest."""
    values_EV = np.full((len(labels), len(LABELS)), (1.0 - sure) / (len(LABELS) - 1), dtype=np.float32)
    values_EV[np.arange(len(labels)), labels] = sure
    return np.log(values_EV)


class FrameReader:
    """Reads what ``encode_frames`` has written; takes the place of a ``Recogniser``."""

    name, fingerprint = "frames", "0" * 64

    def log_probabilities(self, waveform: Waveform) -> NDArray[np.float32]:
        """Return what each whole frame says."""
        whole = waveform.samples[: waveform.samples.size // FRAME * FRAME].reshape(-1, FRAME)
        labels = np.rint(np.abs(np.median(whole, axis=1)) / _STEP).astype(np.int64)
        return log_probabilities_of(np.where(labels < len(LABELS), labels, BLANK).tolist())

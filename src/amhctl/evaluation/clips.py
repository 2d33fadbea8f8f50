"""Clips as every measurement sees them: 16 kHz mono, silent edges cut off. Knows no metric."""

import numpy as np

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError

ANALYSIS_RATE = 16_000
# Speech keeps within about 35 dB of its loudest parts; in a quiet room the noise lies well below that, and breaths
# and plosive onsets above it.
_EDGE_DECIBELS = 35.0
_FRAME_SECONDS = 0.025


def at_analysis_rate(waveform: Waveform) -> Waveform:
    """Return the waveform at 16 kHz."""
    return waveform if waveform.sample_rate == ANALYSIS_RATE else resample(waveform, ANALYSIS_RATE)


def trim(waveform: Waveform) -> Waveform:
    """Return the waveform at 16 kHz without its silent edges, one 25 ms frame of margin kept.

    Raises
    ------
    EvaluationError
        If nothing in it is louder than digital silence.
    """
    clip = at_analysis_rate(waveform)
    levels = frame_levels(clip)
    loud = np.flatnonzero(levels > max(speech_level(clip) - _EDGE_DECIBELS, -90.0))
    if not loud.size:
        raise EvaluationError("the clip is silent")
    size = round(_FRAME_SECONDS * ANALYSIS_RATE)
    first = max(0, int(loud[0]) - 1) * size
    end = clip.samples.size if loud[-1] >= levels.size - 2 else (int(loud[-1]) + 2) * size
    return Waveform(clip.samples[first:end].copy(), ANALYSIS_RATE)

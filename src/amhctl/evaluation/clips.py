"""Clips as every measurement sees them: 16 kHz mono, silent edges cut off. Knows no metric."""

from amhctl.audio.levels import trim_silence
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, EvaluationError

ANALYSIS_RATE = 16_000


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
    try:
        return trim_silence(at_analysis_rate(waveform))
    except AudioError as fault:
        raise EvaluationError(fault.message) from fault

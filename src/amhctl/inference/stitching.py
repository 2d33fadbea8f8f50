"""Pieces of speech become one: silent edges cut, short fades, pauses as the punctuation asks. Knows no text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.units import Seconds

_FRAME_SECONDS = 0.025
_EDGE_DECIBELS = 40.0
# Kept on either side of the speech, so that a soft onset or a breathy end is not cut into.
_MARGIN_SECONDS = 0.05
_FADE_SECONDS = 0.015
_TOP = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One piece of speech and the silence that follows it."""

    waveform: Waveform
    pause: Seconds


def trim_edges(waveform: Waveform) -> Waveform:
    """Return the waveform without its silent edges, 50 ms of margin kept; one without any speech stays whole."""
    levels = frame_levels(waveform)
    loud = np.flatnonzero(levels > speech_level(waveform) - _EDGE_DECIBELS)
    if not loud.size:
        return waveform
    size = round(_FRAME_SECONDS * waveform.sample_rate)
    margin = round(_MARGIN_SECONDS * waveform.sample_rate)
    start = max(0, int(loud[0]) * size - margin)
    end = waveform.samples.size if loud[-1] == levels.size - 1 else (int(loud[-1]) + 1) * size + margin
    return Waveform(waveform.samples[start:end].copy(), waveform.sample_rate)


def fade(waveform: Waveform) -> Waveform:
    """Return the waveform with raised-cosine fades of 15 ms at both ends, so that neither can click."""
    samples = waveform.samples.copy()
    length = min(round(_FADE_SECONDS * waveform.sample_rate), samples.size // 2)
    if length:
        ramp = _ramp(length)
        samples[:length] *= ramp
        samples[-length:] *= ramp[::-1]
    return Waveform(samples, waveform.sample_rate)


def join(pieces: Sequence[Piece]) -> Waveform:
    """Return the pieces in a row; where no pause is asked for, neighbours overlap in a cross-fade of 15 ms.

    The pause after the last piece is left out. A result that would exceed full scale is scaled down as a whole.

    Raises
    ------
    SynthesisError
        If there are no pieces or their sample rates differ.
    """
    if not pieces:
        raise SynthesisError("there is nothing to join")
    rate = pieces[0].waveform.sample_rate
    if any(piece.waveform.sample_rate != rate for piece in pieces):
        raise SynthesisError("pieces of speech have different sample rates")
    overlap = round(_FADE_SECONDS * rate)
    faded = [fade(piece.waveform).samples for piece in pieces]
    starts = [0]
    for samples, piece in zip(faded, pieces[:-1], strict=False):
        gap = round(piece.pause * rate)
        starts.append(starts[-1] + samples.size + (gap if gap else -min(overlap, samples.size)))
    joined: NDArray[np.float32] = np.zeros(
        max(start + samples.size for start, samples in zip(starts, faded, strict=True)), dtype=np.float32
    )
    for start, samples in zip(starts, faded, strict=True):
        joined[start : start + samples.size] += samples
    peak = float(np.abs(joined).max(initial=0.0))
    if peak > _TOP:
        joined *= np.float32(_TOP / peak)
    return Waveform(joined, rate)


def _ramp(length: int) -> NDArray[np.float32]:
    """Return a rise from 0 to 1 whose mirror image it completes to 1 at every sample."""
    ramp: NDArray[np.float32] = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
    return ramp

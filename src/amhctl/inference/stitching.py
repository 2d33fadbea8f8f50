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
# The background of a phone recording lies 35 to 50 dB below its speech, soft onsets and breathy ends above that.
_EDGE_DECIBELS = 30.0
_MARGIN_SECONDS = 0.05
_FADE_SECONDS = 0.015
_TOP = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One piece of speech and the digital silence that follows it."""

    waveform: Waveform
    pause: Seconds


def cut(waveforms: Sequence[Waveform], pauses: Sequence[Seconds]) -> list[Piece]:
    """Return takes cut so that what is between the speech of two neighbours is the pause after the first.

    A pause is made of the takes' own background as far as it reaches, and of silence beyond: a voice whose room is
    heard under its speech does not fall silent all of a sudden. At both ends of the whole 50 ms of background are kept.
    A take without any speech stays whole.

    Parameters
    ----------
    waveforms : Sequence[Waveform]
        Takes, with whatever silence they begin and end.
    pauses : Sequence[Seconds]
        Pause after each; that of the last does not matter.
    """
    pieces = []
    before = _MARGIN_SECONDS
    spans = [_span(waveform) for waveform in waveforms]
    for place, (waveform, (start, end)) in enumerate(zip(waveforms, spans, strict=True)):
        rate, last = waveform.sample_rate, place == len(waveforms) - 1
        first = max(0, start - round(before * rate))
        wanted = _MARGIN_SECONDS if last else pauses[place] / 2
        stop = min(waveform.samples.size, end + round(wanted * rate))
        # What this take cannot give of the pause, the beginning of the next one may.
        before = pauses[place] - (stop - end) / rate
        given = 0.0 if last else min(before, spans[place + 1][0] / rate)
        rest = Seconds(max(0.0, before - given))
        pieces.append(Piece(Waveform(waveform.samples[first:stop].copy(), rate), rest))
    return pieces


def _span(waveform: Waveform) -> tuple[int, int]:
    """Return the samples between which there is speech, 25 ms of margin included; all of them if there is none."""
    levels = frame_levels(waveform)
    loud = np.flatnonzero(levels > speech_level(waveform) - _EDGE_DECIBELS)
    if not loud.size:
        return 0, waveform.samples.size
    size = round(_FRAME_SECONDS * waveform.sample_rate)
    start = max(0, int(loud[0]) - 1) * size
    end = waveform.samples.size if loud[-1] >= levels.size - 2 else (int(loud[-1]) + 2) * size
    return start, end


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
        raise SynthesisError("there are no segments to join")
    rate = pieces[0].waveform.sample_rate
    if any(piece.waveform.sample_rate != rate for piece in pieces):
        raise SynthesisError("segments have different sample rates")
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

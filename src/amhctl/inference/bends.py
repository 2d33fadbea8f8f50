"""Speed, pitch and volume that change inside of a segment: which piece of it is said how. Knows no voice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.inference.options import SpeakOptions
from amhctl.inference.wordtimes import Written

_RAMP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Bend:
    """How a piece is said; the meanings and ranges are those of ``SpeakOptions``.

    Attributes
    ----------
    speed, pitch, volume : float
        As options have them.
    """

    speed: float
    pitch: float
    volume: float

    def applied(self, options: SpeakOptions) -> SpeakOptions:
        """Return options to say all of a segment so."""
        return replace(options, speed=self.speed, pitch=self.pitch, volume=self.volume)


def bend_pieces(text: str, written: Written, bends: Sequence[tuple[int, Bend]]) -> tuple[Bend, ...]:
    """Return how each piece of a segment is said; one value where all of them are said alike.

    A word is said as its first letter asks, and silence as the word before it. Where it is not known which piece says
    which word, all of the segment is said as its first word.

    Parameters
    ----------
    text : str
        The written text.
    written : Written
        The words of the segment, and which piece says which.
    bends : Sequence[tuple[int, Bend]]
        From which character of the text on what is said how; the first one is character 0.
    """
    of_words = [_bend_of(text, begin, end, bends) for begin, end in written.words]
    if not of_words:
        return (bends[0][1],)
    if written.owners is None:
        return (of_words[0],)
    found = []
    present = next((of_words[owner] for owner in written.owners if owner is not None), of_words[0])
    for owner in written.owners:
        present = present if owner is None else of_words[owner]
        found.append(present)
    return tuple(found) if len(set(found)) > 1 else (present,)


def course(edges: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return times and the values at them, which change from piece to piece within 20 ms; straight lines in between.

    Parameters
    ----------
    edges : Sequence[float]
        Where each piece ends, in seconds; 20 ms lie between two edges at least.
    values : Sequence[float]
        The value of each piece.
    """
    times, levels = [0.0], [values[0]]
    for edge, before, after in zip(edges[:-1], values[:-1], values[1:], strict=True):
        if before != after:
            times += (edge - _RAMP_SECONDS / 2, edge + _RAMP_SECONDS / 2)
            levels += (before, after)
    return times, levels


def set_volumes(waveform: Waveform, times: Sequence[float], decibels: Sequence[float]) -> tuple[Waveform, float]:
    """Return a waveform that is softer or louder in parts, and by how many decibels all of it became louder.

    Parameters
    ----------
    waveform : Waveform
        The sound.
    times, decibels : Sequence[float]
        When it is to be how much louder, from ``course``.
    """
    gains: NDArray[np.float64] = np.interp(np.arange(waveform.samples.size) / waveform.sample_rate, times, decibels)
    shaped = Waveform((waveform.samples * 10.0 ** (gains / 20.0)).astype(np.float32), waveform.sample_rate)
    louder = loudness(shaped) - loudness(waveform)
    return shaped, louder if np.isfinite(louder) else 0.0


def _bend_of(text: str, begin: int, end: int, bends: Sequence[tuple[int, Bend]]) -> Bend:
    """Return how a word of the text is said."""
    letter = next((place for place in range(begin, end) if text[place].isalnum()), begin)
    return next(bend for start, bend in reversed(bends) if start <= letter or start == 0)

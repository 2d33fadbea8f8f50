"""Takes of speech become one sound, one after the other: silent edges cut, short fades, pauses as the punctuation asks.

Knows no text. What is given out after each take never changes, so a listener need not wait for the next one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.audio.loudness import loudness, set_loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.units import Seconds

_FRAME_SECONDS = 0.025
# The background of a phone recording lies 35 to 50 dB below its speech, soft onsets and breathy ends above that.
_EDGE_DECIBELS = 30.0
_MARGIN_SECONDS = 0.05
_FADE_SECONDS = 0.015


@dataclass(frozen=True, slots=True, eq=False)
class Stitch:
    """What is final once a take is known.

    Attributes
    ----------
    waveform : Waveform
        Sound that follows what was given out before; it ends 15 ms before the take, which may be cross-faded.
    start : Seconds
        Where the take begins in the whole.
    seconds : Seconds
        Its length, without the pause after it.
    cut : Seconds
        How much was cut from its beginning.
    missing : float
        Decibels that it is softer than asked for, because its peaks would not fit.
    """

    waveform: Waveform
    start: Seconds
    seconds: Seconds
    cut: Seconds
    missing: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class StitcherState:
    """What the next take is stitched to.

    Attributes
    ----------
    held : NDArray[np.float32]
        Samples that may still be cross-faded, shape (N,).
    given : int
        Samples that were given out.
    wanted : float | None
        Seconds of background that the next take begins with; None before the first one.
    """

    held: NDArray[np.float32]
    given: int
    wanted: float | None


class Stitcher:
    """Puts takes in a row, one by one.

    What is between the speech of two neighbours is the pause after the first. A pause is made of the takes' own
    background as far as it reaches, and of silence beyond: a voice whose room is heard under its speech does not fall
    silent all of a sudden. At both ends of the whole 50 ms of background are kept. A take without any speech stays
    whole. Where no pause is asked for, neighbours overlap in a cross-fade of 15 ms.

    Parameters
    ----------
    sample_rate : int
        Of every take.
    target : float | None
        Loudness in LUFS that each take is brought to, by itself: it does not wait for those that follow. None leaves
        takes as they are.
    """

    def __init__(self, sample_rate: int, target: float | None = None, *, lead: float | None = None) -> None:
        self._loudness = target
        self._rate = sample_rate
        self._overlap = round(_FADE_SECONDS * sample_rate)
        self._held = np.zeros(0, dtype=np.float32)
        self._given = 0
        self._wanted = lead

    @property
    def state(self) -> StitcherState:
        """What the next take is stitched to."""
        return StitcherState(self._held, self._given, self._wanted)

    def restore(self, state: StitcherState) -> None:
        """Continue where another stitcher was."""
        self._held, self._given, self._wanted = state.held, state.given, state.wanted

    def push(self, take: Waveform, pause: Seconds, *, last: bool, gain: float = 0.0) -> Stitch:
        """Add a take and return what is final now; after the last one that is all.

        Parameters
        ----------
        take : Waveform
            The take, with whatever silence it begins and ends.
        pause : Seconds
            Pause after it; that of the last does not matter.
        last : bool
            Whether no other take follows.
        gain : float
            Decibels louder than the usual loudness.

        Raises
        ------
        SynthesisError
            If it has another sample rate.
        """
        if take.sample_rate != self._rate:
            raise SynthesisError("segments have different sample rates")
        start, end = _span(take)
        before = _MARGIN_SECONDS if self._wanted is None else self._wanted
        first = max(0, start - round(before * self._rate))
        # What this take cannot give of the pause, the beginning of the next one may.
        wanted = _MARGIN_SECONDS if last else pause / 2
        stop = min(take.samples.size, end + round(wanted * self._rate))
        silence = 0 if self._wanted is None else round(max(0.0, before - start / self._rate) * self._rate)
        self._wanted = pause - (stop - end) / self._rate
        cut = fade(Waveform(take.samples[first:stop], self._rate))
        loud = cut if self._loudness is None else set_loudness(cut, self._loudness + gain)
        # Only what is louder than usual may not fit.
        missing = 0.0 if self._loudness is None or gain <= 0.0 else self._loudness + gain - loudness(loud)
        body = loud.samples
        place = self._given + (self._held.size + silence if silence else 0)
        return Stitch(
            self._give(body, silence, last),
            Seconds(place / self._rate),
            Seconds(body.size / self._rate),
            Seconds(first / self._rate),
            missing if np.isfinite(missing) else 0.0,
        )

    def _give(self, body: NDArray[np.float32], silence: int, last: bool) -> Waveform:
        """Return what is final, and hold the rest."""
        begin = self._held.size + silence if silence else 0
        mixed = np.zeros(max(self._held.size, begin + body.size), dtype=np.float32)
        mixed[: self._held.size] = self._held
        mixed[begin : begin + body.size] += body
        final = mixed.size if last else begin + body.size - min(self._overlap, body.size)
        self._held, self._given = mixed[final:], self._given + final
        return Waveform(mixed[:final], self._rate)


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


def _ramp(length: int) -> NDArray[np.float32]:
    """Return a rise from 0 to 1 whose mirror image it completes to 1 at every sample."""
    ramp: NDArray[np.float32] = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
    return ramp

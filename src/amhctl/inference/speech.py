"""What a voice makes of a text: segments on their way, and the chunks of sound that they become."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Finding
from amhctl.core.units import Seconds
from amhctl.inference.judge import RULES as JUDGE_RULES
from amhctl.inference.stitching import Stitcher


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """One segment of the text as it was spoken.

    Attributes
    ----------
    text : str
        The segment.
    start : Seconds
        Where it begins in the whole.
    seconds : Seconds
        Its length, without the pause after it.
    pause : Seconds
        Silence after it.
    syllables : int
        Syllables it was judged by.
    attempts : int
        How often it was sampled.
    stopped : bool
        Whether the voice ended it by itself.
    """

    text: str
    start: Seconds
    seconds: Seconds
    pause: Seconds
    syllables: int
    attempts: int
    stopped: bool


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A whole text, spoken."""

    waveform: Waveform
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A segment on its way: what to say, and its frames, where they are found beforehand."""

    place: int
    text: str
    pause: Seconds
    syllables: int
    ids: tuple[int, ...]
    durations: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What became of a segment, once tried: the mean of its takes, judged."""

    waveform: Waveform
    stopped: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Speech as far as it is final once one more segment is spoken; chunks in a row are the whole.

    Attributes
    ----------
    waveform : Waveform
        Sound that follows the chunk before.
    segment : SpokenSegment
        The segment that was spoken.
    finding : Finding | None
        That it took more than one attempt.
    """

    waveform: Waveform
    segment: SpokenSegment
    finding: Finding | None


@dataclass(frozen=True, slots=True, eq=False)
class SpeechStream:
    """A text on its way to speech: read, and spoken as it is iterated over.

    Attributes
    ----------
    segments : int
        How many chunks there are.
    sample_rate : int
        Samples per second of all of them.
    findings : tuple[Finding, ...]
        What of the text is not spoken.
    chunks : Iterator[Chunk]
        Each is made when it is asked for.
    """

    segments: int
    sample_rate: int
    findings: tuple[Finding, ...]
    chunks: Iterator[Chunk]

    def __iter__(self) -> Iterator[Chunk]:
        """Return the chunks; they can be had once."""
        return self.chunks


def make_chunk(stitcher: Stitcher, job: Job, sound: Attempt, attempts: int, *, last: bool) -> Chunk:
    """Return the chunk of one more segment.

    Parameters
    ----------
    stitcher : Stitcher
        What the segments before it were given to.
    job : Job
        The segment.
    sound : Attempt
        What was made of it.
    attempts : int
        How often it was tried; more than once is a finding.
    last : bool
        Whether no other segment follows.
    """
    stitch = stitcher.push(sound.waveform, job.pause, last=last)
    segment = SpokenSegment(
        text=job.text,
        start=stitch.start,
        seconds=stitch.seconds,
        pause=job.pause,
        syllables=job.syllables,
        attempts=attempts,
        stopped=sound.stopped,
    )
    again = JUDGE_RULES.finding("S008", job.text, f"spoken on attempt {attempts}") if attempts > 1 else None
    return Chunk(stitch.waveform, segment, again)


def gather(stream: SpeechStream) -> Speech:
    """Return all that a stream speaks."""
    chunks = list(stream)
    samples = np.concatenate([chunk.waveform.samples for chunk in chunks])
    findings = tuple(chunk.finding for chunk in chunks if chunk.finding is not None)
    return Speech(
        Waveform(samples, stream.sample_rate),
        tuple(chunk.segment for chunk in chunks),
        stream.findings + findings,
    )

"""What a voice makes of a text: segments on their way, and the chunks of sound that they become."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import UnspeakableError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import Seconds
from amhctl.inference.bends import Bend
from amhctl.inference.judge import RULES as JUDGE_RULES
from amhctl.inference.options import SpeakOptions
from amhctl.inference.stitching import Stitcher
from amhctl.inference.wordtimes import TimedWord, Written, time_words
from amhctl.text.markup import strip_markup

_BY_RECOGNISER = frozenset({"S051", "S052", "S053"})  # of self_check, which is loaded where it is asked for

RULES = Rules(
    Rule(
        "S019",
        Severity.WARNING,
        "softer than asked for",
        "The volume asked for would clip this segment by more than a limiter can take: it is as loud as it fits.",
    ),
)
_HEARD_DECIBELS = 1.0


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
    written : str
        What it reads of the written text.
    words : tuple[TimedWord, ...]
        When each written word is said; none for a voice without explicit durations.
    marks : tuple[tuple[str, Seconds], ...]
        Marks that the text has there, and when each is reached.
    """

    text: str
    start: Seconds
    seconds: Seconds
    pause: Seconds
    syllables: int
    attempts: int
    stopped: bool
    written: str = ""
    words: tuple[TimedWord, ...] = ()
    marks: tuple[tuple[str, Seconds], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A whole text, spoken."""

    waveform: Waveform
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A segment on its way: what to say, its frames, where they are found beforehand, and what it reads of a text.

    ``bends`` say how each piece is said, one value how all of it is; none leaves that to the options.
    """

    place: int
    text: str
    pause: Seconds
    syllables: int
    ids: tuple[int, ...]
    durations: tuple[int, ...] | None
    whole: str = ""
    written: Written = field(default_factory=Written)
    bends: tuple[Bend, ...] = ()

    def settled(self, options: SpeakOptions) -> SpeakOptions:
        """Return how to say it where all of it is said alike."""
        return self.bends[0].applied(options) if len(self.bends) == 1 else options

    @property
    def reads(self) -> str:
        """What it reads of the written text."""
        words = self.written.words
        return strip_markup(self.whole[words[0][0] : words[-1][1]]) if words else ""


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What became of a segment, once tried: the mean of its takes, judged.

    Attributes
    ----------
    waveform : Waveform
        The sound.
    stopped : bool
        Whether the voice ended it by itself.
    findings : tuple[Finding, ...]
        What is wrong with it.
    edges : tuple[float, ...] | None
        Where each piece of the text ends, in seconds, where the voice decides it.
    louder : float
        Decibels that it became louder by what some of its pieces are asked to be.
    """

    waveform: Waveform
    stopped: bool
    findings: tuple[Finding, ...]
    edges: tuple[float, ...] | None = None
    louder: float = 0.0


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
    notes : tuple[Finding, ...]
        What else was found since the chunk before.
    """

    waveform: Waveform
    segment: SpokenSegment
    finding: Finding | None
    notes: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found."""
        return self.notes if self.finding is None else (*self.notes, self.finding)


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


def make_chunk(stitcher: Stitcher, job: Job, sound: Attempt, attempts: int, *, last: bool, gain: float = 0.0) -> Chunk:
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
    gain : float
        Decibels louder than usual; what does not fit is a finding.
    """
    stitch = stitcher.push(sound.waveform, job.pause, last=last, gain=gain)
    segment = SpokenSegment(
        text=job.text,
        start=stitch.start,
        seconds=stitch.seconds,
        pause=job.pause,
        syllables=job.syllables,
        attempts=attempts,
        stopped=sound.stopped,
        written=job.reads,
        words=time_words(
            job.whole, job.written, sound.edges or (), start=stitch.start, cut=stitch.cut, seconds=stitch.seconds
        ),
    )
    again = JUDGE_RULES.finding("S008", job.text, f"spoken on attempt {attempts}") if attempts > 1 else None
    soft = stitch.missing > _HEARD_DECIBELS
    notes = (RULES.finding("S019", job.text, f"{stitch.missing:.1f} dB softer than asked for"),) if soft else ()
    return Chunk(stitch.waveform, segment, again, notes)


def gather(stream: SpeechStream) -> Speech:
    """Return all that a stream speaks."""
    chunks = list(stream)
    samples = np.concatenate([chunk.waveform.samples for chunk in chunks])
    findings = tuple(finding for chunk in chunks for finding in chunk.findings)
    return Speech(
        Waveform(samples, stream.sample_rate),
        tuple(chunk.segment for chunk in chunks),
        stream.findings + findings,
    )


def refuse_speech(jobs: list[Job], sound: Attempt, attempts: int) -> UnspeakableError:
    """Return the error of segments that were judged bad at every attempt; ``sound`` is what became of the first."""
    faults = "; ".join(f"{finding.code} {finding.message}" for finding in sound.findings)
    more = f", and {len(jobs) - 1} more" if len(jobs) > 1 else ""
    is_checked = any(finding.code in _BY_RECOGNISER for finding in sound.findings)
    unchecked = "; --no-check speaks it without the recogniser" if is_checked else ""
    return UnspeakableError(
        f"all {attempts} attempts failed the quality checks ({faults}){more}",
        subject=jobs[0].text,
        hint=f"try another --seed, a lower --temperature or shorter sentences{unchecked}",
    )

"""What a voice makes of a text: segments on their way, and speech. Values, and how segments become one waveform."""

from dataclasses import dataclass

from amhctl.audio.loudness import set_loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Finding
from amhctl.core.units import Seconds
from amhctl.inference.judge import RULES as JUDGE_RULES
from amhctl.inference.stitching import cut, join

# In LUFS: what spoken programmes on phones and screens have (AES TD1008).
_LOUDNESS = -18.0


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """One segment of the text as it was spoken.

    Attributes
    ----------
    text : str
        The segment.
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


def assemble_speech(jobs: list[Job], sounds: dict[int, Attempt], attempts: dict[int, int]) -> Speech:
    """Return segments as one waveform with their pauses, at the loudness of spoken programmes.

    Parameters
    ----------
    jobs : list[Job]
        The segments, in order.
    sounds : dict[int, Attempt]
        What was made of each, by its place.
    attempts : dict[int, int]
        How often each was tried, by its place; more than once is a finding.
    """
    pieces = cut([sounds[job.place].waveform for job in jobs], [job.pause for job in jobs])
    segments = tuple(
        SpokenSegment(
            text=job.text,
            seconds=piece.waveform.duration,
            pause=job.pause,
            syllables=job.syllables,
            attempts=attempts[job.place],
            stopped=sounds[job.place].stopped,
        )
        for job, piece in zip(jobs, pieces, strict=True)
    )
    findings = tuple(
        JUDGE_RULES.finding("S008", segment.text, f"spoken on attempt {segment.attempts}")
        for segment in segments
        if segment.attempts > 1
    )
    return Speech(set_loudness(join(pieces), _LOUDNESS), segments, findings)

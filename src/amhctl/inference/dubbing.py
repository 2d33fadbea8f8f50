"""Subtitles, spoken in their times: each cue begins at its time and is spoken faster where it would not fit."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from amhctl.core.errors import SynthesisError, TextError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import FASTEST, Seconds
from amhctl.inference.longtext import LineChunk, Position, Role, stream_lines
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Chunk, SpokenSegment
from amhctl.inference.stitching import StitcherState
from amhctl.text.lines import Line
from amhctl.text.subtitles import Cue
from amhctl.text.unspoken import RULES as TEXT_RULES

RULES = Rules(
    Rule(
        "S022",
        Severity.WARNING,
        "a subtitle does not fit",
        "The text of a subtitle takes longer than its time, even as fast as allowed. It is spoken whole; a subtitle "
        "after it begins late if it has to. The message says by how much.",
    ),
)
_TRIES = 3
_SLACK_SECONDS = 0.05
_LONGEST_SILENCE = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class DubbedChunk(LineChunk):
    """A spoken cue.

    Attributes
    ----------
    speed : float
        How much faster it is spoken than asked for.
    """

    speed: float = field(kw_only=True)


def stream_cues(
    role: Role,
    cues: Sequence[Cue],
    options: SpeakOptions | None = None,
    *,
    fastest: float,
    cast: Mapping[str, Role] | None = None,
    after: Position | None = None,
) -> Iterator[DubbedChunk]:
    """Yield each cue at its time.

    Parameters
    ----------
    role : Role
        Who speaks.
    cues : Sequence[Cue]
        What, in the order of their times.
    options : SpeakOptions | None
        How to speak; None for the defaults.
    fastest : float
        How much faster than that a cue may be spoken to fit.
    cast : Mapping[str, Role] | None
        Voices that the text may name.
    after : Position | None
        Where to continue.

    Raises
    ------
    TextError
        If there is nothing speakable in any of them, or there is an hour of silence between two.
    SynthesisError
        If ``fastest`` is not between 1 and 2.
    UnspeakableError
        If a segment was judged bad at every attempt.
    """
    if not 1.0 <= fastest <= FASTEST:
        raise SynthesisError(f"{fastest:g} is not between 1 and {FASTEST:g}", subject="fastest")
    options = options or SpeakOptions()
    done, given = (after.line, after.stitcher.given) if after is not None else (0, 0)
    rate = role.voice.sample_rate
    notes: list[Finding] = []
    refused: TextError | None = None
    spoke = after is not None
    for number, cue in enumerate(cues[done:], done):
        try:
            chunks, speed = _fit(role, cue, replace(options, seed=options.seed + number), fastest, cast)
        except TextError as error:
            refused = refused or error
            notes.append(TEXT_RULES.finding("T001", cue.place, f"{cue.text[:40]!r} is not spoken: {error.message}"))
            continue
        wanted = round(cue.start * rate)
        if wanted - given > _LONGEST_SILENCE * rate:
            raise TextError("there is more than an hour of silence before a subtitle", subject=cue.place)
        lead = max(0, wanted - given)
        samples = np.concatenate([chunk.waveform.samples for chunk in chunks])
        notes += (finding for chunk in chunks for finding in chunk.findings)
        notes += _judge_fit(cue, (given + lead) / rate, samples.size / rate, speed)
        given += lead + samples.size
        spoke = True
        yield DubbedChunk(
            replace(chunks[0].waveform, samples=samples),
            _join(chunks, Seconds((given - samples.size) / rate)),
            None,
            tuple(notes),
            line=Line(cue.text),
            chapter=None,
            position=Position(number + 1, 0, number + 1, StitcherState(samples[:0], given, None), 0, 0),
            last=number == len(cues) - 1,
            lead=lead,
            speed=speed,
        )
        notes = []
    if not spoke:
        raise refused or TextError("the subtitles have nothing speakable")


def _fit(
    role: Role, cue: Cue, options: SpeakOptions, fastest: float, cast: Mapping[str, Role] | None
) -> tuple[list[LineChunk], float]:
    """Return a cue as speech that fits its time, or that is as fast as allowed, and how much faster it is spoken."""
    slot = cue.end - cue.start
    limit = min(fastest, role.voice.speeds[1] / options.speed, FASTEST / options.speed)
    speed = 1.0
    for _ in range(_TRIES):
        chosen = replace(options, speed=options.speed * speed)
        chunks = list(stream_lines(role, [Line(cue.text, subject=cue.place)], chosen, cast=cast))
        seconds = sum(chunk.waveform.duration for chunk in chunks)
        if seconds <= slot or speed >= limit:
            break
        # A little faster than needed, because frames are whole; and pauses do not become shorter.
        speed = min(limit, math.ceil(speed * seconds / slot * 1.02 * 100) / 100)
    return chunks, speed


def _judge_fit(cue: Cue, start: float, seconds: float, speed: float) -> list[Finding]:
    late, over = start - cue.start, start + seconds - cue.end
    if late <= _SLACK_SECONDS and over <= _SLACK_SECONDS:
        return []
    faults = [f"begins {late:.2f} s late"] if late > _SLACK_SECONDS else []
    faults += [f"ends {over:.2f} s late at {speed:.2f} times the speed"] if over > _SLACK_SECONDS else []
    return [RULES.finding("S022", cue.place, " and ".join(faults), "shorten its text, or give it more time")]


def _join(chunks: Sequence[Chunk], start: Seconds) -> SpokenSegment:
    """Return the segments of a cue as one, at its time."""
    segments = [chunk.segment for chunk in chunks]
    words = (word for segment in segments for word in segment.words)
    first, last = segments[0], segments[-1]
    return replace(
        first,
        text=" ".join(segment.text for segment in segments),
        start=Seconds(start + first.start),
        seconds=Seconds(last.start + last.seconds - first.start),
        pause=last.pause,
        syllables=sum(segment.syllables for segment in segments),
        attempts=max(segment.attempts for segment in segments),
        stopped=all(segment.stopped for segment in segments),
        written=" ".join(segment.written for segment in segments),
        words=tuple(replace(word, start=Seconds(start + word.start), end=Seconds(start + word.end)) for word in words),
    )

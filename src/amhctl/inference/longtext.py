"""A text of any length, spoken line by line: read when it is needed, in the manner of each line, with one memory.

What is needed to continue after a chunk is its ``Position``: a text that is continued there has the same samples as one
that is spoken in one go, and no line before it is read again by the voice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import TextError
from amhctl.core.findings import Finding
from amhctl.core.units import Seconds
from amhctl.inference.bends import Bend, bend_pieces
from amhctl.inference.following import RULES, find_role, follow
from amhctl.inference.following import Role as Role
from amhctl.inference.marks import Marks
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Attempt, Chunk, Job, make_chunk
from amhctl.inference.stitching import Stitcher, StitcherState
from amhctl.inference.voice import LOUDNESS, batches
from amhctl.text.lines import LONGEST_SILENCE, Line, split_line
from amhctl.text.lines import RULES as LINE_RULES
from amhctl.text.spoken import SpokenText
from amhctl.text.unspoken import RULES as TEXT_RULES
from amhctl.text.unspoken import count_unspoken, find_unspoken, refuse_unspoken, report_unspoken

# So many letters tell what a text is written in; fewer are judged once nothing follows.
_ENOUGH_LETTERS = 200
# Phones of a word, or brackets that are left over.
_BRACKETS = re.compile(r"\[\[[^\[\]]*\]\]|\[\[|\]\]")


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where a long text has been spoken up to.

    Attributes
    ----------
    line : int
        Lines that are done.
    segment : int
        Segments of the next line that are done.
    place : int
        Segments that are done in all, which seeds follow from.
    stitcher : StitcherState
        What the next segment is stitched to.
    letters, unspoken : int
        Letters up to now, and how many of them were left out.
    """

    line: int
    segment: int
    place: int
    stitcher: StitcherState
    letters: int
    unspoken: int


@dataclass(frozen=True, slots=True, eq=False)
class LineChunk(Chunk):
    """A chunk of a long text.

    Attributes
    ----------
    line : Line
        The line that the segment is part of.
    chapter : str | None
        Title of the chapter that it begins.
    position : Position
        Where to continue after it.
    last : bool
        Whether it is the last one.
    lead : int
        Samples of silence before its waveform.
    """

    line: Line = field(kw_only=True)
    chapter: str | None = field(kw_only=True)
    position: Position = field(kw_only=True)
    last: bool = field(kw_only=True)
    lead: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A line that is ready to be said."""

    number: int
    line: Line
    role: Role
    options: SpeakOptions
    jobs: list[Job]
    chapter: str | None
    notes: tuple[Finding, ...]
    letters: int
    unspoken: int


def stream_lines(
    role: Role,
    lines: Iterable[Line],
    options: SpeakOptions | None = None,
    *,
    cast: Mapping[str, Role] | None = None,
    after: Position | None = None,
) -> Iterator[LineChunk]:
    """Yield the chunks of a long text, each made when it is asked for; in a row they are the whole.

    Lines with nothing to say are findings.

    Parameters
    ----------
    role : Role
        Who speaks where a line does not say so.
    lines : Iterable[Line]
        The text; a line is asked for when the one before it is nearly done.
    options : SpeakOptions | None
        How to speak; None for the defaults.
    cast : Mapping[str, Role] | None
        Voices that lines may name, besides the speakers of the voice.
    after : Position | None
        Where to continue; the lines are given from the beginning all the same.

    Raises
    ------
    TextError
        If there is nothing speakable at all, or more letters than ``options.most_unspoken`` are not read.
    VocabularyError
        If a segment has a character the voice does not know.
    SynthesisError
        If an option means nothing to the voice.
    UnspeakableError
        If a segment was judged bad at every attempt.
    """
    reader = _Reader(role, options or SpeakOptions(), cast or {}, after)
    plans = reader.plans(lines)
    current = next(plans, None)
    if current is None:
        raise reader.refusal()
    stitcher = Stitcher(role.voice.sample_rate, LOUDNESS, lead=current.line.before)
    if after is not None:
        stitcher.restore(after.stitcher)
    done = after.segment if after is not None else 0
    while current is not None:
        marks = Marks(current.line)
        follows: _Plan | None = None
        for batch in _batches_of(current, first=current.jobs[0].place == 0):
            if batch[-1].place < current.jobs[0].place + done:
                continue
            sounds = current.role.voice.say(batch, current.options, current.role.speaker)
            for job in batch:
                if job.place < current.jobs[0].place + done:
                    continue
                is_end = job is current.jobs[-1]
                if is_end:
                    # Only here the next line is waited for: until then, there is something to listen to.
                    follows = next(plans, None)
                paused = replace(job, pause=reader.pause_after(job, follows if is_end else None))
                ends = is_end and follows is None
                attempts, sound = sounds[job.place]
                chunk = make_chunk(
                    stitcher,
                    paused,
                    _at_rate(sound, role.voice.sample_rate),
                    attempts,
                    last=ends,
                    gain=job.settled(current.options).volume + sound.louder,
                )
                yield LineChunk(
                    _lengthened(chunk.waveform, reader.silence) if ends else chunk.waveform,
                    marks.set_in(chunk.segment, job, is_end=is_end),
                    chunk.finding,
                    (
                        *(current.notes if job is current.jobs[0] else ()),
                        *chunk.notes,
                        *(reader.take_notes() if ends else ()),
                    ),
                    line=current.line,
                    chapter=current.chapter if job is current.jobs[0] else None,
                    position=reader.position_after(current, job, stitcher.state),
                    last=ends,
                )
        current, done = follows, 0


class _Reader:
    """Reads lines into plans, and keeps what was found in them."""

    def __init__(self, role: Role, options: SpeakOptions, cast: Mapping[str, Role], after: Position | None) -> None:
        role.voice.require_options(options)
        self._role = role
        self._options = options
        self._cast = cast
        self._after = after
        self._notes: list[Finding] = []
        self._letters, self._unspoken = (after.letters, after.unspoken) if after is not None else (0, 0)
        self._unread: tuple[str, ...] = ()
        self._place = after.place - after.segment if after is not None else 0
        self._refused: TextError | None = None
        self.silence: Seconds | None = None
        """Silence that nothing has followed yet."""

    def plans(self, lines: Iterable[Line]) -> Iterator[_Plan]:
        """Yield the lines that have something to say, once enough is read to tell that most of it can be said."""
        skipped = 0 if self._after is None else self._after.line
        chapter: str | None = None
        paragraph = False
        held: list[_Plan] = []
        for number, line in enumerate(self._fitting(lines)):
            if number < skipped:
                continue
            # What belongs to a line with nothing to say belongs to the next one.
            chapter = line.chapter if line.chapter is not None else chapter
            paragraph = paragraph or line.paragraph
            is_continued = self._after is not None and number == skipped and self._after.segment > 0
            if line.before is not None:
                self._wait(line, quiet=is_continued)
            self._notes += () if is_continued else line.findings
            found = self._plan(number, replace(line, before=self.silence, paragraph=paragraph), chapter, is_continued)
            if found is None:
                continue
            self.silence, chapter, paragraph = None, None, False
            self._place += len(found.jobs)
            held.append(found)
            if self._letters < _ENOUGH_LETTERS and self._is_unreadable():
                continue
            yield from self._readable(held)
            held = []
        yield from self._readable(held)

    def _wait(self, line: Line, *, quiet: bool) -> None:
        """Add the silence before a line to what precedes it; together they are no longer than one pause may be."""
        before = self.silence or 0.0
        seconds = before + (line.before or 0.0)
        self.silence = Seconds(min(seconds, LONGEST_SILENCE))
        if before < LONGEST_SILENCE < seconds and not quiet:
            message = f"pauses in a row are cut to {LONGEST_SILENCE:g} s"
            self._notes.append(LINE_RULES.finding("T004", f"{line.subject}, character {line.offset + 1}", message))

    def _fitting(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield lines, in parts where their manner changes and the voice cannot follow inside of a segment."""
        for line in lines:
            role, _, _ = find_role(self._role, self._options, self._cast, line.manner.voice)
            yield from (line,) if not line.shifts or role.voice.has_pitch else split_line(line)

    def _is_unreadable(self) -> bool:
        return self._unspoken > self._options.most_unspoken * self._letters

    def _readable(self, held: list[_Plan]) -> list[_Plan]:
        """Return lines, unless too much of the text is not read."""
        if self._unread and self._is_unreadable():
            raise refuse_unspoken(self._unspoken / self._letters, self._unread)
        return held

    def _plan(self, number: int, line: Line, chapter: str | None, is_continued: bool) -> _Plan | None:
        if not line.text.strip():
            return None
        role, options, bends = self._follow(line, quiet=is_continued)
        try:
            jobs, spoken = self._read(line, role, options, is_continued)
        except TextError as error:
            self._refused = self._refused or error
            is_word = any(letter.isalnum() for letter in line.text)
            shown = " ".join(line.text.split())[:40]
            if not is_continued and (letters := sum(letter.isalpha() for letter in line.text)):
                self._letters += letters
                self._unspoken += letters
                self._unread = (shown,)
            self._notes.append(
                TEXT_RULES.finding(
                    "T001" if is_word else "T003",
                    f"{line.subject}, character {line.offset + 1}",
                    f"{shown!r} is not spoken: {error.message}",
                )
            )
            return None
        if not is_continued:
            unspoken, letters = count_unspoken(spoken)
            self._unspoken += unspoken
            self._letters += letters
            self._unread = tuple(stretch.text for stretch in find_unspoken(spoken)) or self._unread
            self._notes += report_unspoken(spoken, line.subject, offset=line.offset)
        if bends:
            jobs = [replace(job, bends=bend_pieces(line.text, job.written, bends)) for job in jobs]
        return _Plan(number, line, role, options, jobs, chapter, self.take_notes(), self._letters, self._unspoken)

    def _read(self, line: Line, role: Role, options: SpeakOptions, is_continued: bool) -> tuple[list[Job], SpokenText]:
        """Return what is to be said of a line; phones in brackets that are none are left out."""
        try:
            return role.voice.plan(line.text, options, first=self._place)
        except TextError as error:
            if "[[" not in line.text:
                raise
            plain = _BRACKETS.sub(lambda match: " " * len(match.group()), line.text)
            read = role.voice.plan(plain, options, first=self._place)
            if not is_continued:
                place = f"{line.subject}, character {line.offset + line.text.index('[[') + 1}"
                self._notes.append(LINE_RULES.finding("T004", place, error.message, error.hint))
            return read

    def _follow(self, line: Line, *, quiet: bool) -> tuple[Role, SpeakOptions, list[tuple[int, Bend]]]:
        """Return who says a line, and how: as a whole, and from each of its shifts on; what cannot be is a finding."""
        role, options, faults = find_role(self._role, self._options, self._cast, line.manner.voice)
        whole, *parts = (
            follow(role.voice, options, manner) for manner in (line.manner, *(each for _, each in line.shifts))
        )
        if not quiet:
            told = dict.fromkeys((*faults, *(fault for _, cannot in (whole, *parts) for fault in cannot)))
            self._notes += (RULES.finding("S020", line.subject, fault) for fault in told)
        bends = [(start, bend) for (start, _), (bend, _) in zip(line.shifts, parts, strict=True)]
        return role, whole[0].applied(options), bends

    def refusal(self) -> TextError:
        """Return why there is nothing to say."""
        return self._refused or TextError(
            "the text has nothing speakable", subject="text", hint="give at least one Amharic word or number"
        )

    def pause_after(self, job: Job, follows: _Plan | None) -> Seconds:
        """Return the silence after a segment, where a line follows or not."""
        if follows is None:
            return job.pause
        if follows.line.before is not None:
            return follows.line.before
        least = self._options.paragraph_pause * self._options.pause if follows.line.paragraph else 0.0
        return Seconds(max(job.pause, least))

    def take_notes(self) -> tuple[Finding, ...]:
        """Return what was found since it was last asked for."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def position_after(self, plan: _Plan, job: Job, stitcher: StitcherState) -> Position:
        """Return where to continue after a segment."""
        done = job.place - plan.jobs[0].place + 1
        is_end = done == len(plan.jobs)
        return Position(
            line=plan.number + 1 if is_end else plan.number,
            segment=0 if is_end else done,
            place=job.place + 1,
            stitcher=stitcher,
            letters=plan.letters,
            unspoken=plan.unspoken,
        )


def _batches_of(plan: _Plan, *, first: bool) -> Iterator[list[Job]]:
    """Yield the segments of a line several at a time; the first of all is alone, so that it is heard at once."""
    return batches(plan.jobs, plan.role.voice.batch_segments, alone=1 if first else 0)


def _at_rate(sound: Attempt, sample_rate: int) -> Attempt:
    return (
        sound
        if sound.waveform.sample_rate == sample_rate
        else replace(sound, waveform=resample(sound.waveform, sample_rate))
    )


def _lengthened(waveform: Waveform, silence: Seconds | None) -> Waveform:
    """Return a waveform with the silence that a text ends with."""
    if not silence:
        return waveform
    tail = np.zeros(round(silence * waveform.sample_rate), dtype=np.float32)
    return Waveform(np.concatenate([waveform.samples, tail]), waveform.sample_rate)

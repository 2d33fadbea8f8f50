"""What the text room hands on: spoken text with its trace, phones, segments. Values only, no rules."""

from dataclasses import dataclass, field

from amhctl.core.units import Seconds
from amhctl.text.pattern import Pattern
from amhctl.text.script import MARKS, count_syllables

WORD = Pattern(f"[^\\s{MARKS}]+")
"""A word of spoken text, its markup included; punctuation marks are no words."""


def split_words(spoken: str) -> tuple[str, ...]:
    """Return the words of spoken text, marks as words of their own."""
    for mark in MARKS:
        spoken = spoken.replace(mark, f" {mark} ")
    return tuple(spoken.split())


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One change: the rule, the span it touched in the written text, and the text before and after it.

    Rules follow one another, so ``before`` may already be the work of an earlier rule on the same span.
    """

    rule: str
    start: int
    end: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SpokenText:
    """Written text and the words a reader says for it."""

    written: str
    text: str
    trace: tuple[TraceEntry, ...]

    @property
    def syllables(self) -> int:
        """Fidel in the spoken text, about one syllable each."""
        return count_syllables(self.text)

    @property
    def words(self) -> tuple[str, ...]:
        """Words, and marks as words of their own, in the order of `Phones.words`."""
        return split_words(self.text)


@dataclass(frozen=True, slots=True)
class Fallback:
    """A backend that was not used, and why."""

    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class Phones:
    """Words as tuples of phones; a punctuation mark is a word of its own with one element."""

    words: tuple[tuple[str, ...], ...]
    backend: str
    fallbacks: tuple[Fallback, ...]

    @property
    def text(self) -> str:
        """The phones of each word run together, words separated by one space: ``səlam aləm ።``."""
        return " ".join("".join(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word, and which characters of the written text it reads, from ``start`` up to ``end``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Spoken text said in one breath, the silence after it, and where its words come from."""

    text: str
    pause: Seconds
    words: tuple[Word, ...] = field(default=(), compare=False)

    def part(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Return words that read this segment's text as words that read what this segment reads."""
        places = [match.span() for match in WORD.finditer(self.text)]
        found = []
        for word in words:
            read = [
                ours
                for ours, (start, end) in zip(self.words, places, strict=False)
                if start < max(word.end, word.start + 1) and word.start < end
            ]
            if read:
                found.append(Word(word.text, read[0].start, read[-1].end))
        return tuple(found)

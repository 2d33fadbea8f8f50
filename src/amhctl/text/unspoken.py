"""What a text holds that nobody speaks: letters of scripts that are not read, and signs without a name.

The rules of reading leave such characters out, each with an entry in the trace. Here those entries become values that a
command can report, so that no part of a text goes missing without a word.
"""

from dataclasses import dataclass

from amhctl.core.errors import TextError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.text.spoken import SpokenText

RULES = Rules(
    Rule(
        "T001",
        Severity.WARNING,
        "line has no speakable text",
        "A line of the text has no word that can be read, or one of its words has no phones. The output has an empty "
        "line in its place; the other lines are processed as usual.",
    ),
    Rule(
        "T002",
        Severity.WARNING,
        "letters are not spoken",
        "The text has letters of an unsupported script, such as Chinese or Cyrillic. They are skipped and the rest "
        "is spoken. `speak` refuses a text with more than 10 % of such letters, unless --allow-unspoken is given.",
    ),
    Rule(
        "T003",
        Severity.INFO,
        "symbols are not spoken",
        "The text has symbols without a name, such as emoji. They are skipped and the rest is spoken.",
    ),
)

_DROPPING = "dropped"
_READING_LATIN = "latin"
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Unspoken:
    """A stretch of the written text that nothing was said for.

    Attributes
    ----------
    start, end : int
        Characters of the written text, from ``start`` up to ``end``.
    text : str
        These characters.
    """

    start: int
    end: int
    text: str

    @property
    def letters(self) -> int:
        """How many of the characters are letters."""
        return _count_letters(self.text)


def find_unspoken(spoken: SpokenText) -> tuple[Unspoken, ...]:
    """Return the stretches of a text that nothing was said for, in the order of the text.

    Neighbouring characters are one stretch, also with spaces and marks between them.
    """
    written = spoken.written
    spans = sorted(
        (entry.start, entry.end)
        for entry in spoken.trace
        if entry.end > entry.start
        and (entry.rule == _DROPPING or (entry.rule == _READING_LATIN and not entry.after.strip()))
        and not written[entry.start : entry.end].isspace()
    )
    stretches: list[tuple[int, int]] = []
    for start, end in spans:
        if stretches and not any(letter.isalnum() for letter in written[stretches[-1][1] : start]):
            before = stretches.pop()
            start, end = before[0], max(before[1], end)
        stretches.append((start, end))
    return tuple(Unspoken(start, end, written[start:end]) for start, end in stretches)


def unspoken_share(spoken: SpokenText) -> float:
    """Return which share of a text's letters nothing was said for, from 0 to 1."""
    unspoken, letters = count_unspoken(spoken)
    return unspoken / letters if letters else 0.0


def count_unspoken(spoken: SpokenText) -> tuple[int, int]:
    """Return how many letters of a text nothing was said for, and how many there are."""
    return sum(stretch.letters for stretch in find_unspoken(spoken)), _count_letters(spoken.written)


def report_unspoken(spoken: SpokenText, subject: str, *, offset: int = 0) -> tuple[Finding, ...]:
    """Return a finding for each stretch of a text that nothing was said for.

    Parameters
    ----------
    spoken : SpokenText
        The text as it was read.
    subject : str
        What the text is called in findings, such as ``text`` or ``line 3``.
    offset : int
        Where the text begins in what the user wrote, in characters.
    """
    return tuple(
        Finding(
            "T002" if stretch.letters else "T003",
            Severity.WARNING if stretch.letters else Severity.INFO,
            f"{subject}, characters {stretch.start + offset}-{stretch.end + offset}",
            f"{_shorten(stretch.text)!r} is not spoken",
            "write it in Ethiopic or Latin letters, or add it to a lexicon" if stretch.letters else "",
        )
        for stretch in find_unspoken(spoken)
    )


def refuse_unspoken(share: float, unread: tuple[str, ...]) -> TextError:
    """Return the error of a text of which such a share of the letters is not read; ``unread`` are some of them."""
    shown = ", ".join(repr(each[:40]) for each in unread[:3])
    return TextError(
        f"{share:.0%} of the letters cannot be read: {shown}",
        subject="text",
        hint="write them in Ethiopic or Latin letters or add them to a lexicon; --allow-unspoken skips them",
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _count_letters(text: str) -> int:
    return sum(letter.isalpha() for letter in text)

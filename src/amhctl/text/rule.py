"""One rule of reading: its name, what it is for, where it comes from, an example, and what it does to a draft.

Knows no Amharic. The rules themselves stand with their subject (characters, abbreviations, calendar, …), their order in
``rulebook``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from amhctl.text.draft import Draft
from amhctl.text.pattern import Pattern

Step = Callable[[Draft, str], None]
"""One pass over a draft, under the name of a rule."""

Make = Callable[[re.Match[str]], str | None]
"""What a match is rewritten to; None leaves it as it is."""

DIGITS = frozenset("0123456789")

SPAN = "(?:[-–—]| [-–—] )"
"""A dash between two figures, without spaces or with one on each side."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name : str
        Stands in traces; never changed once a release has it.
    summary : str
        What the rule reads, in one line.
    source : str
        The grammar, standard, evidence or convention that it follows.
    example : tuple[str, str]
        A text that needs the rule, and how it is spoken.
    steps : tuple[Step, ...]
        What is done, in order.
    needs : tuple[frozenset[str], ...]
        Sets of characters; a text that lacks all of one set has nothing for the rule, which is then not tried.
    options : Mapping[str, object]
        The text options under which the example is read so.
    """

    name: str
    summary: str
    source: str
    example: tuple[str, str]
    steps: tuple[Step, ...]
    needs: tuple[frozenset[str], ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)

    def apply(self, draft: Draft) -> None:
        """Rewrite what the rule is for; every change goes into the draft's trace under the rule's name."""
        for needed in self.needs:
            if needed.isdisjoint(draft.letters):
                return
        for step in self.steps:
            step(draft, self.name)


def rewrite(pattern: str | Pattern, make: Make) -> Step:
    """Return the step that rewrites every match of a pattern, which is compiled when the step is first done."""
    wanted = Pattern(pattern) if isinstance(pattern, str) else pattern

    def step(draft: Draft, name: str) -> None:
        draft.substitute(name, wanted, make)

    return step


def insert(pattern: str | Pattern, text: str) -> Step:
    """Return the step that puts one text in the place of every match."""
    return rewrite(pattern, lambda _: text)


def replace(table: Mapping[str, str]) -> Step:
    """Return the step that rewrites single characters by a table."""
    words = dict(table)

    def step(draft: Draft, name: str) -> None:
        draft.replace(name, words)

    return step


def any_of(names: Iterable[str]) -> str:
    """Return a pattern of any of some names, the longest first; it matches nothing if there are none."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"


def letters_of(names: Iterable[str]) -> frozenset[str]:
    """Return the first characters of some names."""
    return frozenset(name[0] for name in names if name)

"""A text on its way from written to spoken: every character remembers where it came from. Knows no rule."""

import re
from collections.abc import Callable

from amhctl.text.spoken import TraceEntry

TIE = "\u00a0"
"""The space inside an expansion, such as between the words of a number: text is never cut there."""


Edit = tuple[int, int, str]
"""Begin, end and new text of one change."""


class Draft:
    """The text as it stands, the written span behind each character, and the changes so far."""

    def __init__(self, written: str) -> None:
        self.text = written
        self.trace: list[TraceEntry] = []
        self._starts = list(range(len(written)))
        self._ends = list(range(1, len(written) + 1))

    def substitute(self, rule: str, pattern: re.Pattern[str], make: Callable[[re.Match[str]], str | None]) -> None:
        """Rewrite every match of a pattern; ``make`` returns None to leave a match as it is."""
        edits: list[Edit] = []
        for match in pattern.finditer(self.text):
            after = make(match)
            if after is not None and after != match.group():
                edits.append((*match.span(), after))
        self.rewrite(rule, edits)

    def replace(self, rule: str, table: dict[str, str]) -> None:
        """Rewrite single characters by a table."""
        self.rewrite(rule, [(i, i + 1, table[letter]) for i, letter in enumerate(self.text) if letter in table])

    def rewrite(self, rule: str, edits: list[Edit]) -> None:
        """Make changes that do not overlap, in the order of the text."""
        if not edits:
            return
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for begin, end, after in edits:
            pieces += (self.text[done:begin], after)
            starts += self._starts[done:begin]
            ends += self._ends[done:begin]
            source_start, source_end = self._source(begin, end)
            starts += [source_start] * len(after)
            ends += [source_end] * len(after)
            self.trace.append(TraceEntry(rule, source_start, source_end, self.text[begin:end], after))
            done = end
        pieces.append(self.text[done:])
        starts += self._starts[done:]
        ends += self._ends[done:]
        self.text, self._starts, self._ends = "".join(pieces), starts, ends

    def _source(self, begin: int, end: int) -> tuple[int, int]:
        if begin < end:
            return min(self._starts[begin:end]), max(self._ends[begin:end])
        place = self._ends[begin - 1] if begin else 0
        return place, place

"""A text on its way from written to spoken: every character remembers where it came from. Knows no rule.

The text is a row of pieces, each a stretch that is still as it was written or one that a rule put there; a change costs
the number of pieces, not of characters, so a book on one line is no trouble.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from amhctl.text.spoken import TraceEntry

TIE = "\u00a0"
"""The space inside an expansion, such as between the words of a number: text is never cut there."""


Edit = tuple[int, int, str]
"""Begin, end and new text of one change."""


class _Spans:
    """The pieces of a text: where each begins, the written span behind it, and whether it is as it was written."""

    def __init__(self) -> None:
        self.size = 0
        self.begins: list[int] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._kept: list[bool] = []

    def add(self, size: int, start: int, end: int, *, kept: bool) -> None:
        """Append a piece of ``size`` characters; kept pieces that follow one another in the written text are one."""
        if not size:
            return
        if kept and self._kept and self._kept[-1] and self._ends[-1] == start:
            self._ends[-1] = end
        else:
            self.begins.append(self.size)
            self._starts.append(start)
            self._ends.append(end)
            self._kept.append(kept)
        self.size += size

    def find(self, place: int) -> int:
        """Return which piece holds a character."""
        return bisect_right(self.begins, place) - 1

    def source(self, begin: int, end: int) -> tuple[int, int]:
        """Return the written span behind a stretch; behind an empty one, the end of what precedes it."""
        if begin < end:
            return self._of(begin)[0], self._of(end - 1)[1]
        place = self._of(begin - 1)[1] if begin else 0
        return place, place

    def _of(self, place: int) -> tuple[int, int]:
        piece = self.find(place)
        if self._kept[piece]:
            start = self._starts[piece] + place - self.begins[piece]
            return start, start + 1
        return self._starts[piece], self._ends[piece]

    def copy(self, target: "_Spans", begin: int, end: int) -> None:
        """Append what lies between two places to other spans."""
        if begin >= end:
            return
        for piece in range(self.find(begin), self.find(end - 1) + 1):
            first = max(begin, self.begins[piece])
            last = min(end, self.begins[piece + 1] if piece + 1 < len(self.begins) else self.size)
            start, stop = self._starts[piece], self._ends[piece]
            if self._kept[piece]:
                start += first - self.begins[piece]
                stop = start + last - first
            target.add(last - first, start, stop, kept=self._kept[piece])


class Draft:
    """The text as it stands, the written span behind each character, and the changes so far."""

    def __init__(self, written: str) -> None:
        self.text = written
        self.trace: list[TraceEntry] = []
        self._spans = _Spans()
        self._spans.add(len(written), 0, len(written), kept=True)
        self._letters: frozenset[str] | None = None

    @property
    def letters(self) -> frozenset[str]:
        """Every character of the text as it stands, once."""
        if self._letters is None:
            self._letters = frozenset(self.text)
        return self._letters

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
        found = self.letters & table.keys()
        if found:
            pattern = re.compile("[" + "".join(map(re.escape, sorted(found))) + "]")
            self.rewrite(rule, [(m.start(), m.end(), table[m.group()]) for m in pattern.finditer(self.text)])

    def rewrite(self, rule: str, edits: Iterable[Edit]) -> None:
        """Make changes that do not overlap, in the order of the text."""
        pieces: list[str] = []
        spans = _Spans()
        done = 0
        for begin, end, after in edits:
            pieces += (self.text[done:begin], after)
            self._spans.copy(spans, done, begin)
            start, stop = self._spans.source(begin, end)
            spans.add(len(after), start, stop, kept=False)
            self.trace.append(TraceEntry(rule, start, stop, self.text[begin:end], after))
            done = end
        if not pieces:
            return
        pieces.append(self.text[done:])
        self._spans.copy(spans, done, len(self.text))
        self.text, self._spans, self._letters = "".join(pieces), spans, None

"""A text on its way from written to spoken: every character remembers where it came from. Knows no rule.

The text is a row of pieces, each a stretch that is still as it was written or one that a rule put there; a change costs
the number of pieces, not of characters, so a book on one line is no trouble.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate

from amhctl.text.pattern import Pattern
from amhctl.text.spoken import TraceEntry

TIE = "\u00a0"
"""The space inside an expansion, such as between the words of a number: text is never cut there."""


Edit = tuple[int, int, str]
"""Begin, end and new text of one change."""

Change = tuple[str, int, int, str, str]
"""What a `TraceEntry` holds, in its order."""


class _Spans:
    """The pieces of a text: where each begins, the written span after it, and whether it is as it was written.

    Pieces that no change touches are copied as slices, so that what is paid for each in Python is the change.
    """

    __slots__ = ("begins", "ends", "kept", "sizes", "starts")

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.kept: list[bool] = []
        self.begins: list[int] = []

    def add(self, size: int, start: int, end: int, kept: bool) -> None:
        """Append a piece of ``size`` characters."""
        self.sizes.append(size)
        self.starts.append(start)
        self.ends.append(end)
        self.kept.append(kept)

    def seal(self) -> "_Spans":
        """Count where each piece begins, and where the last one ends, and return these spans."""
        self.begins = list(accumulate(self.sizes, initial=0))
        return self

    def start(self, piece: int, place: int) -> int:
        """Return where the written span after a character of a piece begins."""
        return self.starts[piece] + place - self.begins[piece] if self.kept[piece] else self.starts[piece]

    def end(self, piece: int, place: int) -> int:
        """Return where the written span after the characters of a piece before a place ends."""
        return self.starts[piece] + place - self.begins[piece] if self.kept[piece] else self.ends[piece]

    def find_last(self, end: int, first: int) -> int:
        """Return which piece holds the character before a place, where ``first`` or a later one does."""
        return first if end <= self.begins[first + 1] else bisect_left(self.begins, end, first + 1) - 1

    def copy(self, target: "_Spans", begin: int, end: int, first: int) -> int:
        """Append what is between two places to other spans; return which piece holds the last of it."""
        last = self.find_last(end, first)
        if first == last:
            target.add(end - begin, self.start(first, begin), self.end(first, end), self.kept[first])
            return last
        target.add(self.begins[first + 1] - begin, self.start(first, begin), self.ends[first], self.kept[first])
        between = slice(first + 1, last)
        target.sizes += self.sizes[between]
        target.starts += self.starts[between]
        target.ends += self.ends[between]
        target.kept += self.kept[between]
        target.add(end - self.begins[last], self.starts[last], self.end(last, end), self.kept[last])
        return last


class Draft:
    """The text as it stands, the written span after each character, and the changes so far."""

    def __init__(self, written: str) -> None:
        self.text = written
        self.changes: list[Change] = []
        self._spans = _Spans()
        self._spans.add(len(written), 0, len(written), kept=True)
        self._spans.seal()
        self._letters: frozenset[str] | None = None

    @property
    def trace(self) -> list[TraceEntry]:
        """The changes so far, as the trace of a spoken text has them."""
        return [TraceEntry(*change) for change in self.changes]

    @property
    def letters(self) -> frozenset[str]:
        """Every character of the text as it stands, once."""
        if self._letters is None:
            self._letters = frozenset(self.text)
        return self._letters

    def origin(self, begin: int, end: int) -> tuple[int, int]:
        """Return which characters of the written text became those between two places of the text as it stands."""
        spans = self._spans
        first = bisect_right(spans.begins, begin) - 1
        return spans.start(first, begin), spans.end(spans.find_last(end, first), end)

    def substitute(
        self, rule: str, pattern: Pattern | re.Pattern[str], make: Callable[[re.Match[str]], str | None]
    ) -> None:
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
        old, new = self._spans, _Spans()
        done = piece = stop = 0
        for begin, end, after in edits:
            pieces += (self.text[done:begin], after)
            if begin > done:
                piece = old.copy(new, done, begin, piece)
                stop = old.end(piece, begin)
            # Behind an insertion stands the end of what precedes it, be it the change before.
            start = stop
            if end > begin:
                piece += begin >= old.begins[piece + 1]
                start = old.start(piece, begin)
                piece = old.find_last(end, piece)
                stop = old.end(piece, end)
            if after:
                new.add(len(after), start, stop, kept=False)
            self.changes.append((rule, start, stop, self.text[begin:end], after))
            if end > done:
                piece += end >= old.begins[piece + 1]
            done = end
        if not pieces:
            return
        if done < len(self.text):
            old.copy(new, done, len(self.text), piece)
        pieces.append(self.text[done:])
        self.text, self._spans, self._letters = "".join(pieces), new.seal(), None

"""Breath groups: where a reader stops. Knows nothing of how text was written.

A sentence mark always ends a group. A sentence longer than a breath is cut at its commas, filled greedily, then
between words into parts of like length; not inside a word, and not at a tie, so not inside a number. Only what has more
than 80 fidel without a place to stop, such as a number of sixty digits, is cut at its ties, and then between letters.
"""

import re

from amhctl.core.units import Seconds
from amhctl.text.draft import TIE
from amhctl.text.script import LETTERS, PAUSE_MARKS, SENTENCE_MARKS, count_syllables
from amhctl.text.spoken import Segment

_PAUSES = {"።": 0.45, "፧": 0.45, "!": 0.45, "፤": 0.3, "፣": 0.2}
_BREATH_PAUSE = 0.1
# A number of twelve digits in words, the longest that is read so, has about 60 fidel.
_LONGEST = 80
_SENTENCE = re.compile(f"[^{SENTENCE_MARKS}]+[{SENTENCE_MARKS}]?")
_CLAUSE = re.compile(f"[^{PAUSE_MARKS}]+[{PAUSE_MARKS}]?")
_WORD = re.compile("[^ ]+ *| +")
_TIED = re.compile(f"[^{TIE}]+{TIE}*|{TIE}+")
_LETTER = re.compile(f"(?:^[^{LETTERS}]+)?[{LETTERS}][^{LETTERS}]*")


def split_breaths(text: str, limit: int, longest: int | None = None) -> tuple[Segment, ...]:
    """Cut spoken text, its ties still in it, into groups of at most ``limit`` fidel where words allow it.

    Parameters
    ----------
    text : str
        Spoken text.
    limit : int
        Fidel of one breath.
    longest : int | None
        Fidel that no group exceeds, though a number or a word is cut for it; None for 80, or a breath if that is more.
    """
    longest = max(_LONGEST, limit) if longest is None else longest
    groups: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if count_syllables(sentence) <= limit:
            groups.append(sentence)
            continue
        groups += _pack(
            [part for clause in _CLAUSE.findall(sentence) for part in _cut_clause(clause, limit, longest)], limit
        )
    segments = (group.replace(TIE, " ").strip() for group in groups)
    return tuple(
        Segment(segment, Seconds(_PAUSES.get(segment[-1], _BREATH_PAUSE)))
        for segment in segments
        if count_syllables(segment)
    )


def _pack(parts: list[str], limit: int) -> list[str]:
    """Join neighbouring parts as long as they fit into one breath."""
    groups: list[str] = []
    for part in parts:
        if groups and count_syllables(groups[-1]) + count_syllables(part) <= limit:
            groups[-1] += part
        else:
            groups.append(part)
    return groups


def _cut_clause(clause: str, limit: int, longest: int) -> list[str]:
    """Cut a clause between words into as few parts as fit, each about as long as the others."""
    total = count_syllables(clause)
    if total <= limit:
        return [clause]
    words = [part for word in _WORD.findall(clause) for part in _cut_word(word, longest)]
    return _share_out(words, total, limit)


def _cut_word(word: str, longest: int) -> list[str]:
    """Cut what has no place to stop and is too long even so: at its ties, a single word between its letters."""
    if count_syllables(word) <= longest:
        return [word]
    tied = _TIED.findall(word)
    if len(tied) > 1:
        parts = [part for one in tied for part in _cut_word(one, longest)]
        return _share_out(parts, count_syllables(word), longest)
    letters = _LETTER.findall(word)
    return ["".join(letters[place : place + longest]) for place in range(0, len(letters), longest)]


def _share_out(words: list[str], total: int, limit: int) -> list[str]:
    """Join words into as few parts of at most ``limit`` fidel as there can be, each about as long as the others."""
    wanted = total / -(-total // limit)
    parts: list[str] = []
    current = ""
    length = 0
    for word in words:
        added = count_syllables(word)
        if current and (length + added > limit or length + added / 2 > wanted):
            parts.append(current)
            current, length = "", 0
        current += word
        length += added
    return [*parts, current]

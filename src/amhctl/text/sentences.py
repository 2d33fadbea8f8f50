"""Breath groups: where a reader stops. Knows nothing of how text was written.

A sentence mark always ends a group. A sentence longer than a breath is cut at its commas, filled greedily, then
between words into parts of like length; never inside a word, never at a tie, so never inside a number.
"""

import re

from amhctl.core.units import Seconds
from amhctl.text.draft import TIE
from amhctl.text.script import PAUSE_MARKS, SENTENCE_MARKS, count_syllables
from amhctl.text.spoken import Segment

_PAUSES = {"።": 0.45, "፧": 0.45, "!": 0.45, "፤": 0.3, "፣": 0.2}
_BREATH_PAUSE = 0.1
_SENTENCE = re.compile(f"[^{SENTENCE_MARKS}]+[{SENTENCE_MARKS}]?")
_CLAUSE = re.compile(f"[^{PAUSE_MARKS}]+[{PAUSE_MARKS}]?")


def split_breaths(text: str, limit: int) -> tuple[Segment, ...]:
    """Cut spoken text, its ties still in it, into groups of at most ``limit`` fidel where words allow it."""
    groups: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if count_syllables(sentence) <= limit:
            groups.append(sentence)
            continue
        groups += _pack([part for clause in _CLAUSE.findall(sentence) for part in _cut_clause(clause, limit)], limit)
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


def _cut_clause(clause: str, limit: int) -> list[str]:
    """Cut a clause between words into as few parts as fit, each about as long as the others."""
    total = count_syllables(clause)
    if total <= limit:
        return [clause]
    wanted = total / -(-total // limit)
    parts: list[str] = []
    current = ""
    length = 0
    for word in re.findall(r"[^ ]+ *| +", clause):
        added = count_syllables(word)
        if current and (length + added > limit or length + added / 2 > wanted):
            parts.append(current)
            current, length = "", 0
        current += word
        length += added
    return [*parts, current]

"""How well a vocabulary covers a corpus of unit strings. Knows no files; decides nothing."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from amhctl.core.findings import Finding, Rule, Severity
from amhctl.text.g2p.phones import VOWELS
from amhctl.tokenizer.alphabet import Units, is_syllable
from amhctl.tokenizer.tokenizer import Tokenizer

RULES = (
    Rule(
        "V002",
        Severity.ERROR,
        "unknown character",
        "A character of the corpus has no piece: the voice could neither learn nor say it. A warning while the unknown "
        "rate is not above --max-unknown.",
    ),
    Rule(
        "V003",
        Severity.WARNING,
        "alphabet incomplete",
        "The vocabulary lacks fidel, phones or marks that other texts may hold, whether or not this corpus has them.",
    ),
)

_WORST_LINES = 10


@dataclass(frozen=True, slots=True)
class WorstLine:
    """A line with unknown characters."""

    line: int
    unknown: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts over a corpus.

    Attributes
    ----------
    lines : int
        Lines measured.
    characters : int
        Characters, spaces not counted.
    unknown : int
        Characters that have no piece.
    kinds : int
        Different characters.
    unknown_kinds : tuple[str, ...]
        Different characters that have no piece, the commonest first.
    pieces : int
        Pieces that the corpus encodes to.
    pieces_used : int
        Different pieces among them.
    syllables : int
        Fidel, or vowels where the units are phones.
    words : int
        Stretches between spaces.
    worst : tuple[WorstLine, ...]
        The lines with the most unknown characters, at most ten.
    """

    lines: int
    characters: int
    unknown: int
    kinds: int
    unknown_kinds: tuple[str, ...]
    pieces: int
    pieces_used: int
    syllables: int
    words: int
    worst: tuple[WorstLine, ...]

    @property
    def coverage(self) -> float:
        """Share of the different characters that have a piece; 1 for an empty corpus."""
        return 1.0 - len(self.unknown_kinds) / self.kinds if self.kinds else 1.0

    @property
    def unknown_rate(self) -> float:
        """Share of the running characters that have no piece."""
        return self.unknown / self.characters if self.characters else 0.0

    @property
    def pieces_per_syllable(self) -> float:
        """Pieces a syllable costs."""
        return self.pieces / self.syllables if self.syllables else 0.0

    @property
    def pieces_per_word(self) -> float:
        """Pieces a word costs."""
        return self.pieces / self.words if self.words else 0.0


def measure_coverage(tokenizer: Tokenizer, lines: Iterable[str]) -> Coverage:
    """Encode every line, read once, and count; lines are numbered from 1."""
    units = tokenizer.vocabulary.units
    kinds: set[str] = set()
    unknown_counts: dict[str, int] = {}
    used: set[str] = set()
    number = characters = unknown = pieces = syllables = words = 0
    worst: list[tuple[int, int, WorstLine]] = []
    for number, line in enumerate(lines, start=1):
        found = tokenizer.unknown(line)
        segments = tokenizer.pieces(line)
        used.update(segments)
        pieces += len(segments)
        stretches = line.split()
        words += len(stretches)
        characters += sum(map(len, stretches))
        kinds.update(*stretches)
        syllables += _count_syllables(line, units)
        if found:
            unknown += len(found)
            for char in found:
                unknown_counts[char] = unknown_counts.get(char, 0) + 1
            entry = WorstLine(number, tuple(dict.fromkeys(found)), line)
            # The line number breaks ties, so that two entries are never compared themselves.
            heapq.heappush(worst, (len(found), -number, entry))
            if len(worst) > _WORST_LINES:
                heapq.heappop(worst)
    return Coverage(
        lines=number,
        characters=characters,
        unknown=unknown,
        kinds=len(kinds),
        unknown_kinds=tuple(sorted(unknown_counts, key=lambda char: (-unknown_counts[char], char))),
        pieces=pieces,
        pieces_used=len(used.intersection(tokenizer.vocabulary.pieces)),
        syllables=syllables,
        words=words,
        worst=tuple(entry for _, _, entry in sorted(worst, key=lambda item: (-item[0], -item[1]))),
    )


def judge_coverage(coverage: Coverage, tokenizer: Tokenizer, *, max_unknown: float) -> tuple[Finding, ...]:
    """Return a finding for each unknown character, and one if the alphabet is not complete."""
    severity = Severity.ERROR if coverage.unknown_rate > max_unknown else Severity.WARNING
    hint = "add pieces with amhctl vocab extend"
    findings = [
        Finding("V002", severity, char, f"U+{ord(char):04X} has no piece", hint) for char in coverage.unknown_kinds
    ]
    if missing := tokenizer.vocabulary.missing:
        shown = " ".join(missing[:20]) + (" …" if len(missing) > 20 else "")
        findings.append(Finding("V003", Severity.WARNING, "alphabet", f"{len(missing)} have no piece: {shown}", hint))
    return tuple(findings)


def _count_syllables(line: str, units: Units) -> int:
    return sum(char in VOWELS if units == "phones" else is_syllable(char) for char in line)

"""How well a vocabulary covers a corpus of unit strings. Knows no files; decides nothing."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.text.g2p.phones import VOWELS
from amhctl.tokenizer.alphabet import WORD_BOUNDARY, Units, alphabet_of, is_syllable
from amhctl.tokenizer.proto import PieceKind
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary

RULES = Rules(
    Rule(
        "V002",
        Severity.ERROR,
        "unknown character",
        "A character of the corpus has no piece: the voice can neither learn nor speak it. Only a warning while the "
        "unknown rate is not above --max-unknown.",
    ),
    Rule(
        "V003",
        Severity.WARNING,
        "alphabet incomplete",
        "The vocabulary lacks fidel, phones or punctuation that other texts may contain, even if this corpus does not.",
    ),
    Rule(
        "V004",
        Severity.INFO,
        "pieces rarely used",
        "Learnt pieces occur in the corpus less often than --rare: their embeddings would hardly be trained. Letters "
        "of the alphabet and pieces of --base are not counted.",
    ),
)

_WORST_LINES = 10
_SHOWN_RARE = 20


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
    piece_counts : tuple[int, ...]
        How often each id occurs.
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
    piece_counts: tuple[int, ...]
    syllables: int
    words: int
    worst: tuple[WorstLine, ...]

    @property
    def pieces_used(self) -> int:
        """Different pieces that the corpus encodes to, the unknown one left out."""
        return sum(count > 0 for id_, count in enumerate(self.piece_counts) if id_ != Vocabulary.UNKNOWN_ID)

    @property
    def coverage(self) -> float:
        """Fraction of the different characters that have a piece; 1 for an empty corpus."""
        return 1.0 - len(self.unknown_kinds) / self.kinds if self.kinds else 1.0

    @property
    def unknown_rate(self) -> float:
        """Fraction of the running characters that have no piece."""
        return self.unknown / self.characters if self.characters else 0.0

    @property
    def pieces_per_syllable(self) -> float:
        """Pieces a syllable costs."""
        return self.pieces / self.syllables if self.syllables else 0.0

    @property
    def pieces_per_word(self) -> float:
        """Pieces a word costs."""
        return self.pieces / self.words if self.words else 0.0


@dataclass(frozen=True, slots=True)
class RarePiece:
    """A learnt piece that the corpus seldom has."""

    id: int
    piece: str
    count: int


def measure_coverage(tokenizer: Tokenizer, lines: Iterable[str]) -> Coverage:
    """Encode every line, read once, and count; lines are numbered from 1."""
    letters: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    used: Counter[int] = Counter()
    number = words = 0
    worst: list[tuple[int, int, WorstLine]] = []
    for number, line in enumerate(lines, start=1):
        ids = tokenizer.ids(line)
        used.update(ids)
        letters.update(line)
        words += len(line.split())
        if (Vocabulary.UNKNOWN_ID in ids or WORD_BOUNDARY in line) and (found := tokenizer.unknown(line)):
            unknown.update(found)
            entry = WorstLine(number, tuple(dict.fromkeys(found)), line)
            # The line number breaks ties, so that two entries are never compared themselves.
            heapq.heappush(worst, (len(found), -number, entry))
            if len(worst) > _WORST_LINES:
                heapq.heappop(worst)
    spoken = {char: count for char, count in letters.items() if not char.isspace()}
    return Coverage(
        lines=number,
        characters=sum(spoken.values()),
        unknown=unknown.total(),
        kinds=len(spoken),
        unknown_kinds=tuple(sorted(unknown, key=lambda char: (-unknown[char], char))),
        pieces=used.total(),
        piece_counts=tuple(used[id_] for id_ in range(tokenizer.vocabulary.size)),
        syllables=count_syllables(spoken, tokenizer.vocabulary.units),
        words=words,
        worst=tuple(entry for _, _, entry in sorted(worst, key=lambda item: (-item[0], -item[1]))),
    )


def find_rare(
    coverage: Coverage, vocabulary: Vocabulary, *, below: int, base: Vocabulary | None
) -> tuple[RarePiece, ...]:
    """Return the pieces of several letters that occur less than ``below`` times, the rarest first.

    Pieces of the alphabet are left out, since they are there for other texts, and those of a base.
    """
    kept = {*alphabet_of(vocabulary.units).guaranteed, *(base.pieces if base else ())}
    rare = [
        RarePiece(id_, piece, count)
        for id_, (piece, kind, count) in enumerate(
            zip(vocabulary.pieces, vocabulary.kinds, coverage.piece_counts, strict=True)
        )
        if kind is PieceKind.NORMAL and len(piece) > 1 and piece not in kept and count < below
    ]
    return tuple(sorted(rare, key=lambda item: (item.count, item.id)))


def judge_rare(rare: Sequence[RarePiece], *, below: int) -> tuple[Finding, ...]:
    """Return one finding that names the rarest pieces, or none."""
    if not rare:
        return ()
    shown = " ".join(f"{item.piece} ({item.count})" for item in rare[:_SHOWN_RARE])
    more = f" and {len(rare) - _SHOWN_RARE} more" if len(rare) > _SHOWN_RARE else ""
    message = f"{len(rare)} occur fewer than {below} times: {shown}{more}"
    return (RULES.finding("V004", "pieces", message, "use more text, or fewer pieces"),)


def judge_coverage(coverage: Coverage, tokenizer: Tokenizer, *, max_unknown: float) -> tuple[Finding, ...]:
    """Return a finding for each unknown character, and one if the alphabet is not complete."""
    severity = Severity.ERROR if coverage.unknown_rate > max_unknown else Severity.WARNING
    hint = "add pieces with amhctl vocab extend"
    findings = [
        Finding("V002", severity, char, f"U+{ord(char):04X} has no piece", hint) for char in coverage.unknown_kinds
    ]
    if missing := tokenizer.vocabulary.missing:
        shown = " ".join(missing[:20]) + (" …" if len(missing) > 20 else "")
        findings.append(RULES.finding("V003", "alphabet", f"{len(missing)} have no piece: {shown}", hint))
    return tuple(findings)


def count_syllables(letters: Mapping[str, int], units: Units) -> int:
    """Return how many of counted characters are syllables: fidel, or vowels where the units are phones."""
    return sum(count for char, count in letters.items() if (char in VOWELS if units == "phones" else is_syllable(char)))

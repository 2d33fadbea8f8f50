"""How many pieces a corpus can feed: pieces a word against vocabulary size, and the size to take. Knows no files.

One byte-pair vocabulary is trained as large as wanted and cut back: merges are learnt in order, so that the first *k*
of them are exactly what training for a smaller size gives (Sennrich et al. 2016). The size recommended is the largest
at which at least 95 % of the learnt pieces occur a hundred times or more, after Gowda and May, "Finding the Optimal
Vocabulary Size for Neural Machine Translation" (Findings of EMNLP 2020). The letters of the alphabet are not counted,
since they are guaranteed whether or not the corpus has them.
"""

from collections import Counter
from dataclasses import dataclass

from amhctl.tokenizer.alphabet import Units, alphabet_of
from amhctl.tokenizer.coverage import count_syllables
from amhctl.tokenizer.proto import PieceKind, drop_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import minimum_size, train_on_words
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.tokenizer.words import WordCounts

ENOUGH_OCCURRENCES = 100
ENOUGH_SHARE = 0.95
_SIZES = (500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_000, 24_000, 32_000)


@dataclass(frozen=True, slots=True)
class SizePoint:
    """One size of a byte-pair vocabulary on a corpus.

    Attributes
    ----------
    size : int
        Pieces, specials and alphabet included.
    pieces_per_word : float
        Pieces a word costs.
    pieces_per_syllable : float
        Pieces a syllable costs.
    trained_share : float
        Fraction of the learnt pieces that occur at least `ENOUGH_OCCURRENCES` times; 1 where none is learnt.
    """

    size: int
    pieces_per_word: float
    pieces_per_syllable: float
    trained_share: float


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """Sizes in rising order, from the alphabet alone, and the one recommended."""

    points: tuple[SizePoint, ...]
    recommended: int


def measure_sizes(words: WordCounts, units: Units, *, sizes: tuple[int, ...] = _SIZES) -> SizeCurve:
    """Measure byte-pair vocabularies of several sizes on the words they are learnt from.

    The curve ends where the corpus gives no more pieces.

    Raises
    ------
    VocabularyError
        If SentencePiece cannot train on these words.
    """
    least = minimum_size(units)
    whole = train_on_words(words, size=max(least, *sizes), units=units, model_type="bpe")
    wanted = sorted({least, *(size for size in sizes if least < size < whole.size), whole.size})
    points = tuple(_measure(cut_back(whole, size), words) for size in wanted)
    fed = [point.size for point in points if point.trained_share >= ENOUGH_SHARE]
    return SizeCurve(points, max(fed, default=points[0].size))


def cut_back(vocabulary: Vocabulary, size: int) -> Vocabulary:
    """Return a byte-pair vocabulary without its last merges, as training for ``size`` would have made it.

    A size below that of specials and letters gives these alone.
    """
    learnt = _learnt(vocabulary)
    return Vocabulary.from_bytes(
        drop_pieces(vocabulary.model_bytes, learnt[max(0, len(learnt) - (vocabulary.size - size)) :])
    )


def _learnt(vocabulary: Vocabulary) -> list[int]:
    alphabet = {*alphabet_of(vocabulary.units).guaranteed}
    return [
        id_
        for id_, (piece, kind) in enumerate(zip(vocabulary.pieces, vocabulary.kinds, strict=True))
        if kind is PieceKind.NORMAL and len(piece) > 1 and piece not in alphabet
    ]


def _measure(vocabulary: Vocabulary, words: WordCounts) -> SizePoint:
    tokenizer = Tokenizer(vocabulary)
    used: Counter[int] = Counter()
    for word, count in words.counts.items():
        for id_ in tokenizer.ids(word):
            used[id_] += count
    learnt = _learnt(vocabulary)
    trained = sum(used[id_] >= ENOUGH_OCCURRENCES for id_ in learnt)
    syllables = count_syllables(_letters(words), vocabulary.units)
    return SizePoint(
        vocabulary.size,
        used.total() / sum(words.counts.values()),
        used.total() / syllables if syllables else 0.0,
        trained / len(learnt) if learnt else 1.0,
    )


def _letters(words: WordCounts) -> Counter[str]:
    """Return the letters of the words that were kept, which are those that are encoded."""
    letters: Counter[str] = Counter()
    for word, count in words.counts.items():
        for char in word:
            letters[char] += count
    return letters

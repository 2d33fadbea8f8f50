"""Appending pieces to a vocabulary: ids, pieces and scores of the base stay, bit for bit. Knows no files and no rows.

First come the strings of the alphabet that the base lacks, then longer pieces learnt from the corpus. Scores follow the
base's own scale, since SentencePiece compares them across the whole vocabulary: a BPE score is minus the rank of a
merge, so appended merges count on from the base's lowest; a unigram or char score is a log-probability, so appended
pieces have theirs in the corpus. What was done is proven by encoding again, with base and result, before anything is
returned.
"""

import math
import struct
from collections import Counter
from collections.abc import Iterable, Mapping

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY, Alphabet, Units, alphabet_of
from amhctl.tokenizer.kinship import find_related, find_same
from amhctl.tokenizer.merges import learn_merges
from amhctl.tokenizer.plan import ExtensionPlan, NewRow, mark_of
from amhctl.tokenizer.proof import prove_extension
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import minimum_size, train_on_words
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.tokenizer.words import WordCounts, count_words

_PROOF_WORDS = 20_000
_MERGED_WORDS = 300_000
"""Merges are learnt on so many of the most frequent words, in about half a gigabyte."""


def extend_vocabulary(
    base: Vocabulary, lines: Iterable[str], size: int, *, units: Units | None = None
) -> tuple[Vocabulary, ExtensionPlan]:
    """Append pieces for strings of units until there are ``size``, or the corpus gives no more.

    Parameters
    ----------
    base : Vocabulary
        Keeps its ids, pieces and scores.
    lines : Iterable[str]
        Strings of units, read once.
    size : int
        Pieces wanted in all.
    units : Units | None
        Whose alphabet is guaranteed; by default that of the base.

    Raises
    ------
    VocabularyError
        If ``size`` cannot hold the base and the alphabet, the base speaks phones and is to be given fidel, the base
        rewrites a letter of the alphabet before encoding, or the corpus is empty or has characters outside it.
    """
    alphabet = alphabet_of(units or base.units)
    _refuse_unfit(base, alphabet)
    present = set(base.pieces)
    needed = (WORD_BOUNDARY, *alphabet.guaranteed)
    lacking = [symbol for symbol in needed if symbol not in present]
    if base.size + len(lacking) > size:
        raise VocabularyError(
            f"{size} pieces are too few: the base has {base.size}, and {len(lacking)} letters or marks are missing",
            subject="size",
            hint=f"use --size {base.size + len(lacking)} or more",
        )
    words = count_words(lines, alphabet)
    lacking += _other_letters(words, present, alphabet, size - base.size - len(lacking))
    likely = _learn_unigram(base, words, alphabet, size) if base.model_type == "unigram" else {}
    letters = _score_letters(lacking, base, words, alphabet, likely)
    spelt = Vocabulary.from_bytes(append_pieces(base.model_bytes, letters))
    _refuse_rewriting(spelt, alphabet)
    longer = _learn_longer(spelt, words, alphabet, size - spelt.size, likely)
    result = Vocabulary.from_bytes(append_pieces(spelt.model_bytes, longer))
    by_base, by_letters = Tokenizer(base), Tokenizer(spelt)
    rows = [_start_row(piece, by_base, present) for piece in letters]
    rows += [_start_row(piece, by_letters, present) for piece in longer]
    prove_extension(base, result, frequent_words(words, _PROOF_WORDS))
    return result, ExtensionPlan(mark_of(base), mark_of(result), tuple(rows))


def frequent_words(words: WordCounts, count: int) -> dict[str, int]:
    """Return the most frequent words with their counts; ties go to the word that sorts first."""
    order = sorted(words.counts, key=lambda word: (-words.counts[word], word))
    return {word: words.counts[word] for word in order[:count]}


def _start_row(piece: Piece, speller: Tokenizer, present: set[str]) -> NewRow:
    """Decide how the row of a piece starts: the same string, else what spelled it, else what it resembles."""
    text, score = piece.text, _float32(piece.score)
    if same := find_same(text, present):
        return NewRow(text, score, "same", (same,))
    pieces = speller.vocabulary.pieces
    if spelt := _spell(speller, text):
        return NewRow(text, score, "mean", tuple(pieces[number] for number in spelt))
    related = find_related(text, present)
    return NewRow(text, score, "related" if related else "none", related)


def _refuse_unfit(base: Vocabulary, alphabet: Alphabet) -> None:
    if base.model_type not in ("bpe", "unigram", "char"):
        raise VocabularyError(
            f"a {base.model_type} model cannot be extended", subject="base", hint="use a bpe, unigram or char model"
        )
    if base.units == "phones" and alphabet.units == "fidel":
        raise VocabularyError(
            "the base has phones and cannot be extended with fidel: a voice uses one kind of unit",
            subject="units",
            hint="extend it with phones, or train a new vocabulary with amhctl vocab train",
        )


def _refuse_rewriting(vocabulary: Vocabulary, alphabet: Alphabet) -> None:
    """Refuse a base whose normaliser turns a letter into another, as NFKC does with ʷ, or loses the space."""
    tokenizer = Tokenizer(vocabulary)
    lost = [text for text in alphabet.guaranteed if not _is_kept(tokenizer, text)]
    if lost:
        raise VocabularyError(
            f"the base rewrites or splits {' '.join(lost[:20])} before it encodes",
            subject="normalizer_spec of the base",
            hint="train a new vocabulary with amhctl vocab train, or extend the base with fidel",
        )
    sample = " ".join(alphabet.characters[:2])
    if tokenizer.decode(tokenizer.ids(sample)) != sample:
        raise VocabularyError(
            "the base does not keep the space between words",
            subject="normalizer_spec of the base",
            hint="train a new vocabulary with amhctl vocab train",
        )


def _is_kept(tokenizer: Tokenizer, text: str) -> bool:
    pieces = tokenizer.pieces(text)
    return pieces in ((text,), (WORD_BOUNDARY, text), (WORD_BOUNDARY + text,)) and not tokenizer.unknown(text)


def _other_letters(words: WordCounts, present: set[str], alphabet: Alphabet, room: int) -> list[str]:
    """Return letters of the corpus that are neither in the base nor in the alphabet, the commonest first.

    Raises
    ------
    VocabularyError
        If there is no room for all of them.
    """
    if alphabet.units == "phones":
        return []
    known = present.union(alphabet.guaranteed)
    counts = {char: count for char, count in words.letters.items() if char not in known}
    if len(counts) > room:
        raise VocabularyError(
            f"the size has no room for {len(counts)} rare letters of the corpus: {' '.join(sorted(counts))}",
            subject="size",
            hint=f"increase --size by {len(counts) - room}",
        )
    return sorted(counts, key=lambda char: (-counts[char], char))


def _score_letters(
    lacking: list[str], base: Vocabulary, words: WordCounts, alphabet: Alphabet, likely: Mapping[str, float]
) -> list[Piece]:
    """Return the letters and marks to append; symbols of the alphabet have score 0, as SentencePiece gives them."""
    total = sum(words.letters.values())
    lowest = min(score for score in base.scores if math.isfinite(score))
    pieces: list[Piece] = []
    for text in lacking:
        if text in alphabet.symbols:
            pieces.append(Piece(text, 0.0, PieceKind.USER_DEFINED))
            continue
        if base.model_type == "bpe":
            score = min([lowest, *(piece.score for piece in pieces)]) - 1
        else:
            # Half an occurrence for a letter that the corpus lacks.
            score = likely.get(text, math.log(max(words.letters.get(text, 0), 0.5) / total))
        pieces.append(Piece(text, _float32(score), PieceKind.NORMAL))
    return pieces


def _learn_longer(
    spelt: Vocabulary, words: WordCounts, alphabet: Alphabet, count: int, likely: Mapping[str, float]
) -> list[Piece]:
    """Return pieces of several letters, the most useful first."""
    if count <= 0 or spelt.model_type == "char":
        return []
    if spelt.model_type == "unigram":
        present = set(spelt.pieces)
        fresh = [piece for piece in likely if len(piece) > 1 and piece not in present]
        fresh.sort(key=lambda piece: (-likely[piece], piece))
        return [Piece(piece, likely[piece], PieceKind.NORMAL) for piece in fresh[:count]]
    tokenizer = Tokenizer(spelt)
    special = (p for p, kind in zip(spelt.pieces, spelt.kinds, strict=True) if kind is not PieceKind.NORMAL)
    segmented: Counter[tuple[str, ...]] = Counter()
    for word, occurrences in frequent_words(words, _MERGED_WORDS).items():
        segmented[tokenizer.pieces(word)] += occurrences
    merges = learn_merges(segmented, present=spelt.pieces, frozen={*alphabet.symbols, *special}, count=count)
    lowest = min(spelt.scores)
    return [Piece(merge.piece, _float32(lowest - 1 - place), PieceKind.NORMAL) for place, merge in enumerate(merges)]


def _learn_unigram(base: Vocabulary, words: WordCounts, alphabet: Alphabet, size: int) -> dict[str, float]:
    """Return the normal pieces of a unigram model of the corpus alone, with their log-probabilities.

    Both models' scores are log-probabilities over the text each was made for: side by side they are the mixture of the
    two in equal parts, less the same constant everywhere.
    """
    # Some of its pieces are in the base already; as many again as are wanted leaves enough.
    wanted = max(2 * (size - base.size), minimum_size(alphabet.units))
    model = train_on_words(words, size=wanted, units=alphabet.units, model_type="unigram")
    entries = zip(model.pieces, model.scores, model.kinds, strict=True)
    return {piece: score for piece, score, kind in entries if kind is PieceKind.NORMAL}


def _spell(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    """Return the ids that spell a piece, without the dummy prefix; none if a part is unknown."""
    plain = text.replace(WORD_BOUNDARY, " ").strip()
    if not plain or tokenizer.unknown(plain):
        return ()
    ids = tokenizer.encode(plain)
    if not text.startswith(WORD_BOUNDARY) and tokenizer.vocabulary.pieces[ids[0]] == WORD_BOUNDARY:
        return ids[1:]
    return ids


def _float32(value: float) -> float:
    """Return the value as the file will hold it."""
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded

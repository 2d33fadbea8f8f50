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
from collections.abc import Iterable
from dataclasses import dataclass

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY, Alphabet, Units, alphabet_of
from amhctl.tokenizer.merges import Merge, learn_merges
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import CheckedLines, minimum_size, train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary

_PROOF_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class NewRow:
    """One appended piece.

    Attributes
    ----------
    piece : str
        The piece.
    source_ids : tuple[int, ...]
        Ids, all smaller than its own, of the pieces that spelt it before; empty if it could not be spelt.
    """

    piece: str
    source_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExtensionPlan:
    """What an extension appended; the row of id ``base_size + i`` is ``rows[i]``.

    Attributes
    ----------
    base_size : int
        Pieces of the base.
    base_fingerprint : str
        Fingerprint of the base.
    rows : tuple[NewRow, ...]
        The appended pieces, in the order of their ids.
    """

    base_size: int
    base_fingerprint: str
    rows: tuple[NewRow, ...]

    @property
    def size(self) -> int:
        """Pieces of the extended vocabulary."""
        return self.base_size + len(self.rows)

    @property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """The source ids of each appended row; all that growing a network needs to know."""
        return tuple(row.source_ids for row in self.rows)


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
            f"{size} pieces cannot hold the {base.size} of the base and the {len(lacking)} letters and marks it lacks",
            subject="size",
            hint=f"ask for at least {base.size + len(lacking)}",
        )
    reader = CheckedLines(lines, alphabet)
    words = Counter(word for line in reader for word in line.split())
    reader.raise_faults()
    lacking += _other_letters(words, present, alphabet, size - base.size - len(lacking))
    likely = _learn_unigram(base, words, alphabet, size) if base.model_type == "unigram" else {}
    letters = _score_letters(lacking, base, words, alphabet, likely)
    spelt = Vocabulary.from_bytes(append_pieces(base.model_bytes, letters))
    _refuse_rewriting(spelt, alphabet)
    longer, parts = _learn_longer(spelt, words, alphabet, size - spelt.size, likely)
    result = Vocabulary.from_bytes(append_pieces(spelt.model_bytes, longer))
    speller = Tokenizer(base)
    rows = [NewRow(piece.text, _spell(speller, piece.text)) for piece in letters]
    rows += [NewRow(piece.text, source) for piece, source in zip(longer, parts, strict=True)]
    prove_extension(base, result, [word for word, _ in words.most_common(_PROOF_WORDS)])
    return result, ExtensionPlan(base.size, base.fingerprint, tuple(rows))


def prove_extension(base: Vocabulary, result: Vocabulary, sample: Iterable[str]) -> None:
    """Check that an extension only appends, by comparing the two and by encoding again.

    The base's pieces, scores and types stand at their ids unchanged; whatever holds none of the appended pieces is
    encoded as before; the sample has no unknown characters, comes back when decoded, and takes no more pieces in all.

    Raises
    ------
    VocabularyError
        If any of it does not hold.
    """
    for name, before, after in (
        ("pieces", base.pieces, result.pieces),
        ("types", base.kinds, result.kinds),
        ("scores", _bits(base.scores), _bits(result.scores)),
    ):
        if after[: base.size] != before:
            raise VocabularyError(f"the extension changed {name} of the base", hint="this is a fault of amhctl")
    old, new = Tokenizer(base), Tokenizer(result)
    added = result.pieces[base.size :]
    fresh_characters = set().union(*added) - set().union(*base.pieces)
    for text in (piece.replace(WORD_BOUNDARY, " ").strip() for piece in base.pieces[3:]):
        # As the encoder sees it, with the boundary that it puts before every text.
        seen = WORD_BOUNDARY + text.replace(" ", WORD_BOUNDARY)
        if not any(piece in seen for piece in added) and old.pieces(text) != new.pieces(text):
            raise VocabularyError(f"the extension changed how {text!r} is encoded", hint="this is a fault of amhctl")
    before_all = after_all = 0
    for text in sample:
        if new.decode(new.encode(text)) != text:
            raise VocabularyError(f"{text!r} does not come back when decoded", hint="this is a fault of amhctl")
        # What the base could not spell came as one unknown piece; only what it could is comparable.
        if fresh_characters.isdisjoint(text):
            before_all += len(old.pieces(text))
            after_all += len(new.pieces(text))
    if after_all > before_all:
        raise VocabularyError(
            f"the sample takes {after_all} pieces, and took {before_all}",
            subject="scores",
            hint="the base's scores do not fit the corpus: extend a bpe model, or train a new vocabulary",
        )


def _refuse_unfit(base: Vocabulary, alphabet: Alphabet) -> None:
    if base.model_type not in ("bpe", "unigram", "char"):
        raise VocabularyError(
            f"a {base.model_type} model cannot be extended", subject="base", hint="use a bpe, unigram or char model"
        )
    if base.units == "phones" and alphabet.units == "fidel":
        raise VocabularyError(
            "the base speaks phones and cannot be given fidel: one voice reads one kind of unit",
            subject="units",
            hint="extend it with phones, or train a new vocabulary with amhctl vocab train",
        )


def _refuse_rewriting(vocabulary: Vocabulary, alphabet: Alphabet) -> None:
    """Refuse a base whose normaliser turns a letter into another; NFKC does so with ʷ."""
    tokenizer = Tokenizer(vocabulary)
    lost = [text for text in alphabet.guaranteed if not _is_kept(tokenizer, text)]
    if lost:
        raise VocabularyError(
            f"the base rewrites or splits {' '.join(lost[:20])} before it encodes",
            subject="normalizer_spec of the base",
            hint="train a new vocabulary with amhctl vocab train, or extend the base with fidel",
        )


def _is_kept(tokenizer: Tokenizer, text: str) -> bool:
    pieces = tokenizer.pieces(text)
    return pieces in ((text,), (WORD_BOUNDARY, text), (WORD_BOUNDARY + text,)) and not tokenizer.unknown(text)


def _other_letters(words: Counter[str], present: set[str], alphabet: Alphabet, room: int) -> list[str]:
    """Return letters of the corpus that are neither in the base nor in the alphabet, the commonest first.

    Raises
    ------
    VocabularyError
        If there is no room for all of them.
    """
    if alphabet.units == "phones":
        return []
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for char in word:
            if char not in present and char not in alphabet.guaranteed:
                counts[char] += count
    if len(counts) > room:
        raise VocabularyError(
            f"no room for {len(counts)} rare letters of the corpus: {' '.join(sorted(counts))}",
            subject="size",
            hint=f"ask for {len(counts) - room} more",
        )
    return sorted(counts, key=lambda char: (-counts[char], char))


def _score_letters(
    lacking: list[str], base: Vocabulary, words: Counter[str], alphabet: Alphabet, likely: dict[str, float]
) -> list[Piece]:
    """Return the letters and marks to append; symbols of the alphabet have score 0, as SentencePiece gives them."""
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for char in word:
            counts[char] += count
    total = sum(counts.values())
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
            score = likely.get(text, math.log(max(counts[text], 0.5) / total))
        pieces.append(Piece(text, _float32(score), PieceKind.NORMAL))
    return pieces


def _learn_longer(
    spelt: Vocabulary, words: Counter[str], alphabet: Alphabet, count: int, likely: dict[str, float]
) -> tuple[list[Piece], list[tuple[int, ...]]]:
    """Return pieces of several letters and, for each, the ids it is made of."""
    if count <= 0 or spelt.model_type == "char":
        return [], []
    tokenizer = Tokenizer(spelt)
    if spelt.model_type == "unigram":
        fresh = [piece for piece in likely if len(piece) > 1 and piece not in spelt.pieces]
        fresh.sort(key=lambda piece: (-likely[piece], piece))
        pieces = [Piece(piece, likely[piece], PieceKind.NORMAL) for piece in fresh[:count]]
        return pieces, [_spell(tokenizer, piece.text) for piece in pieces]
    special = (p for p, kind in zip(spelt.pieces, spelt.kinds, strict=True) if kind is not PieceKind.NORMAL)
    segmented: Counter[tuple[str, ...]] = Counter()
    for word, occurrences in words.items():
        segmented[tokenizer.pieces(word)] += occurrences
    merges = learn_merges(segmented, present=spelt.pieces, frozen={*alphabet.symbols, *special}, count=count)
    lowest = min(spelt.scores)
    longer = [Piece(merge.piece, _float32(lowest - 1 - place), PieceKind.NORMAL) for place, merge in enumerate(merges)]
    return longer, _merge_sources(spelt, merges)


def _merge_sources(spelt: Vocabulary, merges: Iterable[Merge]) -> list[tuple[int, ...]]:
    ids = {piece: number for number, piece in enumerate(spelt.pieces)}
    sources: list[tuple[int, ...]] = []
    for merge in merges:
        sources.append((ids[merge.left], ids[merge.right]))
        ids[merge.piece] = len(ids)
    return sources


def _learn_unigram(base: Vocabulary, words: Counter[str], alphabet: Alphabet, size: int) -> dict[str, float]:
    """Return the normal pieces of a unigram model of the corpus alone, with their log-probabilities.

    Both models' scores are log-probabilities over the text each was made for: side by side they are the mixture of the
    two in equal parts, less the same constant everywhere.
    """
    # Some of its pieces are in the base already; as many again as are wanted leaves enough.
    wanted = max(2 * (size - base.size), minimum_size(alphabet.units))
    model = train_vocabulary(words.elements(), size=wanted, units=alphabet.units, model_type="unigram")
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


def _bits(scores: tuple[float, ...]) -> tuple[bytes, ...]:
    return tuple(struct.pack("<f", score) for score in scores)


def _float32(value: float) -> float:
    """Return the value as the file will hold it."""
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded

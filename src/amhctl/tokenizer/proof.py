"""Proof that an extension only appended: by comparing two vocabularies and by encoding with both. Changes nothing."""

import struct
from collections.abc import Iterable

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary


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
            raise VocabularyError(f"the extension changed {name} of the base", hint="this is a bug in amhctl")
    old, new = Tokenizer(base), Tokenizer(result)
    _prove_own_pieces(old, new)
    fresh_characters = set().union(*result.pieces[base.size :]) - set().union(*base.pieces)
    before_all = after_all = 0
    for text in sample:
        ids = new.encode(text)
        if (back := new.decode(ids)) != text:
            raise VocabularyError(
                f"{text!r} is decoded as {back!r}",
                subject="normalizer_spec of the base",
                hint="train a new vocabulary with amhctl vocab train",
            )
        # What the base could not spell came as one unknown piece; only what it could is comparable.
        if fresh_characters.isdisjoint(text):
            before_all += len(old.ids(text))
            after_all += len(ids)
    if after_all > before_all:
        raise VocabularyError(
            f"the sample needs {after_all} pieces, and {before_all} before",
            subject="scores",
            hint="the base's scores do not suit the corpus: extend a bpe model, or train a new vocabulary",
        )


def prove_unchanged(old: Tokenizer, new: Tokenizer, text: str, *, subject: str) -> int | None:
    """Check that a text of the base's languages keeps its ids, and return how many they are.

    None comes back for a text that the base cannot spell: its ids say nothing of how it was spelled.

    Raises
    ------
    VocabularyError
        If the text is encoded differently from before; ``subject`` says where it stands.
    """
    before, after = old.ids(text), new.ids(text)
    if Vocabulary.UNKNOWN_ID in before:
        return None
    if before != after:
        pairs = enumerate(zip(before, after, strict=False))
        place = next((index for index, (was, is_) in pairs if was != is_), min(len(before), len(after)))
        pieces = new.vocabulary.pieces
        shown = [" ".join(pieces[number] for number in ids[place : place + 5]) for ids in (before, after)]
        raise VocabularyError(
            f"the extension would change the pieces of the text: {' … would be '.join(shown)} …",
            subject=subject,
            hint="choose other --units for the new pieces, or remove the line from --proof if it is not in a "
            "language of the base",
        )
    return len(before)


def _prove_own_pieces(old: Tokenizer, new: Tokenizer) -> None:
    """Check that what the base's own pieces spell is spelled as before, where no new piece is in it."""
    added = frozenset(new.vocabulary.pieces[old.vocabulary.size :])
    lengths = sorted({len(piece) for piece in added})
    for text in (piece.replace(WORD_BOUNDARY, " ").strip() for piece in old.vocabulary.pieces[3:]):
        # As the encoder sees it, with the boundary that it puts before every text.
        seen = WORD_BOUNDARY + text.replace(" ", WORD_BOUNDARY)
        if any(seen[at : at + length] in added for length in lengths for at in range(len(seen) - length + 1)):
            continue
        if old.ids(text) != new.ids(text):
            raise VocabularyError(f"the extension changed how {text!r} is encoded", hint="this is a bug in amhctl")


def _bits(scores: tuple[float, ...]) -> tuple[bytes, ...]:
    return tuple(struct.pack("<f", score) for score in scores)

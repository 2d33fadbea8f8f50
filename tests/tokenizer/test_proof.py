"""What an extension must not do is noticed."""

from dataclasses import replace

import pytest
from support.vocabularies import FIDEL_LINES, LATIN_LINES, PHONE_LINES, foreign_vocabulary

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.proof import prove_extension, prove_unchanged
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary

BASE = foreign_vocabulary()


def _with(*pieces: Piece) -> Vocabulary:
    return Vocabulary.from_bytes(append_pieces(BASE.model_bytes, pieces))


def test_changed_scores_kinds_and_order_are_noticed() -> None:
    with pytest.raises(VocabularyError, match="scores"):
        prove_extension(BASE, replace(BASE, scores=tuple(score - 1 for score in BASE.scores)), [])
    with pytest.raises(VocabularyError, match="types"):
        prove_extension(BASE, replace(BASE, kinds=(*BASE.kinds[:-1], PieceKind.USER_DEFINED)), [])
    with pytest.raises(VocabularyError, match="pieces"):
        prove_extension(BASE, replace(BASE, pieces=(*BASE.pieces[:3], *reversed(BASE.pieces[3:]))), [])


def test_text_that_cannot_be_spelt_or_does_not_come_back_is_noticed() -> None:
    with pytest.raises(VocabularyError, match="no piece"):
        prove_extension(BASE, BASE, ["ሰላም"])
    with pytest.raises(VocabularyError, match="is decoded as 'THE DOG'"):
        prove_extension(BASE, BASE, ["THE  DOG"])


def test_base_text_keeps_its_ids_through_a_real_extension() -> None:
    old, new = Tokenizer(BASE), Tokenizer(extend_vocabulary(BASE, FIDEL_LINES * 5, 460)[0])
    for line in LATIN_LINES:
        assert prove_unchanged(old, new, line, subject="s") == len(old.ids(line))


def test_a_piece_that_captures_base_text_is_noticed_and_shown() -> None:
    old, new = Tokenizer(BASE), Tokenizer(_with(Piece("HEL", 5.0, PieceKind.USER_DEFINED)))
    with pytest.raises(VocabularyError, match="HEL") as caught:
        prove_unchanged(old, new, "HELLO", subject="proof.txt:7")
    assert caught.value.subject == "proof.txt:7"


def test_text_that_the_base_cannot_spell_proves_nothing() -> None:
    old, new = Tokenizer(BASE), Tokenizer(extend_vocabulary(BASE, PHONE_LINES, 200, units="phones")[0])
    assert prove_unchanged(old, new, "HELLO ж", subject="s") is None

"""Reading and editing model files on the wire."""

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st
from support.vocabularies import foreign_model

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces, parse_model

MODEL = foreign_model()


def test_reads_what_sentencepiece_reads() -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=MODEL)
    fields = parse_model(MODEL)
    count = processor.get_piece_size()
    assert [piece.text for piece in fields.pieces] == [processor.id_to_piece(number) for number in range(count)]
    assert [piece.score for piece in fields.pieces] == [processor.get_score(number) for number in range(count)]
    assert (fields.model_type, fields.normalizer, fields.dummy_prefix) == ("bpe", "nmt_nfkc", True)
    assert fields.declared_size == count


def test_appending_keeps_every_byte_of_what_was_there() -> None:
    added = (Piece("ሀ", -70.0, PieceKind.NORMAL), Piece("።", 0.0, PieceKind.USER_DEFINED))
    grown = append_pieces(MODEL, added)
    before, after = parse_model(MODEL), parse_model(grown)
    assert after.pieces == before.pieces + added
    assert after.declared_size == before.declared_size + 2
    processor = sentencepiece.SentencePieceProcessor(model_proto=grown)
    assert processor.id_to_piece(len(before.pieces)) == "ሀ"
    assert processor.encode("THE DOG", out_type=int) == sentencepiece.SentencePieceProcessor(model_proto=MODEL).encode(
        "THE DOG", out_type=int
    )


def test_appending_nothing_changes_nothing() -> None:
    assert parse_model(append_pieces(MODEL, ())) == parse_model(MODEL)


def test_every_truncation_is_noticed() -> None:
    # Every place near the ends, where the fields are that the pieces in the middle do not have, and a few between.
    for length in (*range(200), *range(200, len(MODEL) - 200, 97), *range(len(MODEL) - 200, len(MODEL))):
        try:
            parse_model(MODEL[:length])
        except VocabularyError:
            continue
        # What is left then is a whole model without an unused field at the end.
        assert parse_model(MODEL[:length]).pieces == parse_model(MODEL).pieces


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_raise(content: bytes) -> None:
    with pytest.raises(VocabularyError):
        parse_model(content, subject="x.model")

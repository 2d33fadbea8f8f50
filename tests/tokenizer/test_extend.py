"""Extension appends, and proves it."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from support.vocabularies import FIDEL_LINES, LATIN_LINES, PHONE_LINES, foreign_model, foreign_vocabulary

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.extend import extend_vocabulary, prove_extension
from amhctl.tokenizer.proto import PieceKind
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary

LINES = FIDEL_LINES * 5


@pytest.mark.parametrize("model_type", ["bpe", "unigram", "char"])
def test_the_base_stays_bit_for_bit_and_the_alphabet_is_whole(model_type: str) -> None:
    base = foreign_vocabulary(model_type)
    extended, plan = extend_vocabulary(base, LINES, 460)
    count = base.size
    assert extended.pieces[:count] == base.pieces
    assert extended.kinds[:count] == base.kinds
    assert struct.pack(f"<{count}f", *extended.scores[:count]) == struct.pack(f"<{count}f", *base.scores)
    assert extended.missing == ()
    assert plan.size == extended.size
    assert (plan.base_size, plan.base_fingerprint) == (count, base.fingerprint)
    assert tuple(row.piece for row in plan.rows) == extended.pieces[count:]
    old, new = Tokenizer(base), Tokenizer(extended)
    for line in LATIN_LINES:
        assert new.encode(line) == old.encode(line)
    for line in FIDEL_LINES:
        assert new.decode(new.encode(line)) == line


def test_bpe_scores_count_on_and_every_new_piece_is_in_reach() -> None:
    base = foreign_vocabulary()
    extended, plan = extend_vocabulary(base, LINES, 460)
    normal = [s for s, k in zip(extended.scores, extended.kinds, strict=True) if k is PieceKind.NORMAL]
    assert normal == sorted(normal, reverse=True)
    tokenizer = Tokenizer(extended)
    used = {piece for line in FIDEL_LINES for piece in tokenizer.pieces(line)}
    assert any(len(row.piece) > 3 and row.piece in used for row in plan.rows)


def test_sources_spell_the_piece_and_lie_below_it() -> None:
    base = foreign_vocabulary()
    extended, plan = extend_vocabulary(base, LINES, 460)
    for number, row in enumerate(plan.rows, start=plan.base_size):
        assert all(source < number for source in row.source_ids)
        if row.source_ids:
            assert "".join(extended.pieces[source] for source in row.source_ids) == row.piece
    assert any(row.source_ids for row in plan.rows)
    assert plan.sources == tuple(row.source_ids for row in plan.rows)


def test_an_amharic_base_goes_on_where_it_stopped() -> None:
    base = train_vocabulary(LINES, size=375, units="fidel", model_type="bpe")
    extended, plan = extend_vocabulary(base, LINES, 385)
    assert len(plan.rows) == 10
    before, after = Tokenizer(base), Tokenizer(extended)
    assert sum(len(after.pieces(line)) for line in LINES) < sum(len(before.pieces(line)) for line in LINES)


def test_phones_can_be_given_to_a_base_that_normalises() -> None:
    extended, _ = extend_vocabulary(foreign_vocabulary(), PHONE_LINES, 200, units="phones")
    assert extended.units == "phones"
    tokenizer = Tokenizer(extended)
    assert all(tokenizer.decode(tokenizer.encode(line)) == line for line in PHONE_LINES)


def test_a_second_extension_with_nothing_new_appends_nothing() -> None:
    base = train_vocabulary(PHONE_LINES, size=100, units="phones")
    extended, plan = extend_vocabulary(base, PHONE_LINES, 100)
    assert plan.rows == ()
    assert extended.model_bytes == base.model_bytes


def test_the_same_input_gives_the_same_bytes() -> None:
    base = foreign_vocabulary()
    assert extend_vocabulary(base, LINES, 450)[0].model_bytes == extend_vocabulary(base, LINES, 450)[0].model_bytes


def test_a_size_without_room_for_the_alphabet_is_refused() -> None:
    base = foreign_vocabulary()
    with pytest.raises(VocabularyError, match="cannot hold") as caught:
        extend_vocabulary(base, LINES, base.size + 10)
    least = int(caught.value.hint.split()[-1])
    assert extend_vocabulary(base, LINES, least)[0].missing == ()


def test_fidel_for_a_vocabulary_of_phones_is_refused() -> None:
    with pytest.raises(VocabularyError, match="speaks phones"):
        extend_vocabulary(train_vocabulary(PHONE_LINES, size=100, units="phones"), LINES, 600, units="fidel")


def test_a_corpus_that_did_not_pass_the_frontend_is_refused() -> None:
    with pytest.raises(VocabularyError, match="line 2"):
        extend_vocabulary(foreign_vocabulary(), ["ሰላም", "Latin"], 500)


def test_a_word_model_is_refused() -> None:
    with pytest.raises(VocabularyError, match="word model"):
        extend_vocabulary(Vocabulary.from_bytes(foreign_model("word")), LINES, 500)


def test_a_base_that_rewrites_letters_is_refused(tmp_path: Path) -> None:
    rules = tmp_path / "rules.tsv"
    rules.write_text("1200\t1201\n", encoding="utf-8")
    base = Vocabulary.from_bytes(foreign_model(normalization_rule_name="", normalization_rule_tsv=str(rules)))
    with pytest.raises(VocabularyError, match="rewrites or splits ሀ before"):
        extend_vocabulary(base, LINES, 500)


def test_proof_notices_changed_scores_and_changed_encodings() -> None:
    base = foreign_vocabulary()
    shifted = replace(base, scores=tuple(score - 1 for score in base.scores))
    with pytest.raises(VocabularyError, match="scores"):
        prove_extension(base, shifted, [])
    with pytest.raises(VocabularyError, match="no piece"):
        prove_extension(base, base, ["ሰላም"])

"""Extension appends, and proves it."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.vocabularies import FIDEL_LINES, LATIN_LINES, PHONE_LINES, foreign_model, foreign_vocabulary

from amhctl.core.errors import VocabularyError
from amhctl.text.script import LETTERS, MARKS
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.plan import mark_of
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary

LINES = FIDEL_LINES * 5
AMHARIC = train_vocabulary(LINES, size=375, units="fidel", model_type="bpe")
GROWN, _ = extend_vocabulary(AMHARIC, LINES, 385)


@pytest.mark.parametrize("model_type", ["bpe", "unigram", "char"])
def test_the_base_stays_bit_for_bit_and_the_alphabet_is_whole(model_type: str) -> None:
    base = foreign_vocabulary(model_type)
    extended, plan = extend_vocabulary(base, LINES, 460)
    count = base.size
    assert extended.pieces[:count] == base.pieces
    assert extended.kinds[:count] == base.kinds
    assert struct.pack(f"<{count}f", *extended.scores[:count]) == struct.pack(f"<{count}f", *base.scores)
    assert extended.missing == ()
    assert (plan.base, plan.result) == (mark_of(base), mark_of(extended))
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


@pytest.mark.parametrize("model_type", ["bpe", "unigram", "char"])
def test_what_starts_as_a_mean_is_spelt_by_its_sources(model_type: str) -> None:
    base = foreign_vocabulary(model_type)
    extended, plan = extend_vocabulary(base, LINES, 460)
    before = set(base.pieces)
    letters = {row.piece for row in plan.rows if len(row.piece) == 1}
    for row in plan.rows:
        if row.start == "mean":
            assert "".join(row.sources).removeprefix("▁") == row.piece.removeprefix("▁")
            assert set(row.sources) <= before | letters
        else:
            assert set(row.sources) <= before
        assert bool(row.sources) == (row.start != "none")
    assert {row.start for row in plan.rows if len(row.piece) == 1} <= {"same", "related", "none"}
    assert (
        dict(zip(extended.pieces, extended.scores, strict=True)).items()
        >= {r.piece: r.score for r in plan.rows}.items()
    )


def test_letters_start_from_what_sounds_alike_in_the_base() -> None:
    rows = {row.piece: row for row in extend_vocabulary(foreign_vocabulary(), LINES, 460)[1].rows}
    assert (rows["።"].start, rows["።"].sources) == ("related", (".",))
    assert (rows["ሰ"].start, rows["ሰ"].sources) == ("related", ("S", "E"))
    assert (rows["፩"].start, rows["፩"].sources) == ("related", ("1",))


def test_a_piece_that_the_base_has_without_its_boundary_starts_from_it() -> None:
    base = Vocabulary.from_bytes(append_pieces(foreign_model(), [Piece("ሰላም", -90.0, PieceKind.NORMAL)]))
    rows = {row.piece: row for row in extend_vocabulary(base, ["ሰላም ሰላም"] * 9, 480)[1].rows}
    assert (rows["▁ሰላም"].start, rows["▁ሰላም"].sources) == ("same", ("ሰላም",))


def test_the_result_segments_as_the_merges_were_learnt() -> None:
    base = foreign_vocabulary()
    extended, plan = extend_vocabulary(base, LINES, 460)
    letters = Vocabulary.from_bytes(
        append_pieces(
            base.model_bytes,
            [
                Piece(row.piece, row.score, extended.kinds[number])
                for number, row in enumerate(plan.rows, start=base.size)
                if len(row.piece) == 1
            ],
        )
    )
    spelt, result = Tokenizer(letters), Tokenizer(extended)
    words = {word for line in LINES for word in line.split()}
    merges = [row.piece for row in plan.rows if len(row.piece) > 1]
    for word in words:
        pieces = list(spelt.pieces(word))
        for piece in merges:
            place = 0
            while place + 1 < len(pieces):
                if pieces[place] + pieces[place + 1] == piece:
                    pieces[place : place + 2] = [piece]
                place += 1
        assert result.pieces(word) == tuple(pieces)


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
    with pytest.raises(VocabularyError, match="too few") as caught:
        extend_vocabulary(base, LINES, base.size + 10)
    least = int("".join(letter for letter in caught.value.hint if letter.isdigit()))
    assert extend_vocabulary(base, LINES, least)[0].missing == ()


def test_fidel_for_a_vocabulary_of_phones_is_refused() -> None:
    with pytest.raises(VocabularyError, match="has phones"):
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


def test_a_base_without_the_dummy_prefix_is_extended_like_any() -> None:
    base = Vocabulary.from_bytes(foreign_model(add_dummy_prefix=False))
    tokenizer = Tokenizer(extend_vocabulary(base, LINES, 460)[0])
    assert all(tokenizer.decode(tokenizer.encode(line)) == line for line in LINES)


def test_a_base_that_loses_the_space_is_refused(tmp_path: Path) -> None:
    rules = tmp_path / "rules.tsv"
    rules.write_text("20\t5F\n", encoding="utf-8")
    base = Vocabulary.from_bytes(foreign_model(normalization_rule_name="", normalization_rule_tsv=str(rules)))
    with pytest.raises(VocabularyError, match="space between words"):
        extend_vocabulary(base, LINES, 500)


def test_a_base_that_falls_back_to_bytes_starts_letters_from_them() -> None:
    base = Vocabulary.from_bytes(foreign_model(size=400, byte_fallback=True))
    extended, plan = extend_vocabulary(base, LINES, 900)
    rows = {row.piece: row for row in plan.rows}
    assert rows["ሰ"].sources == ("<0xE1>", "<0x88>", "<0xB0>")
    tokenizer = Tokenizer(extended)
    assert not any(piece.startswith("<0x") for line in LINES for piece in tokenizer.pieces(line))


letters_of_text = st.text(alphabet=LETTERS + MARKS, min_size=1, max_size=10)


@given(st.lists(letters_of_text, min_size=1, max_size=6))
def test_ids_of_the_base_are_a_prefix_and_every_text_comes_back(words: list[str]) -> None:
    text = " ".join(words)
    old, new = Tokenizer(AMHARIC), Tokenizer(GROWN)
    assert new.decode(new.encode(text)) == text
    assert len(new.encode(text)) <= len(old.encode(text))
    # The same ids mean the same pieces: what the base wrote, the extension reads.
    assert new.decode(old.encode(text)) == text

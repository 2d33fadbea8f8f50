"""Training guarantees the alphabet whatever the corpus, and refuses what the frontend would not make."""

import io
import math

import pytest
import sentencepiece
from support.vocabularies import FIDEL_LINES, PHONE_LINES

from amhctl.core.errors import VocabularyError
from amhctl.text.g2p.phones import MARKS, PHONES
from amhctl.tokenizer.alphabet import Units, alphabet_of
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import ModelType, minimum_size, train_on_words, train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.tokenizer.words import WordCounts


@pytest.mark.parametrize("model_type", ["char", "bpe", "unigram"])
@pytest.mark.parametrize(("units", "lines"), [("fidel", FIDEL_LINES), ("phones", PHONE_LINES)])
def test_the_alphabet_is_whole_and_scores_are_numbers(
    units: Units, lines: tuple[str, ...], model_type: ModelType
) -> None:
    vocabulary = train_vocabulary(lines, size=minimum_size(units) + 8, units=units, model_type=model_type)
    assert vocabulary.missing == ()
    assert vocabulary.model_type == model_type
    assert all(map(math.isfinite, vocabulary.scores))
    tokenizer = Tokenizer(vocabulary)
    for symbol in alphabet_of(units).guaranteed:
        assert tokenizer.decode(tokenizer.encode(symbol)) == symbol
        assert tokenizer.pieces(symbol)[-1] in (symbol, f"▁{symbol}")


def test_char_has_one_piece_a_phone_and_the_boundary_and_no_more() -> None:
    vocabulary = train_vocabulary(PHONE_LINES, size=512, units="phones")
    assert sorted(vocabulary.pieces[3:]) == sorted((*PHONES, *MARKS, "▁"))


def test_bpe_never_joins_marks() -> None:
    vocabulary = train_vocabulary(["ሰላም።"] * 20, size=380, units="fidel", model_type="bpe")
    assert [piece for piece in vocabulary.pieces if "።" in piece] == ["።"]
    assert "ሰላም" in "".join(vocabulary.pieces)


@pytest.mark.parametrize("model_type", ["char", "bpe", "unigram"])
def test_the_same_lines_give_the_same_bytes(model_type: ModelType) -> None:
    one, other = (train_vocabulary(iter(FIDEL_LINES), size=380, units="fidel", model_type=model_type) for _ in "ab")
    assert one.model_bytes == other.model_bytes


def test_letters_of_other_languages_are_learnt_where_the_corpus_has_them() -> None:
    assert "ⶀ" in train_vocabulary(["ሰላም ⶀ።"], size=400, units="fidel").pieces


def test_strangers_are_refused_all_at_once_with_their_lines() -> None:
    with pytest.raises(VocabularyError) as caught:
        train_vocabulary(["ሰላም።", "Wow ሰ", "ዓለም", "W1"], size=400, units="fidel")
    assert "'W' (U+0057) in line 2" in caught.value.message
    assert "'1' (U+0031) in line 4" in caught.value.message
    assert caught.value.subject == "line 2"


def test_only_strangers_are_refused_as_such() -> None:
    with pytest.raises(VocabularyError, match="not phones"):
        train_vocabulary(["ሰላም"], size=100, units="phones")


@pytest.mark.parametrize("lines", [[], [""]])
def test_an_empty_corpus_is_refused(lines: list[str]) -> None:
    with pytest.raises(VocabularyError, match="empty"):
        train_vocabulary(lines, size=400, units="fidel")


def test_a_size_too_small_names_the_smallest() -> None:
    with pytest.raises(VocabularyError) as caught:
        train_vocabulary(FIDEL_LINES, size=100, units="fidel")
    assert str(minimum_size("fidel")) in caught.value.hint


def test_a_line_longer_than_sentencepieces_own_limit_counts() -> None:
    vocabulary = train_vocabulary([" ".join(["ሰላም"] * 3_000)], size=366, units="fidel", model_type="bpe")
    assert "▁ሰላም" in vocabulary.pieces


@pytest.mark.parametrize(("units", "lines"), [("fidel", FIDEL_LINES), ("phones", PHONE_LINES)])
def test_words_with_counts_give_the_pieces_that_whole_lines_give(units: Units, lines: tuple[str, ...]) -> None:
    alphabet, output = alphabet_of(units), io.BytesIO()
    corpus, size = [*lines] * 3, minimum_size(units) + 12
    mark = alphabet.symbols[-1]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([mark + mark.join(alphabet.characters) + mark, *corpus]),
        model_writer=output,
        model_type="bpe",
        vocab_size=size,
        hard_vocab_limit=False,
        bos_id=0,
        eos_id=1,
        unk_id=2,
        character_coverage=1.0,
        required_chars="".join(("▁", *alphabet.characters)),
        user_defined_symbols=list(alphabet.symbols),
        normalization_rule_name="identity",
        minloglevel=2,
    )
    ours = train_vocabulary(corpus, size=size, units=units, model_type="bpe")
    assert ours.pieces == Vocabulary.from_bytes(output.getvalue()).pieces


@pytest.mark.parametrize("model_type", ["char", "bpe", "unigram"])
def test_the_order_of_lines_does_not_matter(model_type: ModelType) -> None:
    one = train_vocabulary(FIDEL_LINES, size=380, units="fidel", model_type=model_type)
    other = train_vocabulary(reversed(FIDEL_LINES), size=380, units="fidel", model_type=model_type)
    assert one.model_bytes == other.model_bytes


def test_letters_of_words_that_were_dropped_stay_pieces() -> None:
    words = WordCounts({"ሰላም": 3}, {"ሰ": 3, "ላ": 3, "ም": 3, "ⶀ": 1}, lines=4, dropped=1)
    assert "ⶀ" in train_on_words(words, size=400, units="fidel", model_type="bpe").pieces

"""Decoding inverts encoding; nothing unknown passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.realdata import real_corpus
from support.vocabularies import FIDEL_LINES, PHONE_LINES

from amhctl.core.errors import TextError, VocabularyError
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.phones import MARKS, PHONES
from amhctl.text.script import LETTERS
from amhctl.text.script import MARKS as SPOKEN_MARKS
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary

PHONES_BY_CHAR = Tokenizer(train_vocabulary(PHONE_LINES, size=100, units="phones"))
FIDEL_BY_CHAR = Tokenizer(train_vocabulary(FIDEL_LINES, size=400, units="fidel"))
FIDEL_BY_BPE = Tokenizer(train_vocabulary(FIDEL_LINES, size=390, units="fidel", model_type="bpe"))

phone_words = st.lists(st.lists(st.sampled_from(PHONES + MARKS), min_size=1, max_size=8), max_size=6)
fidel_words = st.lists(st.text(alphabet=LETTERS + SPOKEN_MARKS, min_size=1, max_size=8), max_size=6)


@given(phone_words)
def test_each_phone_is_one_piece_and_each_word_has_a_boundary(words: list[list[str]]) -> None:
    text = " ".join("".join(word) for word in words)
    expected = tuple(piece for word in words for piece in ("▁", *word))
    assert PHONES_BY_CHAR.pieces(text) == expected
    assert PHONES_BY_CHAR.decode(PHONES_BY_CHAR.encode(text)) == text


@given(fidel_words)
def test_fidel_come_back(words: list[str]) -> None:
    text = " ".join(words)
    for tokenizer in (FIDEL_BY_CHAR, FIDEL_BY_BPE):
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_specials_are_never_encoded_and_left_out_when_decoded() -> None:
    ids = FIDEL_BY_CHAR.encode("ሰላም።")
    assert min(ids) > 2
    assert FIDEL_BY_CHAR.decode((0, *ids, 1)) == "ሰላም።"


@pytest.mark.parametrize(
    ("text", "named"), [("ሰላም abc", "'a'"), ("ሰ<s>", "'<'"), ("ሰ▁ላ", "U+2581"), ("ሰ\nላ", "U+000A")]
)
def test_unknown_characters_are_named(text: str, named: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        FIDEL_BY_CHAR.encode(text)
    assert named in caught.value.message
    assert "\n" not in caught.value.subject


def test_unknown_lists_every_occurrence() -> None:
    assert FIDEL_BY_CHAR.unknown("ሰxላ yx") == ("x", "y", "x")


@pytest.mark.parametrize("number", [-1, 2, 100_000])
def test_ids_that_stand_for_no_text_are_refused(number: int) -> None:
    with pytest.raises(VocabularyError, match=str(number)):
        FIDEL_BY_CHAR.decode([5, number])


def test_a_file_that_sentencepiece_refuses_is_an_error_and_no_crash() -> None:
    content = append_pieces(FIDEL_BY_CHAR.vocabulary.model_bytes, [Piece("", -1.0, PieceKind.NORMAL)])
    with pytest.raises(VocabularyError, match="SentencePiece refuses the vocabulary"):
        Tokenizer(Vocabulary.from_bytes(content))


@pytest.mark.slow
def test_lines_of_the_corpus_come_back() -> None:
    """The fidel of every fourth line, and the phones of every eighth of those: nothing unknown, nothing lost.

    That all lines can be read is tested with the rules; reading them is what takes the time.
    """
    frontend = Frontend()
    for place, line in enumerate(real_corpus()[::4]):
        try:
            spoken = frontend.normalize(line).text
        except TextError:
            assert not set(line) & set(LETTERS)
            continue
        for tokenizer in (FIDEL_BY_CHAR, FIDEL_BY_BPE):
            assert tokenizer.unknown(spoken) == ()
            assert tokenizer.decode(tokenizer.encode(spoken)) == spoken
        if place % 8 == 0:
            units = frontend.units(line)
            assert PHONES_BY_CHAR.decode(PHONES_BY_CHAR.encode(units)) == units

"""Twin of ``text/g2p/gemination.py``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.g2p.gemination import (
    UNMARKED,
    Gemination,
    find_bounds,
    find_sure,
    list_features,
    read_nouns,
    read_weights,
    read_words,
    split_marks,
)
from amhctl.text.script import GEMINATION, LETTERS, SYLLABLES

LEARNED = Gemination({}, read_weights())
WORDS = st.text(LETTERS, min_size=1, max_size=12)


def written(word: str, gemination: Gemination) -> str:
    return "".join(letter + GEMINATION * doubled for letter, doubled in zip(word, gemination.mark(word), strict=True))


@pytest.fixture(scope="module")
def ours() -> Gemination:
    return Gemination(read_words(), read_weights())


@given(WORDS)
def test_without_tables_nothing_is_doubled_but_what_is_marked(word: str) -> None:
    assert UNMARKED.mark(word) == (False,) * len(word)
    assert UNMARKED.mark(word + GEMINATION) == (False,) * (len(word) - 1) + (True,)


def test_marks_win_over_the_table_and_the_tagger(ours: Gemination) -> None:
    assert ours.mark("አለ") == (False, True)
    assert ours.mark("አ፟ለ") == (True, False)


@pytest.mark.parametrize(
    "word", ["ከፍ፟ተኛ፟", "የከፍ፟ተኛ፟", "ጥያ፟ቄ", "ነበ፟ር", "እንደነበ፟ር", "ሰላም", "ትምህርት", "ድመ፟ት", "ድመ፟ትን", "የድመ፟ትም", "ጥያ፟ቄዎች፟", "ሰላምና፟"]
)
def test_listed_words_alone_and_with_affixes(ours: Gemination, word: str) -> None:
    assert written(split_marks(word)[0], ours) == word


@pytest.mark.parametrize(
    "word",
    ["ተከራከ፟ሩ", "ተነጋገ፟ሩ", "ይገ፟ለ፟ጣል", "መሰ፟በር", "ሰብሮ", "ይሰብራል", "የሚ፟ፈል፟ገው", "አስፈለ፟ገ", "ተመለከ፟ቱ", "መምህራኖች፟", "ብልሃተኛ፟"],
)
def test_the_tagger_knows_forms_that_no_table_lists(word: str) -> None:
    plain = split_marks(word)[0]
    assert plain not in read_words()
    assert written(plain, LEARNED) == word


@given(WORDS)
def test_a_word_has_a_verdict_for_each_letter_and_never_begins_doubled(word: str) -> None:
    found = LEARNED.mark(word)
    assert len(found) == len(word) == len(list_features(word))
    assert not found[0]


@pytest.mark.parametrize(
    ("word", "stem"), [("ሰላም", "ሰላ"), ("የሚፈልገው", "ፈልገ"), ("ስለቤቶችን", "ቤቶ"), ("ተሰበረች", "ሰበረ"), ("ቤት", "ቤት"), ("በ", "በ")]
)
def test_the_stem_is_what_affixes_leave(word: str, stem: str) -> None:
    begin, end = find_bounds(word)
    assert word[begin:end] == stem


def test_sure_suffixes() -> None:
    assert find_sure("አንደኛ") == {3}
    assert find_sure("እኛ") == set()
    assert find_sure("ቤቶች") == {2}
    assert find_sure("ሰበረች") == set()


def test_features_do_not_tell_homophones_apart() -> None:
    assert list_features("ሠላም") == list_features("ሰላም")
    assert list_features("ፀሐይ") == list_features("ጸሀይ")
    assert list_features("ዓለም") != list_features("ሰለም")


def test_the_tables_are_in_order() -> None:
    assert len(read_words()) > 1400
    assert all(set(word) <= SYLLABLES.keys() for word in read_words())
    assert not any(marked.startswith(marked[0] + GEMINATION) for marked in read_words().values())
    assert len(set(read_nouns())) == len(read_nouns())
    assert all(int(weight) for weight in read_weights().values())
    size = sum(len(f"{feature}\t{weight}\n".encode()) for feature, weight in read_weights().items())
    assert size < 300_000


@pytest.mark.parametrize(("words", "weights"), [({"ገና": "ገኖ፟"}, {}), ({}, {"b": "heavy"})])
def test_a_faulty_table_is_refused(words: dict[str, str], weights: dict[str, str]) -> None:
    with pytest.raises(TextError, match="gemination table"):
        Gemination(words, weights)

"""Twin of ``text/romanised.py``."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.latin import LATIN_WORDS
from amhctl.text.romanised import ROMANISED, Romanised, fold_spelling, looks_romanised, write_romanised
from amhctl.text.script import LETTERS

WORDS = Romanised(ROMANISED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("desalegn", "dessaleng"), ("tsehay", "sehay"), ("tadesse", "tadese"), ("gebreselassie", "gebrselasie"),
        ("mekelle", "meqele"), ("wondwosen", "wendwesen"), ("zerihun", "zerihoun"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    assert fold_spelling(one) == fold_spelling(other)


def test_other_spellings_are_found_where_a_name_is_looked_for() -> None:
    assert WORDS.find("dessaleng", loosely=True) == "ደሳለኝ"
    assert WORDS.find("dessaleng", loosely=False) is None
    assert WORDS.find("abebe", loosely=False) == "አበበ"


def test_no_word_is_english_as_well() -> None:
    assert ROMANISED.keys().isdisjoint(LATIN_WORDS)


@pytest.mark.parametrize(("word", "fidel"), [("alem", "አለም"), ("asmara", "አስማራ"), ("tiya", "ቲያ")])
def test_unknown_words_are_written_as_amharic_is(word: str, fidel: str) -> None:
    assert looks_romanised(word)
    assert write_romanised(word) == fidel


@pytest.mark.parametrize("word", ["light", "question", "station", "queen", "office", "player", "marketing"])
def test_english_has_its_look(word: str) -> None:
    assert not looks_romanised(word)


@given(st.text(string.ascii_lowercase, min_size=1, max_size=12))
def test_every_word_becomes_fidel(word: str) -> None:
    assert set(write_romanised(word)) <= set(LETTERS)
    assert fold_spelling(word)

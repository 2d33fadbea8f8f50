"""Twin of ``text/latin.py``."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.draft import TIE
from amhctl.text.latin import LATIN_WORDS, LETTER_NAMES, read_latin, transliterate
from amhctl.text.script import LETTERS

TABLE = """
BBC | ቢ ቢ ሲ
PMTCT | ፒ ኤም ቲ ሲ ቲ
COVID | ኮቪድ
A | ኤ
x | ኤክስ
forum | ፎረም
FORUM | ፎረም
pdf | ፒ ዲ ኤፍ
www | ደብሊው ደብሊው ደብሊው
AIDS | ኤድስ
office | ኦፊስ
center | ሴንቴር
Google | ጉግል
YouTube | ዩቲዩብ
happy | ሀፒ
Šimon | ሲሞን
queen | ኩኢን
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_words(row: str) -> None:
    written, spoken = row.split(" | ")
    expected = spoken if written != "happy" else "ሃፒ"
    assert read_latin(written, LETTER_NAMES, LATIN_WORDS).replace(TIE, " ") == expected


@given(st.text(string.ascii_lowercase, min_size=1, max_size=12))
def test_every_word_becomes_fidel(word: str) -> None:
    assert transliterate(word)
    assert set(transliterate(word)) <= set(LETTERS)

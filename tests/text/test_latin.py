"""Twin of ``text/latin.py``."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.draft import TIE
from amhctl.text.latin import LATIN_WORDS, LETTER_NAMES, Latin
from amhctl.text.romanised import ROMANISED
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
center | ሴንተር
Google | ጉግል
YouTube | ዩቲዩብ
happy | ሃፒ
Šimon | ሲሞን
WHO | ደብሊው ኤች ኦ
who | ሁ
ChatGPT | ቻት ጂ ፒ ቲ
EthioTelecom | ኢትዮ ቴሌኮም
fanabroadcasting | ፋና ብሮድካስቲንግ
aau | ኤ ኤ ዩ
reporters | ሪፖርተርስ
working | ወርኪንግ
Dessaleng | ደሳለኝ
Issues | ኢሹስ
BET | ቤት
ALE | ኤ ኤል ኢ
queen | ኩዊን
"""


LATIN = Latin(LETTER_NAMES, LATIN_WORDS, ROMANISED)


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_words(row: str) -> None:
    written, spoken = row.split(" | ")
    assert LATIN.read(written).replace(TIE, " ") == spoken


@given(st.text(string.ascii_letters, min_size=1, max_size=12))
def test_every_word_becomes_fidel(word: str) -> None:
    assert LATIN.read(word)
    assert set(LATIN.read(word)) <= set(LETTERS + TIE)


def test_a_state_without_words_still_reads() -> None:
    assert Latin(LETTER_NAMES, {}, {}).read("Facebook")

"""Twin of ``text/english.py``."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.english import write_english
from amhctl.text.script import LETTERS

TABLE = """
manchester | ማንቸስተር
arsenal | አርሰናል
netflix | ኔትፍሊክስ
station | ስቴሽን
nation | ኔሽን
football | ፉትባል
phone | ፎን
time | ታይም
make | ሜክ
light | ላይት
service | ሰርቪስ
office | ኦፊስ
official | ኦፊሻል
university | ዩኒቨርሲቲ
burger | በርገር
village | ቪሌጅ
culture | ካልቸር
health | ሂልዝ
north | ኖርዝ
school | ስኩል
queen | ኩዊን
movie | ሞቪ
house | ሃውስ
party | ፓርቲ
league | ሊግ
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_spelling_to_sound(row: str) -> None:
    written, spoken = row.split(" | ")
    assert write_english(written) == spoken


@given(st.text(string.ascii_lowercase, min_size=1, max_size=14))
def test_every_word_is_written_in_fidel_only(word: str) -> None:
    assert set(write_english(word)) <= set(LETTERS)

"""Twin of ``text/numbers.py``: tables of written | spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.draft import TIE
from amhctl.text.numbers import LARGEST, NUMERALS, NumberWords, format_ethiopic, make_ordinal, parse_ethiopic

WORDS = NumberWords(NUMERALS)

CARDINALS = """
0 | ዜሮ
1 | አንድ
9 | ዘጠኝ
10 | አሥር
11 | አሥራ አንድ
19 | አሥራ ዘጠኝ
20 | ሃያ
21 | ሃያ አንድ
60 | ስልሳ
99 | ዘጠና ዘጠኝ
100 | መቶ
105 | መቶ አምስት
111 | መቶ አሥራ አንድ
250 | ሁለት መቶ ሃምሳ
1000 | አንድ ሺህ
1100 | አንድ ሺህ መቶ
2024 | ሁለት ሺህ ሃያ አራት
100000 | መቶ ሺህ
1250000 | አንድ ሚሊዮን ሁለት መቶ ሃምሳ ሺህ
1000000000 | አንድ ቢሊዮን
1000000000001 | አንድ ትሪሊዮን አንድ
999000000000000000 | ዘጠኝ መቶ ዘጠና ዘጠኝ ኳድሪሊዮን
"""
YEARS = """
1100 | አሥራ አንድ መቶ
1887 | አሥራ ስምንት መቶ ሰማንያ ሰባት
1990 | አሥራ ዘጠኝ መቶ ዘጠና
2000 | ሁለት ሺህ
2016 | ሁለት ሺህ አሥራ ስድስት
1066 | አንድ ሺህ ስልሳ ስድስት
"""
ORDINALS = """
1 | አንደኛ
2 | ሁለተኛ
3 | ሦስተኛ
4 | አራተኛ
5 | አምስተኛ
6 | ስድስተኛ
7 | ሰባተኛ
8 | ስምንተኛ
9 | ዘጠነኛ
10 | አሥረኛ
20 | ሃያኛ
21 | ሃያ አንደኛ
100 | መቶኛ
1000 | አንድ ሺህኛ
1000000 | አንድ ሚሊዮነኛ
"""
ETHIOPIC = """
፩ | 1
፲ | 10
፳፩ | 21
፻ | 100
፻፩ | 101
፲፱፻፺ | 1990
፲፰፻፹፯ | 1887
፳፻፲፮ | 2016
፼ | 10000
፲፼ | 100000
፻፼ | 1000000
፼፼ | 100000000
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [(left, right) for left, right in (line.split(" | ") for line in table.strip().splitlines())]


@pytest.mark.parametrize(("written", "spoken"), rows(CARDINALS))
def test_cardinals(written: str, spoken: str) -> None:
    assert WORDS.cardinal(int(written)).replace(TIE, " ") == spoken


@pytest.mark.parametrize(("written", "spoken"), rows(YEARS))
def test_years_are_read_in_hundreds(written: str, spoken: str) -> None:
    assert WORDS.year(int(written)).replace(TIE, " ") == spoken


@pytest.mark.parametrize(("written", "spoken"), rows(ORDINALS))
def test_ordinals(written: str, spoken: str) -> None:
    assert WORDS.ordinal(int(written)).replace(TIE, " ") == spoken


@pytest.mark.parametrize(("numeral", "value"), rows(ETHIOPIC))
def test_ethiopic_numerals_both_ways(numeral: str, value: str) -> None:
    assert parse_ethiopic(numeral) == int(value)
    assert format_ethiopic(int(value)) == numeral


@given(st.integers(1, LARGEST))
def test_every_number_survives_ethiopic_numerals(number: int) -> None:
    assert parse_ethiopic(format_ethiopic(number)) == number


@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_different_numbers_have_different_words(first: int, second: int) -> None:
    assert (WORDS.cardinal(first) == WORDS.cardinal(second)) == (first == second)
    assert set(WORDS.cardinal(first).split(TIE)) <= set(NUMERALS.values())


@pytest.mark.parametrize("letters", ["፩፪", "፲፳", "፩፲", "፻፻", "x", ""])
def test_letters_that_make_no_number(letters: str) -> None:
    assert parse_ethiopic(letters) is None


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(TextError, match="too large"):
        WORDS.cardinal(number)


def test_there_is_no_ethiopic_zero() -> None:
    with pytest.raises(TextError, match="no zero"):
        format_ethiopic(0)


def test_a_hundred_is_an_option() -> None:
    words = NumberWords(NUMERALS, "አንድ መቶ")
    assert words.cardinal(105) == TIE.join(("አንድ", "መቶ", "አምስት"))
    assert words.cardinal(200) == TIE.join(("ሁለት", "መቶ"))


def test_digits_decimals_and_fractions() -> None:
    assert WORDS.digits("09") == f"ዜሮ{TIE}ዘጠኝ"
    assert WORDS.number("007") == WORDS.digits("007")
    assert WORDS.number("1" * 13) == WORDS.digits("1" * 13)
    assert WORDS.decimal("3", "14").split(TIE) == ["ሦስት", "ነጥብ", "አንድ", "አራት"]
    assert [WORDS.fraction(*pair).split(TIE) for pair in ((1, 2), (1, 4), (3, 4), (1, 3))] == [
        ["ግማሽ"],
        ["ሩብ"],
        ["ሦስት", "አራተኛ"],
        ["አንድ", "ሦስተኛ"],
    ]
    assert make_ordinal("ሃያ") == "ሃያኛ"

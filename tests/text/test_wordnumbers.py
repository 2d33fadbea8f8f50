"""Numbers from words, figures and Ethiopic numerals, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.numbers import LARGEST
from amhctl.text.wordnumbers import parse_words, read_number, write_number

ANY = st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-3000, 3000))


@given(ANY)
def test_words_and_figures_come_back(number: int) -> None:
    assert read_number(write_number(number, "words")) == number
    assert read_number(write_number(number, "digits")) == number
    assert read_number(f"{number:,}") == number


@given(st.one_of(st.integers(1, LARGEST), st.integers(1, 20_000)))
def test_ethiopic_numerals_come_back(number: int) -> None:
    assert read_number(write_number(number, "ethiopic")) == number


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("ሺህ", 1000), ("ሺ አንድ", 1001), ("አንድ መቶ", 100), ("ሠላሳ ሶስት", 33), ("አስራ አንድ", 11), ("አስር", 10), ("ዜሮ", 0),
        ("መቶ ሺህ", 100_000), ("ኔጌቲቭ አምስት", -5), ("ሦስት ሚልዮን ሁለት", 3_000_002),
    ],
)  # fmt: skip
def test_other_spellings_are_read(words: str, number: int) -> None:
    assert parse_words(words) == number


@pytest.mark.parametrize(
    "words",
    ["", "ሰላም", "አንድ ሁለት", "አሥራ", "አሥራ ሃያ", "ሃያ አሥር", "መቶ መቶ", "ሺህ ሚሊዮን", "ሺህ ሺህ", "ዜሮ ሺህ", "አንድ ዜሮ", "ሺህ ዜሮ",
     "ኔጌቲቭ ዜሮ", "ሃያ መቶ", "አሥራ አሥራ አንድ", "ኔጌቲቭ"],
)  # fmt: skip
def test_words_that_say_no_number_are_none(words: str) -> None:
    assert parse_words(words) is None


@pytest.mark.parametrize("written", ["", "x", "1" * 19, "--1", "1-", "٣", "፪፪", "1.5"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(TextError, match="not a whole number"):
        read_number(written)


def test_a_number_without_such_a_form_is_refused() -> None:
    assert write_number(21, "ordinal") == "ሃያ አንደኛ"
    for number, form in ((0, "ethiopic"), (-1, "ethiopic"), (0, "ordinal")):
        with pytest.raises(TextError):
            write_number(number, form)

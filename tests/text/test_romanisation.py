"""Fidel in Latin letters and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.frontend import Frontend
from amhctl.text.romanisation import deromanise, romanise
from amhctl.text.script import LETTERS, build_homophones

FOLD = str.maketrans(build_homophones())
# The first order of these is written as that of another series.
COMMON = "".join(letter for letter in LETTERS if letter not in "ቈኈኰዀጐ")
FRONTEND = Frontend()


def speak(word: str) -> tuple[str, ...]:
    return FRONTEND.phones(word).words[0]


@given(st.text(alphabet=f"{LETTERS} ።፣፤\n123", max_size=30))
def test_sera_comes_back_letter_for_letter(text: str) -> None:
    written = romanise(text, "sera")
    assert written.isascii()
    assert deromanise(written, "sera") == text


@given(st.text(alphabet=f"{COMMON} 123", max_size=20))
def test_bgn_comes_back_but_for_letters_that_sound_alike(text: str) -> None:
    assert deromanise(romanise(text, "bgn"), "bgn").translate(FOLD) == text.translate(FOLD)


@pytest.mark.parametrize(
    ("word", "bgn", "sera"),
    [
        ("ኢትዮጵያ", "ītyop’ya", "ityoPya"),
        ("መንግሥት", "mengist", "meng`st"),
        ("አዲስ አበባ", "ādīs ābeba", "adis abeba"),
        ("ዓለም", "‘alem", "`Alem"),
        ("ቋንቋ", "k’wank’wa", "qWanqWa"),
        ("ልአ", "li’ā", "l'a"),
        ("ንየ", "niye", "nye"),
        ("ሐሠኀፀ", "hāsehāts’e", "He`se`he`Se"),
    ],
)
def test_words_are_written_as_the_systems_write_them(word: str, bgn: str, sera: str) -> None:
    assert (romanise(word, "bgn", speak), romanise(word, "sera")) == (bgn, sera)
    assert deromanise(sera, "sera") == word
    assert deromanise(bgn, "bgn").translate(FOLD) == word.translate(FOLD)


def test_a_vowel_that_is_not_spoken_may_be_left_out_and_comes_back() -> None:
    for text in ("ደብረ ማርቆስ", "ጥቅምት ጽሑፍ ብርቱካን", "ትምህርት ቤት ልጆች"):
        written = romanise(text, "bgn", speak)
        assert len(written) < len(romanise(text, "bgn"))
        assert deromanise(written, "bgn").translate(FOLD) == text.translate(FOLD)


def test_plain_apostrophes_capitals_and_other_spellings_are_read() -> None:
    assert deromanise("K'wank'wa", "bgn") == "ቋንቋ"
    assert deromanise("U `e qWu", "sera") == "ኡ ዐ ቍ"


def test_where_phones_and_letters_do_not_match_every_vowel_is_written() -> None:
    assert romanise("ሰላም", "bgn", lambda _: ("x",)) == "selami"

"""Twin of ``text/g2p/epenthesis.py``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.epenthesis import Slot, insert_vowels, may_close
from amhctl.text.g2p.phones import CONSONANTS, VOWELS


def slots(*phones: str) -> list[str | Slot]:
    return [phone if phone in VOWELS else Slot((phone,)) for phone in phones]


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        (slots("t", "m", "h", "r", "t"), "tɨmhɨrt"),
        (slots("w", "ə", "n", "d", "m"), "wəndɨm"),
        (slots("s", "a", "m", "n", "t"), "samɨnt"),
        (slots("b"), "bɨ"),
        ([Slot(("n",)), Slot(("b", "b"), weight=2), "a"], "nɨbba"),
        ([Slot(("l",)), "ə", Slot(("b",), onset=True), Slot(("z",)), "u"], "ləbɨzu"),
        ([], ""),
    ],
)
def test_places(parts: list[str | Slot], word: str) -> None:
    assert "".join(insert_vowels(parts)) == word


@pytest.mark.parametrize(
    ("vowel", "first", "second", "closes"),
    [
        ("ɨ", "r", "t", True),
        ("ə", "kʼ", "t", True),
        ("ɨ", "kʼ", "d", False),
        ("ɨ", "k", "r", False),
        ("ɨ", "l", "kʼ", False),
        ("a", "j", "l", True),
        ("ɨ", "j", "t", False),
        ("ɨ", "t͡ʃʼ", "t", False),
        ("ə", "w", "n", False),
    ],
)
def test_final_pairs(vowel: str, first: str, second: str, closes: bool) -> None:
    assert may_close(vowel, first, second) is closes


@given(st.lists(st.sampled_from([*CONSONANTS, *VOWELS]), max_size=12))
def test_no_word_has_more_than_two_consonants_in_a_row(phones: list[str]) -> None:
    word = insert_vowels(slots(*phones))
    shape = "".join("V" if phone in VOWELS else "C" for phone in word)
    assert "CCC" not in shape
    assert not shape.startswith("CC")
    assert [phone for phone in word if phone != "ɨ"] == [phone for phone in phones if phone != "ɨ"]

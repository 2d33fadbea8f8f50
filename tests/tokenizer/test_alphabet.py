"""The guaranteed alphabets are whole, and phones can be told apart."""

from itertools import product

import pytest

from amhctl.text.g2p.phones import MARKS, PHONES, split_phones
from amhctl.text.script import DIGITS, LETTERS
from amhctl.text.script import MARKS as SPOKEN_MARKS
from amhctl.tokenizer.alphabet import alphabet_of, is_syllable


def test_fidel_has_every_letter_mark_and_digit_that_the_frontend_can_write() -> None:
    assert set(LETTERS + DIGITS + SPOKEN_MARKS + "\u135d\u135e\u135f") <= set(alphabet_of("fidel").guaranteed)
    assert len(alphabet_of("fidel").guaranteed) == 358 + 1


def test_phones_are_the_inventory_and_the_marks() -> None:
    assert sorted(alphabet_of("phones").guaranteed) == sorted(PHONES + MARKS)


def test_no_two_phones_run_into_a_third() -> None:
    assert all(split_phones(left + right) == (left, right) for left, right in product(PHONES, repeat=2))


@pytest.mark.parametrize(
    ("units", "text", "strangers"),
    [
        ("fidel", "ሰላም ዓለም።", ()),
        ("fidel", "ሰላም abcb 1", ("a", "b", "c", "1")),
        ("fidel", "ⶀ", ()),
        ("fidel", "ሀ\u1380ለ", ()),
        ("phones", "t͡ʃʼəw ።", ()),
        ("phones", "t͡x", ("͡", "x")),
        ("phones", "ሰ▁", ("ሰ", "▁")),
    ],
)
def test_strangers_are_named_once(units: str, text: str, strangers: tuple[str, ...]) -> None:
    assert alphabet_of("phones" if units == "phones" else "fidel").strangers(text) == strangers


def test_marks_and_digits_are_no_syllables() -> None:
    assert [char for char in "ሀቋ፩።፟a" if is_syllable(char)] == ["ሀ", "ቋ"]

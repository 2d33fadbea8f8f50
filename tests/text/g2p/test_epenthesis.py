"""Twin of ``text/g2p/epenthesis.py``."""

from pathlib import Path

import pytest
from gemination.training import is_held_out
from gemination.transliteration import read_doubled, read_vowels
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.epenthesis import Slot, insert_vowels, may_close
from amhctl.text.g2p.phones import CONSONANTS, VOWELS, split_phones
from amhctl.text.g2p.rules import RulesBackend
from amhctl.text.script import GEMINATION, SYLLABLES

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "text" / "gemination.tsv"


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


def place_vowels(word: str, doubled: tuple[bool, ...]) -> tuple[bool, ...]:
    """Return which sixth-order letters the rules say with ɨ; the letters of a word must have a consonant each."""
    marked = "".join(letter + GEMINATION * double for letter, double in zip(word, doubled, strict=True))
    said = list(RulesBackend().phones(marked))
    found = []
    for letter, double in zip(word, doubled, strict=True):
        del said[: 1 + double + SYLLABLES[letter].labialised]
        vowel = bool(said) and said[0] in VOWELS
        found.append(vowel and SYLLABLES[letter].order == 5)
        del said[:vowel]
    assert not said
    return tuple(found)


def test_vowels_are_found_beside_the_letters() -> None:
    assert "".join(RulesBackend().phones("ትምህርት")) == "".join(split_phones("tɨmhɨrt"))
    assert place_vowels("ትምህርት", (False,) * 5) == (True, False, True, False, False)
    assert place_vowels("ከፍተኛ", (False, True, False, True)) == (False, True, False, False)


@pytest.mark.skipif(not SHARED.is_file(), reason="the list of geminates is not beside the repository")
def test_vowels_stand_where_the_transliterations_of_kept_out_stems_have_them() -> None:
    """Given the right geminates; the figure of docs/text.md."""
    right = []
    for line in SHARED.read_text(encoding="utf-8").splitlines()[1:]:
        word, _, said, sheet, *_ = line.split("\t")
        plain = all(letter in SYLLABLES and SYLLABLES[letter].series not in "አዐኧ" for letter in word)
        if (
            sheet != "sheet1"
            or not plain
            or not is_held_out(word)
            or not any(SYLLABLES[one].order == 5 for one in word)
        ):
            continue
        doubled, vowels = read_doubled(word, said), read_vowels(word, said)
        if doubled is not None and vowels is not None:
            right.append(place_vowels(word, doubled) == vowels)
    assert len(right) > 100
    assert sum(right) / len(right) >= 0.979

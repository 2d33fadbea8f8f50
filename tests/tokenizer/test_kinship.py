"""Letters start from what sounds or serves alike, and from nothing else."""

import pytest

from amhctl.text.g2p.phones import PHONES
from amhctl.text.script import SYLLABLES
from amhctl.tokenizer.alphabet import alphabet_of
from amhctl.tokenizer.kinship import find_related, find_same

CAPITALS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?:;▁")


@pytest.mark.parametrize(
    ("letter", "present", "related"),
    [
        ("ሠ", "ሰስS", ("ሰ",)),
        ("ሰ", "ሠስ", ("ሠ",)),
        ("ሱ", "ስS", ("ስ",)),
        ("ሗ", "ኋሕ", ("ኋ",)),
        ("ኧ", "ኬE", ("E",)),
        ("ሸ", CAPITALS, ("S", "H", "E")),
        ("ሸ", ("SH", "S", "H", "E"), ("S", "H", "E")),
        ("ሽ", ("SH", "S", "H"), ("SH",)),
        ("ቋ", CAPITALS, ("Q", "W", "A")),
        ("ⶀ", CAPITALS, ("L", "O")),
        ("t͡ʃʼ", "ch", ("c", "h")),
        ("b", CAPITALS, ("B",)),
        ("፣", CAPITALS, (",",)),
        ("፼", ("10000", "1"), ("10000",)),
        ("ሰ", "xyz", ()),
        ("ሰ", "S", ()),
        ("፠", CAPITALS, ()),
    ],
)
def test_the_best_kind_of_likeness_is_taken(
    letter: str, present: str | tuple[str, ...], related: tuple[str, ...]
) -> None:
    assert find_related(letter, present if isinstance(present, tuple) else tuple(present)) == related


def test_every_phone_and_syllable_that_sounds_is_related_to_latin() -> None:
    silent = [letter for letter in (*PHONES, *SYLLABLES) if not find_related(letter, CAPITALS)]
    assert silent == ["እ", "ዕ"]


def test_what_is_related_is_present() -> None:
    for units in ("fidel", "phones"):
        for letter in alphabet_of("phones" if units == "phones" else "fidel").guaranteed:
            assert set(find_related(letter, CAPITALS)) <= set(CAPITALS)


@pytest.mark.parametrize(
    ("piece", "same"), [("▁ሰላም", "ሰላም"), ("ዓለም", "▁ዓለም"), ("▁", None), ("ሰላም", None), ("▁ቡና", None)]
)
def test_the_same_string_is_found_with_and_without_its_boundary(piece: str, same: str | None) -> None:
    assert find_same(piece, {"ሰላም", "▁ዓለም", "▁", ""}) == same

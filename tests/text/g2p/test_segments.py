"""Twin of ``text/g2p/segments.py``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.segments import read_pattern, spell
from amhctl.text.script import LETTERS


@pytest.mark.parametrize(
    ("word", "segments"),
    [
        ("መጥቷል", "መ0ጠ5ተwለ5"),
        ("ሀገር", "ሀ3ገ0ረ5"),
        ("ኀይል", "ሀ3የ5ለ5"),
        ("ዓለም", "አ3ለ0መ5"),
        ("ሠራ", "ሰ0ረ3"),
        ("ጐበኘ", "ገ6በ0ኘ0"),
        ("ጎበኘ", "ገ6በ0ኘ0"),
        ("አየኋት", "አ3የ0ሀwተ5"),
        ("ኳስ", "ከwሰ5"),
    ],
)
def test_words_as_segments(word: str, segments: str) -> None:
    assert spell(word) == segments


@given(st.text(LETTERS))
def test_a_letter_is_a_segment(word: str) -> None:
    assert len(spell(word)) == 2 * len(word)


@pytest.mark.parametrize(
    ("pattern", "plain", "doubled"),
    [("ሰ0በ:0ረ", "ሰ0በ0ረ", (1,)), ("ለ:0ሀ1", "ለ0ሀ1", (0,)), ("", "", ())],
)
def test_colons_double(pattern: str, plain: str, doubled: tuple[int, ...]) -> None:
    assert read_pattern(pattern) == (plain, doubled)

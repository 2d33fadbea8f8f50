"""Twin of ``text/script.py``."""

import pytest

from amhctl.text.script import (
    LETTERS,
    SYLLABLES,
    build_homophones,
    build_nearest,
    count_syllables,
    is_sixth_order,
    with_order,
)


@pytest.mark.parametrize(
    ("letter", "series", "order", "labialised"),
    [
        ("ሀ", "ሀ", 0, False),
        ("ሆ", "ሀ", 6, False),
        ("ሏ", "ለ", 3, True),
        ("ቋ", "ቈ", 3, False),
        ("ቍ", "ቈ", 5, False),
        ("ኧ", "ኧ", 0, False),
        ("ጷ", "ጰ", 3, True),
        ("ፖ", "ፐ", 6, False),
    ],
)
def test_series_and_orders(letter: str, series: str, order: int, labialised: bool) -> None:
    syllable = SYLLABLES[letter]
    assert (syllable.series, syllable.order, syllable.labialised) == (series, order, labialised)


def test_orders_can_be_changed() -> None:
    assert [with_order("ት", order) for order in range(7)] == list("ተቱቲታቴትቶ")
    assert is_sixth_order("ት")
    assert not is_sixth_order("ታ")
    assert count_syllables("ሰላም፣ a ዓለም") == 6


def test_folding_is_a_fixed_point_and_keeps_what_sounds_otherwise() -> None:
    table = build_homophones()
    assert set(table.values()).isdisjoint(table)
    for written, folded in {"ሐ": "ሀ", "ሃ": "ሀ", "ሠ": "ሰ", "ዓ": "አ", "ፀ": "ጸ", "ኹ": "ሁ"}.items():
        assert table[written] == folded
    assert "ኸ" not in table
    assert "ኧ" not in table


def test_foreign_syllables_have_an_amharic_neighbour() -> None:
    nearest = build_nearest()
    assert nearest["ቐ"] == "ቀ"
    assert nearest["ፚ"] == "ፍያ"
    assert set("".join(nearest.values())) <= set(LETTERS)
    assert set(nearest).isdisjoint(LETTERS)

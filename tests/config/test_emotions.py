"""Emotions as numbers: named, between 0 and 1, no more than 1 in all."""

import pytest

from amhctl.config.emotions import EMOTIONS, parse_emotions
from amhctl.core.errors import OptionError


def test_weights_are_in_the_order_of_the_tables() -> None:
    assert parse_emotions("happy=0.6, calm = 0.25") == (0.6, 0, 0, 0, 0, 0, 0, 0.25)
    assert parse_emotions("sad=1") == (0, 0, 1.0, 0, 0, 0, 0, 0)
    assert len(EMOTIONS) == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("joyful=0.5", "'joyful' is unknown"),
        ("", "'' is unknown"),
        ("sad=0.1,sad=0.2", "'sad' is named twice"),
        ("sad", "the weight of sad is '', not a number"),
        ("sad=much", "the weight of sad is 'much', not a number"),
        ("sad=-0.1", "not between 0 and 1"),
        ("sad=nan", "not between 0 and 1"),
        ("sad=0.7,calm=0.4", "1.1 in all, more than 1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_names(text: str, words: str) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        parse_emotions(text)
    assert "melancholic" in caught.value.hint

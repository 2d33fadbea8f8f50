"""Pieces to written words, and when these are said."""

import pytest

from amhctl.config.text import TextConfig
from amhctl.inference.wordtimes import Written, match_pieces, time_words
from amhctl.text.frontend import Frontend

B = "▁"
TEXT = "ዋጋው 2,500 ብር ነው፣ በ2:45 ሰዓት 😀 መጣ።"


def pieces_of(units: str) -> list[str]:
    """Return units as a vocabulary of single characters cuts them."""
    return list(f"{B}{units}".replace(" ", B))


@pytest.mark.parametrize("units", ["phones", "fidel"])
def test_a_written_word_owns_all_pieces_of_its_reading(units: str) -> None:
    frontend = Frontend(TextConfig(units=units))
    (segment,) = frontend.split(TEXT)
    said = frontend.spoken_units(segment.text)
    pieces = pieces_of(said)
    written = match_pieces(TEXT, segment.words, said, pieces)
    assert [TEXT[begin:end] for begin, end in written.words] == ["ዋጋው", "2,500", "ብር", "ነው፣", "በ2:45 ሰዓት", "መጣ።"]
    assert written.owners is not None
    assert len(written.owners) == len(pieces)
    # Boundaries and marks belong to nobody, everything else to a word, in order.
    owners = [owner for owner in written.owners if owner is not None]
    assert owners == sorted(owners)
    assert set(owners) == set(range(6))
    assert {piece for piece, owner in zip(pieces, written.owners, strict=True) if owner is None} == {B, "፣", "።"}


def test_times_are_those_of_the_pieces_in_the_whole() -> None:
    written = Written(((0, 2), (3, 5)), (None, 0, 0, None, 1, None))
    edges = (0.1, 0.2, 0.4, 0.5, 0.9, 1.0)
    one, two = time_words("ab cd", written, edges, start=10.0, cut=0.15, seconds=0.7)
    assert (one.text, one.place, two.place) == ("ab", 0, 3)
    assert (one.start, one.end) == pytest.approx((10.0, 10.25))
    # What was cut off is not said.
    assert (two.start, two.end) == pytest.approx((10.35, 10.7))


def test_where_pieces_and_words_do_not_match_nothing_is_claimed() -> None:
    (segment,) = Frontend().split("ሰላም ዓለም")
    assert match_pieces("ሰላም ዓለም", segment.words, "ሰላም", pieces_of("ሰላም")).owners is None
    assert time_words("a", Written(((0, 1),), None), (1.0,), start=0.0, cut=0.0, seconds=1.0) == ()
    assert time_words("a", Written(((0, 1),), (0,)), (), start=0.0, cut=0.0, seconds=1.0) == ()


def test_markup_is_no_part_of_a_word() -> None:
    text = "ገና[[ɡənna]] ነው"
    (segment,) = Frontend().split(text)
    said = Frontend().spoken_units(segment.text)
    pieces = pieces_of(said)
    written = match_pieces(text, segment.words, said, pieces)
    edges = [0.1 * place for place in range(1, len(pieces) + 1)]
    words = time_words(text, written, edges, start=0.0, cut=0.0, seconds=9.0)
    assert [word.text for word in words] == ["ገና", "ነው"]

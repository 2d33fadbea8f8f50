"""A vocabulary cut back is the one that training for that size gives; the recommendation follows its rule."""

import pytest
from support.vocabularies import FIDEL_LINES, PHONE_LINES

from amhctl.tokenizer.alphabet import Units, alphabet_of
from amhctl.tokenizer.coverage import measure_coverage
from amhctl.tokenizer.sizes import ENOUGH_OCCURRENCES, ENOUGH_SHARE, cut_back, measure_sizes
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import minimum_size, train_vocabulary
from amhctl.tokenizer.words import count_words


@pytest.mark.parametrize(("units", "lines"), [("fidel", FIDEL_LINES * 3), ("phones", PHONE_LINES * 3)])
def test_cutting_back_equals_training_for_the_size(units: Units, lines: tuple[str, ...]) -> None:
    least = minimum_size(units)
    whole = train_vocabulary(lines, size=least + 15, units=units, model_type="bpe")
    for size in (least, least + 1, least + 7, whole.size):
        trained = train_vocabulary(lines, size=size, units=units, model_type="bpe")
        cut = cut_back(whole, size)
        assert cut.pieces == trained.pieces
        one, other = Tokenizer(cut), Tokenizer(trained)
        assert [one.encode(line) for line in lines] == [other.encode(line) for line in lines]


def test_points_are_what_coverage_measures() -> None:
    lines = [*FIDEL_LINES] * 3
    curve = measure_sizes(count_words(lines, alphabet_of("fidel")), "fidel", sizes=(370, 380))
    assert [point.size for point in curve.points] == [363, 370, 380]
    for point in curve.points:
        vocabulary = train_vocabulary(lines, size=point.size, units="fidel", model_type="bpe")
        measured = measure_coverage(Tokenizer(vocabulary), lines)
        assert point.pieces_per_word == measured.pieces_per_word
        assert point.pieces_per_syllable == measured.pieces_per_syllable


@pytest.mark.parametrize("times", [1, 49, 50, 120])
def test_the_recommendation_is_the_largest_size_that_is_fed(times: int) -> None:
    curve = measure_sizes(count_words([*FIDEL_LINES] * times, alphabet_of("fidel")), "fidel", sizes=(365, 370, 380))
    fed = [point.size for point in curve.points if point.trained_share >= ENOUGH_SHARE]
    assert curve.recommended == max(fed)
    assert curve.points[0].trained_share == 1.0
    assert (curve.recommended > 363) == (2 * times >= ENOUGH_OCCURRENCES)


def test_a_corpus_without_a_pair_has_the_alphabet_alone() -> None:
    curve = measure_sizes(count_words(["ሰ ለ"], alphabet_of("fidel")), "fidel")
    assert curve.recommended == curve.points[0].size

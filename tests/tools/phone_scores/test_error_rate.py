"""Twin of ``tools/phone_scores/error_rate.py``."""

from hypothesis import given
from hypothesis import strategies as st
from phone_scores.error_rate import PhoneErrors, count_errors, edit_distance, even_out

from amhctl.text.g2p.phones import PHONES, split_phones

WORDS = st.lists(st.sampled_from(PHONES), max_size=8).map(tuple)


def test_distances_by_hand() -> None:
    assert edit_distance(split_phones("səlam"), split_phones("səlam")) == 0
    assert edit_distance(split_phones("səlam"), split_phones("salam")) == 1
    assert edit_distance(split_phones("tɨmɨhɨrɨt"), split_phones("tɨmhɨrt")) == 2
    assert edit_distance((), split_phones("t͡ʃʼa")) == 2


@given(WORDS, WORDS, WORDS)
def test_it_is_a_distance(first: tuple[str, ...], second: tuple[str, ...], third: tuple[str, ...]) -> None:
    assert (edit_distance(first, second) == 0) is (first == second)
    assert edit_distance(first, second) == edit_distance(second, first)
    assert edit_distance(first, third) <= edit_distance(first, second) + edit_distance(second, third)


def test_conventions_are_evened_out() -> None:
    assert even_out(split_phones("lɨbbɨ"), gemination=True) == split_phones("lɨbb")
    assert even_out(split_phones("lɨbbɨ"), gemination=False) == split_phones("lɨb")
    assert even_out(("b", "ɨ"), gemination=True) == ("b", "ɨ")


def test_the_nearest_reference_counts() -> None:
    pairs = [
        (split_phones("kɨrəmt"), (split_phones("krəmt"), split_phones("kɨrəmt"))),
        (split_phones("ɡəna"), (split_phones("ɡənna"),)),
    ]
    assert count_errors(pairs, gemination=True) == PhoneErrors(errors=1, phones=11, words=2, wrong=1)
    assert count_errors(pairs, gemination=False) == PhoneErrors(errors=0, phones=10, words=2, wrong=0)
    assert count_errors(pairs, gemination=True).rate == 1 / 11
    assert count_errors([], gemination=True).rate == 0.0

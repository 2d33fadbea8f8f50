"""Merges go on from what is there."""

from hypothesis import given
from hypothesis import strategies as st

from amhctl.tokenizer.merges import Merge, learn_merges


def test_the_most_frequent_pair_comes_first_and_merges_build_on_merges() -> None:
    words = {("▁", "ሰ", "ላ", "ም"): 5, ("▁", "ሰ", "ላ"): 3, ("ላ", "ም"): 1}
    merges = learn_merges(words, present="▁ሰላም", frozen=(), count=10)
    assert merges == (Merge("ሰ", "ላ"), Merge("▁", "ሰላ"), Merge("▁ሰላ", "ም"))


def test_frozen_pieces_and_single_pairs_are_left_alone() -> None:
    assert learn_merges({("ም", "።"): 9}, present="ም።", frozen={"።"}, count=5) == ()
    assert learn_merges({("ሰ", "ም"): 1}, present="ሰም", frozen=(), count=5) == ()


def test_a_pair_that_spells_a_piece_is_joined_for_nothing() -> None:
    words = {("ሀ", "ለ", "ሐ"): 4, ("ሀ", "ለ"): 4}
    merges = learn_merges(words, present=("ሀ", "ለ", "ሐ", "ሀለሐ"), frozen=(), count=5)
    assert [merge.piece for merge in merges] == ["ሀለ"]


def test_repetitions_join_from_the_left() -> None:
    merges = learn_merges({("ሀ",) * 5: 2}, present="ሀ", frozen=(), count=2)
    # ሀሀ ሀሀ ሀ: both pairs occur twice, and (ሀሀ, ሀ) sorts first.
    assert merges == (Merge("ሀ", "ሀ"), Merge("ሀሀ", "ሀ"))


@given(st.dictionaries(st.lists(st.sampled_from("ሀለሐመ"), min_size=1, max_size=6).map(tuple), st.integers(1, 5)))
def test_each_merge_is_new_and_made_of_what_stands_before_it(words: dict[tuple[str, ...], int]) -> None:
    known = set("ሀለሐመ")
    for merge in learn_merges(words, present="ሀለሐመ", frozen=(), count=20):
        assert {merge.left, merge.right} <= known
        assert merge.piece not in known
        known.add(merge.piece)

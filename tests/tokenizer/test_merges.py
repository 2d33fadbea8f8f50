"""Merges go on from what is there."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from amhctl.tokenizer import merges as module
from amhctl.tokenizer.merges import Merge, learn_merges

WORDS = st.dictionaries(st.lists(st.sampled_from("ሀለሐመ"), min_size=1, max_size=7).map(tuple), st.integers(1, 5))


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


@given(WORDS)
def test_each_merge_is_new_and_made_of_what_stands_before_it(words: dict[tuple[str, ...], int]) -> None:
    known = set("ሀለሐመ")
    for merge in learn_merges(words, present="ሀለሐመ", frozen=(), count=20):
        assert {merge.left, merge.right} <= known
        assert merge.piece not in known
        known.add(merge.piece)


def count_anew(words: Mapping[tuple[str, ...], int], present: set[str], count: int) -> tuple[Merge, ...]:
    """Do the same without an index: all pairs are counted again before every merge."""
    state, known, merges = list(words.items()), set(present), []  # type: ignore[var-annotated]

    def join(pair: tuple[str, str]) -> list[tuple[str, str]]:
        near: set[tuple[str, str]] = set()
        for place, (word, number) in enumerate(state):
            after: list[str] = []
            for piece in word:
                if after and (after[-1], piece) == pair:
                    after[-1] += piece
                else:
                    after.append(piece)
            if len(after) < len(word):
                near |= {*pairwise(word), *pairwise(after)}
                state[place] = (tuple(after), number)
        standing = {other for word, _ in state for other in pairwise(word)}
        return sorted(other for other in near & standing if "".join(other) in known)

    while len(merges) < count:
        counts: Counter[tuple[str, str]] = Counter()
        for word, number in state:
            for pair in pairwise(word):
                counts[pair] += number
        found, pair = min(((-number, pair) for pair, number in counts.items()), default=(0, ("", "")))
        if found > -2:
            break
        if "".join(pair) not in known:
            known.add("".join(pair))
            merges.append(Merge(*pair))
        for free in join(pair):
            join(free)
    return tuple(merges)


@given(WORDS, st.sets(st.text("ሀለሐመ", min_size=2, max_size=3), max_size=4), st.sampled_from([0, 1_000]))
def test_merges_are_those_of_counting_anew_however_small_the_heap(
    words: dict[tuple[str, ...], int], longer: set[str], small: int
) -> None:
    present = {*"ሀለሐመ", *longer}
    with mock.patch.object(module, "_SMALL_HEAP", small):
        assert learn_merges(words, present=present, frozen=(), count=30) == count_anew(words, present, 30)


def test_stale_counts_do_not_pile_up() -> None:
    words = {tuple(f"{number:012b}"): 3 for number in range(4_096)}
    state = module._Corpus(words, frozenset())
    most = 0
    while (pair := state.most_frequent()) is not None:
        state.join(pair, ())
        most = max(most, len(state._heap) - 2 * len(state._pairs))
    assert most <= module._SMALL_HEAP

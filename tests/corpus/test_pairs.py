from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from amhctl.corpus.pairs import SpeakerClips, choose_pairs, epoch_random


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 9), st.integers(0, 9))
def test_a_prompt_is_another_of_the_same_speaker(speakers: list[str], seed: int, epoch: int) -> None:
    pairs = list(choose_pairs(speakers, seed=seed, epoch=epoch))
    counts = Counter(speakers)
    assert [target for target, _ in pairs] == [index for index, name in enumerate(speakers) if counts[name] > 1]
    assert all(target != prompt and speakers[target] == speakers[prompt] for target, prompt in pairs)
    assert pairs == list(choose_pairs(speakers, seed=seed, epoch=epoch))


def test_each_epoch_and_seed_has_its_own_pairs() -> None:
    speakers = ["a"] * 40
    drawn = {tuple(choose_pairs(speakers, seed=seed, epoch=epoch)) for seed in (0, 1) for epoch in (0, 1, 2)}
    assert len(drawn) == 6


def test_every_other_clip_gets_its_turn_alike() -> None:
    clips = SpeakerClips(["a", "b", "a", "a", "a"])
    counts = Counter(clips.choose_prompt(2, epoch_random(0, epoch, 2)) for epoch in range(3000))
    assert set(counts) == {0, 3, 4}
    # Three chances of a third: the standard deviation of each count is 26.
    assert np.ptp(list(counts.values())) < 150


def test_a_sole_clip_is_its_own_prompt() -> None:
    clips = SpeakerClips(["a", "b", "a"])
    assert clips.sole == (1,)
    assert clips.choose_prompt(1, epoch_random(0, 0, 1)) == 1

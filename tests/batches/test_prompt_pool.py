from dataclasses import replace

import numpy as np
import pytest

from amhctl.audio.augment import Variation
from amhctl.batches.prompt_pool import PromptPool
from amhctl.codes.index import AudioDigest, StoredUtterance
from amhctl.corpus.records import Record

_ENTRY = StoredUtterance(
    record=Record(id="x", audio="x.wav", text="ሰላም"),
    frames=5,
    feature_frames=11,
    part="1-of-1",
    line=0,
    codes_offset=0,
    features_offset=0,
    sha256="0" * 64,
)


def _entry(id_: str, speaker: str) -> StoredUtterance:
    entry = replace(_ENTRY, record=_ENTRY.record.model_copy(update={"id": id_, "speaker": speaker}))
    return replace(entry, audio=AudioDigest("f", "s", variation=Variation(speed=1.1))) if "+" in id_ else entry


_ENTRIES = tuple(
    _entry(id_, speaker)
    for id_, speaker in (("a", "s"), ("b", "s"), ("c", "s"), ("a+1", "s"), ("d", "t"), ("gone+1", "u"), ("b+2", "s"))
)


def test_copies_are_none_of_the_pool_unless_their_original_is_not_there() -> None:
    pool = PromptPool(_ENTRIES)
    assert [entry.id for entry in pool.originals] == ["a", "b", "c", "d", "gone+1"]
    assert pool.are_original == [True, True, True, False, True, True, False]
    assert pool.sole_clips == ("d", "gone+1")


@pytest.mark.parametrize(("index", "wanted"), [(0, {"b", "c"}), (3, {"b", "c"}), (6, {"a", "c"}), (4, {"d"})])
def test_an_utterance_and_its_copies_are_prompted_by_the_speakers_other_clips(index: int, wanted: set[str]) -> None:
    pool = PromptPool(_ENTRIES)
    assert {pool.choose(index, np.random.default_rng(seed)).id for seed in range(40)} == wanted


def test_a_copy_draws_what_its_original_draws() -> None:
    pool = PromptPool(_ENTRIES)
    for seed in range(9):
        original, copy = (pool.choose(index, np.random.default_rng(seed)).id for index in (0, 3))
        assert original == copy

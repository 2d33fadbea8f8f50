"""Twin of ``training/replay.py``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.training_world import TINY_MEL, TINY_SPEC, build_training_world

from amhctl.batches.batching import PositionLimit
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.mel import MelConfig
from amhctl.core.errors import DatasetError
from amhctl.training.replay import ReplayedUtterances, own_part, plan_training_epoch, require_alike
from amhctl.training.voice_recipe import Lengths


@dataclass
class Numbered:
    """A dataset whose items say where they are from."""

    name: str
    lengths: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def text_lengths(self) -> tuple[int, ...]:
        return tuple(length // 2 for length in self.lengths)

    @property
    def prompt_frames(self) -> int:
        return 5

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        return ()

    def item(self, index: int, epoch: int) -> Any:
        return self.name, index, epoch


OWN, FORMER = Numbered("own", (30, 40, 50, 60) * 3), Numbered("former", tuple(range(20, 60)))


def test_an_epoch_has_all_of_ones_own_and_the_configured_share_of_others() -> None:
    data = ReplayedUtterances(OWN, FORMER, share=0.25, seed=3)
    seen: set[int] = set()
    for epoch in range(60):
        indices = data.indices(epoch)
        assert indices[:12] == tuple(range(12))
        former = indices[12:]
        assert len(set(former)) == len(former) == data.sampled == 4
        seen |= set(former)
    assert seen == set(range(12, 52))
    assert data.indices(1) == ReplayedUtterances(OWN, FORMER, share=0.25, seed=3).indices(1)
    assert data.indices(1) != ReplayedUtterances(OWN, FORMER, share=0.25, seed=4).indices(1)


def test_where_there_are_fewer_all_are_drawn() -> None:
    assert ReplayedUtterances(OWN, Numbered("former", (9, 9)), share=0.5, seed=0).indices(0) == tuple(range(14))


def test_lengths_and_items_are_those_of_their_dataset() -> None:
    data = ReplayedUtterances(OWN, FORMER, share=0.25, seed=3)
    assert len(data) == 52
    assert data.lengths == OWN.lengths + FORMER.lengths
    assert data.text_lengths == OWN.text_lengths + FORMER.text_lengths
    assert (data.item(11, 2), data.item(12, 2)) == (("own", 11, 2), ("former", 0, 2))
    assert own_part(data) is OWN
    assert own_part(OWN) is OWN


def test_a_plan_has_each_utterance_of_the_epoch_once() -> None:
    data = ReplayedUtterances(OWN, FORMER, share=0.25, seed=3)
    plan = plan_training_epoch(data, data.lengths, batch_frames=120, seed=0, epoch=5, bucketing=True)
    assert sorted(index for batch in plan for index in batch) == sorted(data.indices(5))
    assert all(len(batch) * max(data.lengths[index] for index in batch) <= 120 for batch in plan)


def test_a_plan_counts_the_texts_of_the_utterances_it_drew() -> None:
    data = ReplayedUtterances(OWN, FORMER, share=0.25, seed=3)
    lengths = Lengths(data.lengths, data.text_lengths)
    limit = PositionLimit(max(map(sum, zip(lengths.frames, lengths.text, strict=True))) + 40, lengths.text, 5)
    plan = plan_training_epoch(
        data, data.lengths, batch_frames=10_000, seed=0, epoch=5, bucketing=True, positions=limit
    )
    assert sorted(index for batch in plan for index in batch) == sorted(data.indices(5))
    assert any(len(batch) > 1 for batch in plan)
    for batch in plan:
        longest, text = (max(each[index] for index in batch) for each in (lengths.frames, lengths.text))
        assert len(batch) * (longest + text + 5) <= limit.most


@pytest.mark.parametrize("what", ["level", "codec", "conditioning features"])
def test_a_store_that_was_made_otherwise_is_refused(tmp_path: Path, what: str) -> None:
    store = CodeStore.open(build_training_world(tmp_path / "one").store)
    spec = TINY_SPEC if what != "codec" else TINY_SPEC.model_copy(update={"fingerprint": "e" * 64})
    mel = TINY_MEL if what != "conditioning features" else MelConfig(bins=20)
    other = StoreWriter.create(tmp_path / "other", spec, mel, level=-25.0 if what == "level" else -20.0)
    require_alike(store, store, key="paths.replay")
    with other, pytest.raises(DatasetError, match=f"paths.replay and paths.data differ in: .*{what}"):
        require_alike(store, other, key="paths.replay")

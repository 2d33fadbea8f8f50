from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.stores import toy_store

from amhctl.batches.batching import PositionLimit, collate, plan_epoch
from amhctl.batches.dataset import SpeechDataset
from amhctl.core.errors import DatasetError


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 1_000), st.integers(0, 9), st.integers(0, 9))
def test_a_plan_loses_nothing_and_keeps_to_its_size(lengths: list[int], limit: int, seed: int, epoch: int) -> None:
    plan = plan_epoch(lengths, batch_frames=limit, seed=seed, epoch=epoch)
    assert sorted(index for batch in plan for index in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= limit for b in plan)
    assert plan == plan_epoch(lengths, batch_frames=limit, seed=seed, epoch=epoch)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 90)), min_size=1, max_size=60),
    st.integers(1, 1_500),
    st.booleans(),
)
def test_a_plan_keeps_to_what_it_may_hold_of_frames_text_and_prompts(
    items: list[tuple[int, int]], most: int, bucketing: bool
) -> None:
    frames, texts = [item[0] for item in items], [item[1] for item in items]
    shape: dict[str, Any] = {"batch_frames": 1_000, "seed": 1, "epoch": 2, "bucketing": bucketing}
    plan = plan_epoch(frames, positions=PositionLimit(most, texts, 30), **shape)
    assert sorted(index for batch in plan for index in batch) == list(range(len(items)))
    for batch in plan:
        held = len(batch) * (max(frames[i] for i in batch) + max(texts[i] for i in batch) + 30)
        assert len(batch) == 1 or (held <= most and len(batch) * max(frames[i] for i in batch) <= 1_000)
    # One that never binds changes nothing, and none is the plan of frames alone.
    assert plan_epoch(frames, positions=PositionLimit(10**9, texts, 30), **shape) == plan_epoch(frames, **shape)


def test_epochs_differ_and_padding_is_small() -> None:
    lengths = [50 + 7 * n % 400 for n in range(400)]
    first, second = (plan_epoch(lengths, batch_frames=2_400, seed=0, epoch=epoch) for epoch in (0, 1))
    assert first != second
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in first)
    assert sum(lengths) / padded > 0.85
    at_random = plan_epoch(lengths, batch_frames=2_400, seed=0, epoch=0, bucketing=False)
    assert sorted(index for batch in at_random for index in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 2_400 for batch in at_random)
    assert sum(lengths) / sum(len(batch) * max(lengths[i] for i in batch) for batch in at_random) < 0.8
    with pytest.raises(DatasetError):
        plan_epoch(lengths, batch_frames=0, seed=0, epoch=0)


def test_collate_pads_with_zeros_and_keeps_lengths(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 4)
    tokens = {e.id: tuple(range(3, 5 + n)) for n, e in enumerate(store.entries)}
    dataset = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.3)
    items = [dataset.item(index, 0) for index in range(4)]
    batch = collate(items).to("cpu")
    assert batch.ids == ("u0", "u1", "u2", "u3")
    assert batch.text_lengths_B.tolist() == [2, 3, 4, 5]
    assert batch.code_lengths_B.tolist() == list(dataset.lengths)
    assert batch.codes_BQS.dtype == torch.int64
    assert batch.codes_BQS.shape == (4, 2, max(dataset.lengths))
    assert batch.durations_BT is None
    for row, item in enumerate(items):
        frames = item.codes_QS.shape[1]
        assert batch.codes_BQS[row, :, :frames].tolist() == item.codes_QS.tolist()
        assert not batch.codes_BQS[row, :, frames:].any()
        assert not batch.prompts_BTF[row, item.prompt_TF.shape[0] :].any()
    with pytest.raises(DatasetError):
        collate([])


def test_a_batch_says_whose_emotion_its_items_are_told_and_which_are_told_nothing(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    tokens = {e.id: (3,) for e in store.entries}
    plain = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1)
    batch = collate([plain.item(index, 0) for index in range(6)])
    assert (batch.emotions_BTF, batch.emotion_lengths_B, batch.conditioned_B) == (None, None, None)
    drawn = SpeechDataset(
        store, store.entries, tokens, prompt_seconds=0.2, emotion_from_target=0.5, condition_dropout=0.5
    )
    items = [drawn.item(index, 1) for index in range(6)]
    batch = collate(items).to("cpu")
    assert batch.emotions_BTF is not None
    assert batch.emotion_lengths_B is not None
    assert batch.conditioned_B is not None
    assert batch.conditioned_B.tolist() == [item.conditioned for item in items]
    assert {item.conditioned for item in items} == {True, False} == {item.emotion_TF is None for item in items}
    for row, item in enumerate(items):
        heard_TF = item.prompt_TF if item.emotion_TF is None else item.emotion_TF
        assert batch.emotion_lengths_B[row] == len(heard_TF)
        assert torch.equal(batch.emotions_BTF[row, : len(heard_TF)], torch.from_numpy(heard_TF))
        assert not batch.emotions_BTF[row, len(heard_TF) :].any()


def test_a_batch_says_how_fast_its_items_are_spoken_unless_all_are_at_their_own_pace(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    tokens = {e.id: (3,) * (4 + 3 * (number % 2)) for number, e in enumerate(store.entries)}
    dataset = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1, speed_share=1.0)
    items = [dataset.item(index, 0) for index in range(6)]
    batch = collate(items).to("cpu")
    assert batch.speeds_B is not None
    assert batch.speeds_B.dtype == torch.float32
    assert batch.speeds_B.tolist() == pytest.approx([item.speed for item in items])
    usual = [item for item in items if item.speed == 1.0]
    assert not usual or collate(usual).speeds_B is None

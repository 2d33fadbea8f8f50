"""Utterances of a FlowVoice in one batch: nothing is lost, and behind each stands zero."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from amhctl.batches.acoustic_batch import AcousticBatch, collate_acoustic
from amhctl.batches.acoustic_dataset import AcousticItem
from amhctl.core.errors import DatasetError


def item(name: str, *, pieces: int, frames: int, codes: int, seed: int, books: int = 2) -> AcousticItem:
    random = np.random.default_rng(seed)
    edges = np.linspace(0, frames, pieces + 1).astype(np.int64)
    return AcousticItem(
        id=name,
        text_P=random.integers(1, 9, pieces),
        durations_P=np.diff(edges),
        mel_TF=random.normal(size=(frames, 4)).astype(np.float32),
        prosody_P3=random.normal(size=(pieces, 3)).astype(np.float32),
        noise=-2.5 - seed,
        speaker_E=random.normal(size=5).astype(np.float32),
        codes_QS=random.integers(1, 9, (books, codes), dtype=np.uint16),
    )


ITEMS = (item("a", pieces=3, frames=11, codes=3, seed=0), item("b", pieces=5, frames=8, codes=2, seed=1))


def test_every_item_stands_in_its_row_and_zeros_behind_it() -> None:
    batch = collate_acoustic(ITEMS)
    assert batch.ids == ("a", "b")
    assert batch.mel_lengths_B.tolist() == [11, 8]
    assert batch.text_lengths_B.tolist() == [3, 5]
    for place, each in enumerate(ITEMS):
        rows = {
            "text_BP": each.text_P,
            "durations_BP": each.durations_P,
            "mels_BTF": each.mel_TF,
            "prosody_BP3": each.prosody_P3,
        }
        for name, expected in rows.items():
            row = getattr(batch, name)[place].numpy()
            assert np.array_equal(row[: len(expected)], expected)  # type: ignore[arg-type]
            assert not row[len(expected) :].any()  # type: ignore[arg-type]
        codes_QS = batch.codes_BQS[place].numpy()
        size = each.codes_QS.shape[1]
        assert np.array_equal(codes_QS[:, :size], each.codes_QS)
        assert not codes_QS[:, size:].any()
        assert np.array_equal(batch.speakers_BE[place].numpy(), each.speaker_E)
    assert batch.noise_B.tolist() == [-2.5, -3.5]


def test_types_and_shapes() -> None:
    batch = collate_acoustic(ITEMS)
    found = {field.name: getattr(batch, field.name) for field in fields(AcousticBatch) if field.name != "ids"}
    whole = {"text_BP", "text_lengths_B", "durations_BP", "mel_lengths_B", "codes_BQS"}
    assert {name for name, tensor in found.items() if tensor.dtype == torch.int64} == whole
    assert {name for name, tensor in found.items() if tensor.dtype == torch.float32} == set(found) - whole
    assert batch.codes_BQS.shape == (2, 2, 3)
    assert batch.codes_BQS.is_contiguous()


def test_no_codebook_is_an_empty_axis() -> None:
    batch = collate_acoustic([item("a", pieces=2, frames=4, codes=3, seed=0, books=0)])
    assert batch.codes_BQS.shape == (1, 0, 3)


def test_moving_a_batch_moves_everything() -> None:
    batch = collate_acoustic(ITEMS)
    moved = batch.to("meta")
    assert moved.ids == batch.ids
    tensors = [getattr(moved, field.name) for field in fields(AcousticBatch) if field.name != "ids"]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_no_item_is_no_batch() -> None:
    with pytest.raises(DatasetError, match="at least one item"):
        collate_acoustic([])

from pathlib import Path

import numpy as np
import pytest
from support.stores import toy_store

from amhctl.core.errors import DatasetError
from amhctl.data.dataset import SpeechDataset


def _dataset(path: Path, count: int = 6, speakers: int = 2) -> SpeechDataset:
    store = toy_store(path / "store", count, speakers=speakers)
    return SpeechDataset(store, store.entries, {e.id: (3, 4, 5) for e in store.entries}, prompt_seconds=0.1)


def test_an_item_is_a_pure_function_of_index_and_epoch(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path)
    first, again = dataset.item(2, 1), dataset.item(2, 1)
    assert first.prompt_id == again.prompt_id
    assert np.array_equal(first.prompt_TF, again.prompt_TF)
    assert first.text_T.tolist() == [3, 4, 5]
    assert first.codes_QS.shape == (2, dataset.lengths[2])
    assert first.prompt_TF.shape == (5, 8)


def test_the_prompt_is_another_clip_of_the_same_speaker(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path, 8)
    drawn = {dataset.item(index, epoch).prompt_id for epoch in range(20) for index in (0,)}
    assert drawn == {"u2", "u4", "u6"}
    assert dataset.sole_clips == ()


def test_a_sole_clip_is_its_own_prompt_and_named(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path, 3)
    assert dataset.sole_clips == ("u1",)
    assert dataset.item(1, 0).prompt_id == "u1"


def test_durations_must_fit(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 2)
    store.write_alignment(
        {e.id: np.array([e.frames - 1, 1], dtype=np.uint16) for e in store.entries},
        vocabulary_fingerprint="v",
        text_hash="t",
    )
    good = SpeechDataset(store, store.entries, {e.id: (3, 4) for e in store.entries}, store.alignment())
    durations = good.item(0, 0).durations_T
    assert durations is not None
    assert durations.tolist() == [4, 1]
    with pytest.raises(DatasetError, match="stand against"):
        SpeechDataset(store, store.entries, {e.id: (3, 4, 5) for e in store.entries}, store.alignment())
    with pytest.raises(DatasetError, match="no text ids"):
        SpeechDataset(store, store.entries, {})
    with pytest.raises(DatasetError, match="no utterance"):
        SpeechDataset(store, (), {})

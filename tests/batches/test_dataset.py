from pathlib import Path

import numpy as np
import pytest
from support.stores import toy_store

from amhctl.audio.augment import Variation
from amhctl.batches.dataset import SpeechDataset
from amhctl.codes.index import AudioDigest
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError


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
    with pytest.raises(DatasetError, match="do not match"):
        SpeechDataset(store, store.entries, {e.id: (3, 4, 5) for e in store.entries}, store.alignment())
    with pytest.raises(DatasetError, match="no text ids"):
        SpeechDataset(store, store.entries, {})
    with pytest.raises(DatasetError, match="no utterance"):
        SpeechDataset(store, (), {})


def test_a_copy_is_prompted_by_clips_as_they_were_recorded_and_never_by_its_own_words(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 4)
    plain = SpeechDataset(store, store.entries, {e.id: (3, 4) for e in store.entries})
    with StoreWriter.open(tmp_path / "store") as more:
        for entry in more.entries:
            copy = entry.record.model_copy(update={"id": f"{entry.id}+1"})
            audio = AudioDigest(variation=Variation(speed=1.1, seed=1), cut=1.0)
            more.append(copy, store.codes(entry.id), store.features(entry.id), audio=audio)
    opened = CodeStore.open(tmp_path / "store")
    varied = SpeechDataset(opened, opened.entries, {e.id: (3, 4) for e in opened.entries})
    prompts = {(item.id, item.prompt_id) for epoch in range(5) for item in (varied.item(i, epoch) for i in range(8))}
    assert prompts == {
        (id_, prompt)
        for one, prompt in (("u0", "u2"), ("u1", "u3"), ("u2", "u0"), ("u3", "u1"))
        for id_ in (one, f"{one}+1")
    }
    assert [entry.id for entry in varied.originals] == ["u0", "u1", "u2", "u3"]
    assert [varied.item(i, 2).prompt_id for i in range(4)] == [plain.item(i, 2).prompt_id for i in range(4)]
    # A copy whose original does not fit stands for it.
    alone = SpeechDataset(opened, [e for e in opened.entries if e.id != "u0"], {e.id: (3,) for e in opened.entries})
    assert [entry.id for entry in alone.originals] == ["u1", "u2", "u3", "u0+1"]
    assert alone.item(3, 0).prompt_id == "u2"


def test_masks_are_drawn_anew_in_each_epoch_and_change_nothing_else(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    tokens = {e.id: (3, 4, 5) for e in store.entries}
    plain = SpeechDataset(store, store.entries, tokens)
    masked = SpeechDataset(store, store.entries, tokens, mask_time_share=0.3, mask_bin_share=0.4)
    changed = []
    for epoch in range(6):
        one, other = plain.item(2, epoch), masked.item(2, epoch)
        assert (one.prompt_id, one.prompt_TF.shape) == (other.prompt_id, other.prompt_TF.shape)
        assert np.array_equal(one.codes_QS, other.codes_QS)
        assert np.array_equal(other.prompt_TF, masked.item(2, epoch).prompt_TF)
        changed.append((one.prompt_TF != other.prompt_TF).tobytes())
    assert len(set(changed)) > 3


def test_a_share_of_the_items_is_told_its_own_emotion_and_a_share_is_told_nothing(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    tokens = {e.id: (3, 4, 5) for e in store.entries}
    plain = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1)
    drawn = SpeechDataset(
        store, store.entries, tokens, prompt_seconds=0.1, emotion_from_target=0.75, condition_dropout=0.2
    )
    own = told = 0
    for epoch in range(100):
        for index, entry in enumerate(store.entries):
            one, other, again = plain.item(index, epoch), drawn.item(index, epoch), drawn.item(index, epoch)
            # The prompt is what it would be anyway, and another clip.
            assert one.prompt_id == other.prompt_id != entry.id
            assert np.array_equal(one.prompt_TF, other.prompt_TF)
            assert (one.emotion_TF, one.conditioned) == (None, True)
            assert other.conditioned == again.conditioned
            told += other.conditioned
            if other.emotion_TF is None:
                assert again.emotion_TF is None
                continue
            own += 1
            assert again.emotion_TF is not None
            assert np.array_equal(other.emotion_TF, again.emotion_TF)
            features_TF, frames = store.conditioning(entry.id), len(other.emotion_TF)
            starts = range(len(features_TF) - frames + 1)
            assert any(np.array_equal(other.emotion_TF, features_TF[start : start + frames]) for start in starts)
    assert own / 600 == pytest.approx(0.75, abs=0.05)
    assert told / 600 == pytest.approx(0.8, abs=0.05)


def test_all_items_are_told_their_own_emotion_where_the_share_is_one(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    dataset = SpeechDataset(store, store.entries, {e.id: (3,) for e in store.entries}, emotion_from_target=1.0)
    assert all(dataset.item(index, epoch).emotion_TF is not None for index in range(6) for epoch in range(20))


def test_a_share_of_the_items_is_told_its_own_speed_and_nothing_else_changes(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 6)
    tokens = {e.id: (3,) * (4 + 3 * (number % 2)) for number, e in enumerate(store.entries)}
    plain = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1, condition_dropout=0.5)
    timed = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1, condition_dropout=0.5, speed_share=0.75)
    whole = SpeechDataset(store, store.entries, tokens, prompt_seconds=0.1, speed_share=1.0)
    own = [whole.item(index, 0).speed for index in range(6)]
    assert len(set(own)) > 2
    told = 0
    for epoch in range(100):
        for index in range(6):
            one, other = plain.item(index, epoch), timed.item(index, epoch)
            assert (one.prompt_id, one.conditioned, one.speed) == (other.prompt_id, other.conditioned, 1.0)
            assert np.array_equal(one.prompt_TF, other.prompt_TF)
            assert other.speed in (1.0, own[index])
            assert other.speed == timed.item(index, epoch).speed
            told += other.speed != 1.0 or own[index] == 1.0
    ones = own.count(1.0)
    assert (told - 100 * ones) / (600 - 100 * ones) == pytest.approx(0.75, abs=0.06)
    assert plain.speed_range is None
    assert whole.speed_range is not None
    low, high = whole.speed_range
    assert min(own) <= low < 1.0 < high <= max(own)

"""Twin of ``batches/acoustic_dataset.py``."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.flow_world import SPEAKERS, build_flow_world, gather_flow

from amhctl.audio.augment import Variation
from amhctl.audio.prosody import continuous_log_pitch, energies, noise_floor, piece_means
from amhctl.batches.acoustic_dataset import AcousticDataset
from amhctl.codes.alignment import Alignment
from amhctl.codes.index import AudioDigest
from amhctl.codes.layout import SPEAKER
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import DatasetError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_flow_world(tmp_path_factory.mktemp("flow")).store.parent


@pytest.fixture(scope="module")
def store(folder: Path) -> CodeStore:
    return CodeStore.open(folder / "store")


@pytest.fixture(scope="module")
def dataset(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AcousticDataset:
    return gather_flow(build_flow_world(tmp_path_factory.mktemp("again")), FlowVoiceConfig(codebooks=1)).train


def durations_of(store: CodeStore, change: dict[str, list[int]]) -> Alignment:
    found = store.alignment()
    assert found is not None
    frames = {id_: found.acoustic_durations(id_) for id_ in found.ids}
    frames |= {id_: np.array(values, dtype=np.uint16) for id_, values in change.items()}
    return Alignment.of("v", "t", frames, {entry.id: entry.frames for entry in store})


def test_an_item_is_what_the_store_and_the_alignment_hold(dataset: AcousticDataset, store: CodeStore) -> None:
    assert len(dataset) == 10
    for index, entry in enumerate(dataset.entries):
        item, acoustics = dataset.item(index, 0), store.acoustics(entry.id)
        assert item.id == entry.id
        assert np.array_equal(item.mel_TF, acoustics.mel_TF)
        assert int(item.durations_P.sum()) == len(item.mel_TF) == dataset.lengths[index]
        assert item.text_P.size == item.durations_P.size == dataset.text_lengths[index]
        assert np.array_equal(item.prosody_P3[:, 0], np.log(np.maximum(item.durations_P, 1)).astype(np.float32))
        pitch_P = piece_means(continuous_log_pitch(acoustics.pitch_T), item.durations_P)
        assert np.array_equal(item.prosody_P3[:, 1], pitch_P)
        assert np.array_equal(item.prosody_P3[:, 2], piece_means(energies(acoustics.mel_TF), item.durations_P))
        assert item.noise == noise_floor(acoustics.mel_TF)
        assert np.array_equal(item.codes_QS, store.codes(entry.id)[:1])
        assert {each.dtype for each in (item.mel_TF, item.prosody_P3, item.speaker_E)} == {np.dtype(np.float32)}


def test_an_item_is_told_its_speaker_by_the_mean_or_by_another_clip_of_his(
    dataset: AcousticDataset, store: CodeStore
) -> None:
    means = dataset.speakers()
    told: list[str] = []
    for epoch in range(60):
        item = dataset.item(0, epoch)
        own = dataset.entries[0].record.speaker
        others = {entry.id: store.speaker(entry.id) for entry in dataset.entries[1:] if entry.record.speaker == own}
        known = {"mean": means[own], **others}
        (name,) = [name for name, each_E in known.items() if np.array_equal(each_E, item.speaker_E)]
        told.append(name)
    assert set(told) == {"mean", *others}
    assert 0.3 < told.count("mean") / len(told) < 0.7
    assert np.array_equal(dataset.item(0, 7).speaker_E, dataset.item(0, 7).speaker_E)


def test_the_seed_draws_other_clips(folder: Path, store: CodeStore, dataset: AcousticDataset) -> None:
    alignment = durations_of(store, {})
    tokens = {entry.id: (1,) * alignment.acoustic_durations(entry.id).size for entry in store}
    runs = [
        [AcousticDataset(store, dataset.entries, tokens, alignment, seed=seed).item(0, epoch) for epoch in range(20)]
        for seed in (0, 0, 1)
    ]
    drawn = [np.stack([item.speaker_E for item in items]) for items in runs]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    # No codebook was asked for.
    assert runs[0][0].codes_QS.shape == (0, store.entry(dataset.entries[0].id).frames)


def test_speakers_are_means_of_unit_length_and_the_most_frequent_comes_first(
    dataset: AcousticDataset, store: CodeStore
) -> None:
    means = dataset.speakers()
    assert tuple(means) == SPEAKERS
    for speaker, mean_E in means.items():
        clips = [store.speaker(entry.id) for entry in dataset.entries if entry.record.speaker == speaker]
        expected = np.mean(clips, axis=0)
        assert mean_E == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
        assert float(np.linalg.norm(mean_E)) == pytest.approx(1.0)
    alignment = durations_of(store, {})
    tokens = {entry.id: (1,) * alignment.acoustic_durations(entry.id).size for entry in store}
    chosen = [entry for entry in store if entry.record.speaker == SPEAKERS[1]]
    chosen += [entry for entry in store if entry.record.speaker == SPEAKERS[0]][:1]
    fewer = AcousticDataset(store, chosen, tokens, alignment)
    assert tuple(fewer.speakers()) == (SPEAKERS[1], SPEAKERS[0])
    assert fewer.sole_clips == (chosen[-1].id,)
    assert np.array_equal(fewer.item(len(fewer) - 1, 0).speaker_E, fewer.item(len(fewer) - 1, 1).speaker_E)


def test_what_does_not_fit_is_refused(store: CodeStore) -> None:
    entries = store.entries[:2]
    first = entries[0].id
    alignment = durations_of(store, {})
    tokens = {entry.id: (1,) * alignment.acoustic_durations(entry.id).size for entry in entries}
    with pytest.raises(DatasetError, match="has no utterances"):
        AcousticDataset(store, [], tokens, alignment)
    with pytest.raises(DatasetError, match="durations do not match 2 text ids"):
        AcousticDataset(store, entries, tokens | {first: (1, 2)}, alignment)
    with pytest.raises(DatasetError, match="do not match 0 text ids"):
        AcousticDataset(store, entries, {}, alignment)
    size = len(tokens[first])
    longer = durations_of(store, {first: [9] * size})
    with pytest.raises(DatasetError, match=f"durations of {9 * size} frames do not match"):
        AcousticDataset(store, entries, tokens, longer).item(0, 0)


def test_varied_copies_tell_nothing_of_a_speaker(folder: Path, store: CodeStore, tmp_path: Path) -> None:
    shutil.copytree(folder / "store", tmp_path / "store")
    own = [entry for entry in store.entries if entry.record.speaker == SPEAKERS[0]][:3]
    copies = []
    with StoreWriter.open(tmp_path / "store") as more:
        for entry in own:
            record = entry.record.model_copy(update={"id": f"{entry.id}+1"})
            arrays = {**more.columns(entry.id)}
            # A speaker that no clip as it was recorded has.
            arrays[SPEAKER] = np.full_like(arrays[SPEAKER], 8.0**-0.5)
            audio = AudioDigest(variation=Variation(speed=1.1, seed=1), cut=1.0)
            copies.append(more.append_columns(record, arrays, audio=audio))
    found = store.alignment()
    assert found is not None
    frames = {entry.id: found.acoustic_durations(entry.id.removesuffix("+1")) for entry in (*own, *copies)}
    again = CodeStore.open(tmp_path / "store")
    alignment = Alignment.of("v", "t", frames, {id_: again.entry(id_).frames for id_ in frames})
    tokens = {id_: tuple(range(len(rows))) for id_, rows in frames.items()}
    plain = AcousticDataset(store, own, tokens, alignment)
    varied = AcousticDataset(again, [*own, *copies], tokens, alignment)
    assert np.array_equal(varied.speakers()[SPEAKERS[0]], plain.speakers()[SPEAKERS[0]])
    known = [store.speaker(entry.id) for entry in own] + [plain.speakers()[SPEAKERS[0]]]
    for index in range(6):
        for epoch in range(8):
            told_E = varied.item(index, epoch).speaker_E
            assert any(np.array_equal(told_E, each_E) for each_E in known)

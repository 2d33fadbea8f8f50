"""The scale of a run's features: that of its own clips, and of nothing for a voice without one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.training_runs import build_run, clips_of, network_of

from amhctl.codes.store import CodeStore
from amhctl.core.errors import ModelError
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.standard import FeatureStandard
from amhctl.training import standard as standard_module
from amhctl.training.standard import init_feature_scale, measure_features


def _store(folder: Path) -> CodeStore:
    return CodeStore.open(folder.with_name(f"{folder.name}-world") / "store")


def test_mean_and_deviation_are_those_of_the_training_clips(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    store = _store(tmp_path / "run")
    everything = np.concatenate([store.conditioning(entry.id) for entry in clips_of(run).originals])
    mean_F, deviation_F = measure_features(store, clips_of(run))
    assert np.allclose(mean_F, everything.mean(axis=0), atol=1e-5)
    assert np.allclose(deviation_F, everything.std(axis=0), atol=1e-5)


def test_of_many_clips_some_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_run(tmp_path / "run")
    store = _store(tmp_path / "run")
    monkeypatch.setattr(standard_module, "_MOST_CLIPS", 2)
    ends = [store.conditioning(clips_of(run).originals[place].id) for place in (0, -1)]
    assert np.allclose(measure_features(store, clips_of(run))[0], np.concatenate(ends).mean(axis=0), atol=1e-5)


def test_a_feature_that_does_not_move_is_not_blown_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_run(tmp_path / "run")
    store = _store(tmp_path / "run")
    whole = store.conditioning

    def muted(utterance: str) -> np.ndarray:
        return np.concatenate([whole(utterance)[:, :-1], np.full((len(whole(utterance)), 1), -11.5)], axis=1)

    monkeypatch.setattr(CodeStore, "conditioning", lambda _, utterance: muted(utterance))
    _, deviation_F = measure_features(store, clips_of(run))
    assert deviation_F[-1] == pytest.approx(0.1 * deviation_F[:-1].sum() / deviation_F.size)
    monkeypatch.setattr(CodeStore, "conditioning", lambda *_: np.zeros((9, 3)))
    assert measure_features(store, clips_of(run))[1].tolist() == [1.0, 1.0, 1.0]


def test_a_new_voice_starts_from_them(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    store = _store(tmp_path / "run")
    init_feature_scale(network_of(run), store, clips_of(run))
    standard = network_of(run).conditioning_standard
    assert isinstance(standard, FeatureStandard)
    mean_F, deviation_F = measure_features(store, clips_of(run))
    assert torch.equal(standard.mean, torch.from_numpy(mean_F))
    assert torch.equal(standard.deviation, torch.from_numpy(deviation_F))
    official = UnifiedVoice(network_of(run).config.model_copy(update={"condition_norms": False}))
    before = {name: tensor.clone() for name, tensor in official.state_dict().items()}
    init_feature_scale(official, store, clips_of(run))
    assert all(torch.equal(tensor, before[name]) for name, tensor in official.state_dict().items())
    wider = UnifiedVoice(network_of(run).config.model_copy(update={"condition_dim": 17}))
    with pytest.raises(ModelError, match="16 values"):
        init_feature_scale(wider, store, clips_of(run))

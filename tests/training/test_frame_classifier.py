"""Twin of ``training/frame_classifier.py``."""

from pathlib import Path

import numpy as np
import pytest
import torch

from amhctl.core.progress import SilentProgress
from amhctl.training import frame_classifier
from amhctl.training.cepstra_file import CepstraFile
from amhctl.training.frame_classifier import FrameClassifier, learn_frames

FRAMES = 24


def _file(folder: Path, labels: np.ndarray) -> CepstraFile:
    """Write frames of which each piece has its own, 24 an utterance."""
    random = np.random.default_rng(0)
    frames = random.normal(0, 3.0, (4, 8))[labels] + random.normal(0, 1.0, (len(labels), 8))
    path = folder / "c.bin"
    frames.astype("<f4").tofile(path)
    return CepstraFile(path, 8, np.arange(0, len(labels) + 1, FRAMES))


def _labels(utterances: int = 40) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.concatenate([np.repeat(random.permutation(4), 6) for _ in range(utterances)])


def _learn(file: CepstraFile, labels: np.ndarray, tokens: int, *, seed: int = 0) -> FrameClassifier:
    shares = np.bincount(labels, minlength=tokens) / len(labels)
    split = labels.reshape(-1, FRAMES)
    return learn_frames(file, lambda place: split[place], shares, seed=seed, title="", progress=SilentProgress())


def _scores(classifier: FrameClassifier, file: CepstraFile) -> np.ndarray:
    return np.concatenate([classifier.scores(rows) for rows in file.read(range(len(file.begins) - 1))])


def test_what_was_labelled_is_likeliest_and_what_was_not_is_unlikely(tmp_path: Path) -> None:
    labels = _labels()
    file = _file(tmp_path, labels)
    scores = _scores(_learn(file, labels, 6), file)
    assert scores.shape == (len(labels), 6)
    assert (scores.argmax(axis=1) == labels).mean() > 0.95


def test_a_rare_piece_is_not_drowned_by_a_frequent_one(tmp_path: Path) -> None:
    labels = _labels()
    rare = labels.copy()
    rare[(labels == 3) & (np.arange(len(labels)) > 200)] = 2
    shares = 0.95 * np.bincount(rare, minlength=4) / len(rare) + 0.05 / 4
    file = _file(tmp_path, labels)
    posterior = _scores(_learn(file, rare, 4), file) + np.log(shares)
    np.testing.assert_allclose(np.exp(posterior).sum(axis=1), 1.0, atol=1e-4)


def test_what_is_applied_is_what_torch_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    networks: list[torch.nn.Sequential] = []
    make = frame_classifier._network
    monkeypatch.setattr(frame_classifier, "_network", lambda *sizes: networks.append(make(*sizes)) or networks[-1])
    labels = _labels(10)
    file = _file(tmp_path, labels)
    classifier = _learn(file, labels, 4)
    rows = (file.read([3])[0] - classifier.mean_C) / classifier.scale_C
    place = np.clip(np.arange(FRAMES)[:, None] + np.arange(-4, 5), 0, FRAMES - 1)
    with torch.inference_mode():
        wanted = torch.log_softmax(networks[0](torch.from_numpy(rows[place].reshape(FRAMES, -1))), dim=1).numpy()
    np.testing.assert_allclose(classifier.scores(file.read([3])[0]), wanted - classifier.log_shares_V, atol=1e-4)
    some = classifier.of(np.array([2, 0])).scores(file.read([3])[0])
    assert np.array_equal(some, classifier.scores(file.read([3])[0])[:, [2, 0]])


def test_the_same_seed_gives_the_same_bytes_and_leaves_the_global_one_alone(tmp_path: Path) -> None:
    labels = _labels(10)
    file = _file(tmp_path, labels)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (_scores(_learn(file, labels, 4, seed=seed), file) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_learns_from_so_many_frames_at_most_and_from_whole_utterances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_classifier, "_MOST_FRAMES", 5 * FRAMES + 1)
    labels = _labels(40)
    asked: list[int] = []
    split = labels.reshape(-1, FRAMES)

    def label(place: int) -> np.ndarray:
        asked.append(place)
        return split[place]

    file = _file(tmp_path, labels)
    shares = np.full(4, 0.25)
    learn_frames(file, label, shares, seed=0, title="", progress=SilentProgress())
    assert len(asked) == len(set(asked)) == 5
    first = list(asked)
    asked.clear()
    learn_frames(file, label, shares, seed=1, title="", progress=SilentProgress())
    assert asked != first

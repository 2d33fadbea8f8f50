"""Twin of ``training/cepstra_file.py``."""

from pathlib import Path

import numpy as np
import pytest
from scipy.fft import dct

from amhctl.training.cepstra_file import write_cepstra


def test_each_utterance_comes_back_centred_with_its_slopes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    mels = [random.normal(3.0, 1.0, (frames, 24)).astype(np.float32) for frames in (7, 1, 12)]
    done: list[int] = []
    file = write_cepstra(
        tmp_path / "c.bin",
        [lambda mel=mel: mel for mel in mels],  # type: ignore[misc]
        coefficients=13,
        done=lambda: done.append(1),
    )
    assert (file.frames, list(file.begins), len(done)) == (20, [0, 7, 8, 20], 3)
    assert file.path.stat().st_size == 20 * 13 * 4
    for mel, read in zip(mels, file.read([0, 1, 2]), strict=True):
        cepstra = dct(mel.astype(np.float64), axis=1, norm="ortho")[:, :13]
        cepstra -= cepstra.mean(axis=0)
        assert read.shape == (len(mel), 26)
        np.testing.assert_allclose(read[:, :13], cepstra, atol=1e-5)
        np.testing.assert_allclose(read[1:-1, 13:], (cepstra[2:] - cepstra[:-2]) / 2.0, atol=1e-5)
    assert not file.read([1])[0].any()


@pytest.mark.parametrize("chosen", [[2], [2, 0], []])
def test_some_utterances_are_read_alone(tmp_path: Path, chosen: list[int]) -> None:
    mels = [np.random.default_rng(seed).normal(size=(5 + seed, 24)).astype(np.float32) for seed in range(3)]
    file = write_cepstra(tmp_path / "c.bin", [lambda mel=mel: mel for mel in mels], coefficients=13, done=lambda: None)  # type: ignore[misc]
    whole = file.read([0, 1, 2])
    assert all(np.array_equal(read, whole[place]) for read, place in zip(file.read(chosen), chosen, strict=True))


def test_fewer_bins_than_cepstra_keep_all(tmp_path: Path) -> None:
    mel = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    file = write_cepstra(tmp_path / "c.bin", [lambda: mel], coefficients=20, done=lambda: None)
    assert (file.coefficients, file.read([0])[0].shape) == (16, (5, 32))

"""Twin of ``audio/longrecording.py``."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files, longrecording
from amhctl.audio.levels import set_speech_level
from amhctl.audio.longrecording import LongRecording, long_log_mel
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import resample
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError

_OFFSET, _SECONDS = 0.3, 8.37


@pytest.fixture(scope="module", params=["wav", "flac", "ogg"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of nine seconds at a rate that no codec has."""
    path = tmp_path_factory.mktemp("long") / f"a.{request.param}"
    files.write(path, vowel_train(seconds=9.0, sample_rate=22_050))
    return path


def _open(path: Path, sample_rate: int) -> LongRecording:
    return LongRecording(path, files.locate(path, offset=_OFFSET, duration=_SECONDS), sample_rate)


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 24_000])
def test_pieces_are_those_of_the_whole(path: Path, sample_rate: int) -> None:
    whole = resample(files.read(path, offset=_OFFSET, duration=_SECONDS), sample_rate).samples
    recording = _open(path, sample_rate)
    assert recording.size == whole.size
    borders = [0, 1, 999, 16_000, 48_017, 100_000, whole.size - 1, whole.size]
    pieces = [recording.piece(start, stop) for start, stop in itertools.pairwise(borders)]
    assert [piece.size for piece in pieces] == list(np.diff(borders))
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-6


def test_the_level_is_that_of_the_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longrecording, "_WINDOW_SECONDS", 2)
    original = files.read(path, offset=_OFFSET, duration=_SECONDS)
    recording = _open(path, 22_050)
    assert np.array_equal(np.concatenate(list(recording.windows())), original.samples)
    for level in (-20.0, -3.0):
        wanted = set_speech_level(original, level).samples
        assert np.abs(recording.levelled(level).piece(0, recording.size) - wanted).max() < 1e-5
    assert len(list(recording.windows())) == 5


def test_silence_has_no_level(tmp_path: Path) -> None:
    files.write(tmp_path / "a.wav", vowel_train(seconds=1.0, level=0.0))
    silence = np.zeros(16_000, dtype=np.float32)
    files.write(tmp_path / "b.wav", type(vowel_train())(silence, 16_000))
    recording = LongRecording(tmp_path / "b.wav", files.locate(tmp_path / "b.wav"), 16_000)
    assert recording.levelled(-20.0) == recording


def test_features_are_those_of_the_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longrecording, "_WINDOW_FRAMES", 70)
    config = MelConfig()
    whole = resample(files.read(path, offset=_OFFSET, duration=_SECONDS), config.sample_rate).samples
    found = long_log_mel(_open(path, 16_000), config)
    wanted = log_mel(whole, config).astype(np.float16)
    assert found.shape == wanted.shape
    assert np.abs(found.astype(np.float32) - wanted.astype(np.float32)).max() < 0.01


def test_a_part_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(AudioError, match="ends before"):
        files.locate(path, offset=1.0, duration=9.0)

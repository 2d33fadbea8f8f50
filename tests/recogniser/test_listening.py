"""Twin of ``recogniser/listening.py``."""

from pathlib import Path

import numpy as np
import pytest
from support.recognising import FRAME, FrameReader, encode_frames

from amhctl.audio import files
from amhctl.audio.longrecording import LongRecording
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.recogniser.features import speech_features
from amhctl.recogniser.labels import BLANK, LABELS
from amhctl.recogniser.listening import long_log_probabilities


def _open(path: Path, waveform: Waveform, rate: int = 16_000) -> LongRecording:
    files.write(path, waveform)
    return LongRecording(path, files.locate(path), rate)


def test_pieces_together_are_the_whole(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, len(LABELS), 3_000)
    whole = encode_frames(labels.tolist())
    done: list[int] = []
    found = long_log_probabilities(FrameReader().log_probabilities, _open(tmp_path / "a.wav", whole), done.append)
    assert found.argmax(axis=1).tolist() == labels.tolist()
    assert sum(done) == 3_000
    assert len(done) == 3


def test_a_remainder_of_a_frame_at_the_end_does_not_matter(tmp_path: Path) -> None:
    for frames in (1_100, 1_101, 1_105):
        for rest in (0, 17, FRAME - 1):
            samples = np.concatenate([encode_frames([5] * frames).samples, np.zeros(rest, dtype=np.float32)])
            recording = _open(tmp_path / "a.wav", Waveform(samples, 16_000))
            assert (
                long_log_probabilities(FrameReader().log_probabilities, recording).argmax(axis=1).tolist()
                == [5] * frames
            )


def test_a_recording_of_another_rate_is_resampled(tmp_path: Path) -> None:
    lengths: list[int] = []

    def compute(waveform: Waveform) -> np.ndarray:
        lengths.append(waveform.sample_rate)
        speech_features(waveform.samples)
        values = np.full((waveform.samples.size // FRAME, len(LABELS)), -9.0, dtype=np.float32)
        values[:, BLANK] = 0.0
        return values

    recording = _open(tmp_path / "a.wav", Waveform(np.zeros(44_100, dtype=np.float32), 44_100), 44_100)
    assert long_log_probabilities(compute, recording).shape == (50, len(LABELS))
    assert lengths == [16_000]
    with pytest.raises(AudioError):
        long_log_probabilities(compute, _open(tmp_path / "b.wav", Waveform(np.zeros(200, dtype=np.float32), 16_000)))

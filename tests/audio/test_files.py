import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.oddaudio import promise_flac_length
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, ScaleError


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_lossless_files_keep_every_sample_of_16_bits(tmp_path: Path, suffix: str) -> None:
    samples = (np.arange(-8_000, 8_000, dtype=np.float32) / 32_768).astype(np.float32)
    path = tmp_path / f"a.{suffix}"
    files.write(path, Waveform(samples, 16_000))
    assert np.array_equal(files.read(path).samples, samples)
    assert files.probe(path) == files.AudioInfo(16_000, 1, 16_000, f"{suffix.upper()}/PCM_16")


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_lossy_files_keep_length_and_rate(tmp_path: Path, suffix: str) -> None:
    waveform = vowel_train(seconds=2.5)
    path = tmp_path / f"a.{suffix}"
    files.write(path, waveform)
    back = files.read(path)
    assert (back.sample_rate, back.samples.size) == (16_000, waveform.samples.size)


def test_a_part_is_read_and_resampled(tmp_path: Path) -> None:
    waveform = vowel_train(seconds=1.0)
    files.write(tmp_path / "a.wav", waveform)
    part = files.read(tmp_path / "a.wav", offset=0.25, duration=0.5)
    assert np.array_equal(part.samples, files.read(tmp_path / "a.wav").samples[4_000:12_000])
    assert files.read(tmp_path / "a.wav", sample_rate=8_000).samples.size == 8_000


def test_channels_are_mixed_down(tmp_path: Path) -> None:

    soundfile.write(tmp_path / "a.wav", np.tile([[0.5, -0.25]], (100, 1)), 16_000)
    assert files.read(tmp_path / "a.wav").samples.tolist() == [0.125] * 100


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_file_cut_short_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    files.write(path, vowel_train(seconds=2.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(AudioError):
        files.read(path)


def test_what_is_no_audio_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("ሰላም", encoding="utf-8")
    (tmp_path / "empty.wav").touch()
    files.write(tmp_path / "none.wav", Waveform(np.zeros(0, dtype=np.float32), 16_000))
    for name in ("text.wav", "empty.wav", "none.wav", "missing.wav", ""):
        with pytest.raises(AudioError) as caught:
            files.read(tmp_path / name)
        assert caught.value.subject == str(tmp_path / name)


def test_a_part_beyond_the_end_and_odd_samples_are_refused(tmp_path: Path) -> None:
    files.write(tmp_path / "a.wav", vowel_train(seconds=1.0))
    assert files.read(tmp_path / "a.wav", duration=1.04).duration == 1.0
    for offset, duration in ((0.5, 0.7), (2.0, None), (-1.0, None)):
        with pytest.raises(AudioError, match="ends before"):
            files.read(tmp_path / "a.wav", offset=offset, duration=duration)

    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 16_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="finite"):
        files.read(tmp_path / "nan.wav")


def test_an_unknown_suffix_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="suffix"):
        files.write(tmp_path / "a.xyz", vowel_train())
    with pytest.raises(AudioError, match="unknown audio format"):
        files.encode(vowel_train(), "xyz")
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    files.write(tmp_path / "a.flac", vowel_train(seconds=1.0))
    promise_flac_length(tmp_path / "a.flac", 2**36 - 1)
    tracemalloc.start()
    try:
        with pytest.raises(AudioError, match="damaged"):
            files.read(tmp_path / "a.flac")
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("offset", "duration"), [(1e308, None), (0.0, 1e308), (1e308, 1e308)])
def test_seconds_that_are_no_number_of_samples_are_refused(
    tmp_path: Path, offset: float, duration: float | None
) -> None:
    files.write(tmp_path / "a.wav", vowel_train(seconds=1.0))
    with pytest.raises(AudioError, match="ends before"):
        files.read(tmp_path / "a.wav", offset=offset, duration=duration)


@pytest.mark.parametrize("scale", [2.0**15, 2.0**23, 2.0**31])
def test_another_scale_is_refused_with_its_factor_and_read_with_it(tmp_path: Path, scale: float) -> None:
    samples = vowel_train(seconds=1.0).samples
    path = tmp_path / "a.wav"
    # The largest sample comes late: a quiet beginning must not decide.
    soundfile.write(path, samples * np.linspace(0.0, 4.0, samples.size) * scale, 16_000, subtype="DOUBLE")
    with pytest.raises(ScaleError, match=f"full scale seems to be {scale:.0f}") as caught:
        files.read(path)
    assert caught.value.full_scale == files.find_scale(path) == scale
    whole = files.read(path, full_scale=scale)
    assert 0.5 < np.abs(whole.samples).max() <= 1.0


def test_a_float_file_may_go_over_full_scale(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5, -8.0, 7.0]), 16_000, subtype="FLOAT")
    assert files.read(tmp_path / "a.wav").samples.tolist() == [0.5, -8.0, 7.0]
    assert files.find_scale(tmp_path / "a.wav") == 1.0


@pytest.mark.parametrize("peak", [1e10, 1e30, 1e300, np.inf, np.nan])
def test_samples_on_no_scale_are_refused(tmp_path: Path, peak: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([[0.5, 0.5], [peak, -peak]]), 16_000, subtype="DOUBLE")
    for read in (files.read, files.find_scale):
        with pytest.raises(AudioError, match=r"not a known full scale|finite"):
            read(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_windows_are_the_whole_in_pieces(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    files.write(path, vowel_train(seconds=3.03, sample_rate=22_050))
    whole = files.read(path, offset=0.2, duration=2.7)
    windows = list(files.read_windows(path, offset=0.2, duration=2.7, longest=0.5))
    assert np.array_equal(np.concatenate([window.samples for window in windows]), whole.samples)
    assert len(windows) == 6
    assert max(window.duration for window in windows) < 0.53
    # Of 25 ms each.
    assert {window.samples.size % 551 for window in windows[:-1]} == {0}

"""Recordings that no speaker made: damaged, empty, endless, on another scale, or no file at all."""

import os
from pathlib import Path

import numpy as np
import soundfile
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform

_RATE = 16_000


def promise_flac_length(path: Path, frames: int) -> None:
    """Change the number of samples in the header of a FLAC file: the last 36 bits before its MD5."""
    content = bytearray(path.read_bytes())
    word = int.from_bytes(content[18:26], "big")
    content[18:26] = (word >> 36 << 36 | frames).to_bytes(8, "big")
    path.write_bytes(content)


def odd_recordings(folder: Path) -> dict[str, str]:
    """Write odd recordings into a folder; return the name of each and the code of the finding that it deserves."""
    folder.mkdir(parents=True, exist_ok=True)
    speech = vowel_train(seconds=1.5)
    samples, rate = speech.samples, speech.sample_rate
    expected = {
        **_damaged(folder, speech),
        **_of_another_scale(folder, samples, rate),
        **_short(folder, samples),
        **_no_files(folder),
    }
    soundfile.write(folder / "many.wav", np.tile(samples[:8_000, None], (1, 200)) * 0.5, rate, format="WAVEX")
    for name, odd_rate in (("slow.wav", 1), ("fast.wav", 2**31 - 1), ("forty.wav", 40)):
        soundfile.write(folder / name, samples, odd_rate)
    return expected | {"many.wav": "D024", "slow.wav": "D010", "fast.wav": "D010", "forty.wav": "D010"}


def _damaged(folder: Path, speech: Waveform) -> dict[str, str]:
    files.write(folder / "whole.wav", speech)
    files.write(folder / "false.flac", speech)
    promise_flac_length(folder / "false.flac", 2**36 - 1)
    whole = (folder / "whole.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[:9_000])
    (folder / "header.wav").write_bytes(whole[:44])
    (folder / "promise.wav").write_bytes(whole[:40] + (2**31 - 1).to_bytes(4, "little") + whole[44:])
    (folder / "text.wav").write_text("ሰላም ዓለም", encoding="utf-8")
    (folder / "empty.wav").touch()
    return {
        "false.flac": "D011",
        "cut.wav": "D011",
        "header.wav": "D012",
        "promise.wav": "D011",
        "text.wav": "D010",
        "empty.wav": "D012",
    }


def _of_another_scale(folder: Path, samples: np.ndarray, rate: int) -> dict[str, str]:
    expected = {}
    for name, factor, code in (
        ("pcm16.wav", 2.0**15, "D090"),
        ("pcm24.wav", 2.0**23, "D090"),
        ("pcm32.wav", 2.0**31, "D090"),
        ("huge.wav", 1e30, "D011"),
    ):
        soundfile.write(folder / name, samples * factor, rate, subtype="FLOAT")
        expected[name] = code
    endless = np.stack([samples, samples], axis=1)
    endless[100] = np.inf, -np.inf
    soundfile.write(folder / "endless.wav", endless, rate, subtype="FLOAT")
    soundfile.write(folder / "no_number.wav", np.where(samples > 0.1, np.nan, samples), rate, subtype="FLOAT")
    soundfile.write(folder / "double.wav", samples.astype(np.float64) * 1e300, rate, subtype="DOUBLE")
    return expected | {"endless.wav": "D011", "no_number.wav": "D011", "double.wav": "D011"}


def _short(folder: Path, samples: np.ndarray) -> dict[str, str]:
    expected = {}
    for count in (0, 1, 2, 100):
        for rate in (8_000, 16_000, 44_100, 48_000):
            name = f"short_{count}_{rate}.wav"
            soundfile.write(folder / name, samples[8_000 : 8_000 + count], rate)
            expected[name] = "D015" if count else "D012"
    return expected


def _no_files(folder: Path) -> dict[str, str]:
    (folder / "folder.wav").mkdir()
    (folder / "loop.wav").symlink_to("loop.wav")
    expected = dict.fromkeys(("folder.wav", "loop.wav", "missing.wav", f"{'n' * 300}.wav"), "D010")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.wav")
        expected["pipe.wav"] = "D010"
    if Path("/dev/zero").exists():
        (folder / "zero.wav").symlink_to("/dev/zero")
        expected["zero.wav"] = "D010"
    return expected

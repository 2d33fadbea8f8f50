"""Twin of ``listening/sounds.py``: one loudness, names that say nothing."""

from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.levels import frame_levels
from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.evaluation.listening.sounds import SoundFolder, interrupt


def test_every_sound_has_the_loudness_of_the_test(tmp_path: Path) -> None:
    sounds = SoundFolder(tmp_path, -26.0)
    for number, level in enumerate((0.01, 0.2, 0.9)):
        name = sounds.add("one", f"s{number}", vowel_train(seed=number, level=level))
        assert loudness(files.read(tmp_path / f"{name}.flac")) == pytest.approx(-26.0, abs=0.1)
    assert sounds.findings == []


def test_a_sound_that_cannot_be_as_loud_is_reported(tmp_path: Path) -> None:
    clicks = np.zeros(16_000, dtype=np.float32)
    clicks[::4_000] = 0.9
    sounds = SoundFolder(tmp_path, -15.0)
    sounds.add("one", "s", Waveform(clicks, 16_000))
    assert [finding.code for finding in sounds.findings] == ["L003"]


def test_the_same_sound_has_another_name_each_time(tmp_path: Path) -> None:
    sounds = SoundFolder(tmp_path, -23.0)
    names = [sounds.add("one", "s", vowel_train()), sounds.add("one", "s", vowel_train())]
    assert len({name[:6] for name in names}) == 2
    assert sounds.findings == []
    sounds.add("two", "s", vowel_train())
    assert {finding.code for finding in sounds.findings} == {"L004"}
    # A name follows from the sound alone, so that a test can be made again.
    (tmp_path / "again").mkdir()
    again = SoundFolder(tmp_path / "again", -23.0)
    assert again.add("other", "t", vowel_train()) == names[0]


def test_silence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="silent"):
        SoundFolder(tmp_path, -23.0).add("one", "s", Waveform(np.zeros(16_000, dtype=np.float32), 16_000))


def test_an_interruption_ends_in_beeps() -> None:
    sound = interrupt(vowel_train(seconds=3.0), 4)
    after = Waveform(sound.samples[round(1.6 * 16_000) :], 16_000)
    loud = frame_levels(after) > -40.0
    assert np.count_nonzero(np.diff(loud.astype(int), prepend=0) == 1) == 4

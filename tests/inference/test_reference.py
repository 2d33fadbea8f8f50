"""Clips that say nothing of a speaker are refused."""

from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.inference.reference import no_emotion, read_clip, require_reference


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.ones(4_000)])
def test_silent_and_short_references_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(SynthesisError):
        require_reference(Waveform(samples.astype(np.float32), 16_000))


def test_a_voice_without_emotion_says_what_to_do() -> None:
    error = no_emotion("m01")
    assert error.subject == "m01"
    assert "--emotion" in error.hint


def test_a_clip_is_read_with_what_was_found_and_a_silent_one_refused(tmp_path: Path) -> None:
    files.write(tmp_path / "short.wav", vowel_train(seconds=1.5, seed=1))
    clip = read_clip(tmp_path / "short.wav")
    assert "S011" in [finding.code for finding in clip.findings]
    files.write(tmp_path / "silent.wav", Waveform(np.zeros(48_000, dtype=np.float32), 16_000))
    with pytest.raises(SynthesisError) as caught:
        read_clip(tmp_path / "silent.wav")
    assert [finding.code for finding in caught.value.findings] == ["S009"]

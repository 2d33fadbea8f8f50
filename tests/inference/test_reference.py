"""Clips that say nothing of a speaker are refused."""

import numpy as np
import pytest

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.inference.reference import no_emotion, require_reference


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.ones(4_000)])
def test_silent_and_short_references_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(SynthesisError):
        require_reference(Waveform(samples.astype(np.float32), 16_000))


def test_a_voice_without_emotion_says_what_to_do() -> None:
    error = no_emotion("m01")
    assert error.subject == "m01"
    assert "--emotion" in error.hint

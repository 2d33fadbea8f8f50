"""Clips that a voice is to speak like; loads no torch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.referenceclip import find_refusal
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError

EncodeSpeech = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What a speech encoder does: samples at its rate to features."""


def require_reference(reference: Waveform) -> None:
    """Refuse a clip that says nothing of a speaker.

    Raises
    ------
    SynthesisError
        If it is silent, or has less than half a second of speech.
    """
    if fault := find_refusal(reference, "the reference"):
        raise SynthesisError(fault.message, subject=fault.subject, hint=fault.hint)


def no_emotion(name: str) -> SynthesisError:
    """Return the error of a voice that takes emotion from no clip."""
    return SynthesisError(
        "this voice has no emotion branch and cannot use --emotion",
        subject=name,
        hint="omit --emotion, or use a voice with model.emo_condition_module, such as one with the "
        "IndexTTS-2 architecture",
    )

"""Clips that a voice is to speak like; loads no torch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.referenceclip import ReferenceClip, find_refusal, read_reference
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.findings import Severity

EncodeSpeech = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What a speech encoder does: samples at its rate to features."""


def read_clip(path: Path) -> ReferenceClip:
    """Return a clip to speak like, with what was found about it.

    Raises
    ------
    AudioError
        If the file cannot be read.
    SynthesisError
        If the clip says nothing of a speaker.
    """
    clip = read_reference(path)
    for fault in clip.findings:
        if fault.severity is Severity.ERROR:
            raise SynthesisError(fault.message, subject=fault.subject, hint=fault.hint, findings=(fault,))
    return clip


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

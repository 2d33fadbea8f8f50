"""What a voice is conditioned on: log-mel frames, or the hidden states of a speech encoder. No torch, no weights.

A checkpoint and a code store name it in full, so that features of another kind are refused.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, JsonValue

from amhctl.config.document import Document
from amhctl.config.mel import MelConfig


class SpeechEncoderConfig(Document):
    """Hidden states of one layer of a speech encoder."""

    encoder: Literal["w2v-bert"] = "w2v-bert"
    """Its architecture; it also tells these values from those of a ``MelConfig``."""
    layer: int = Field(ge=1)
    """Whose output they are, counted from 1."""
    width: int = Field(gt=0)
    """Their width."""
    sample_rate: int = Field(gt=0)
    """Samples per second of what the encoder hears."""
    hop_samples: int = Field(gt=0)
    """Samples from one frame to the next."""
    normalised: bool
    """Whether the mean was taken away and the result divided by the deviation, by statistics that came with it."""
    fingerprint: str
    """SHA-256 over its weights, its configuration and the statistics; empty where nobody said which they were, as of a
    voice from elsewhere."""


Conditioning = MelConfig | SpeechEncoderConfig


def width_of(conditioning: Conditioning) -> int:
    """Return the width F of conditioning features."""
    return conditioning.bins if isinstance(conditioning, MelConfig) else conditioning.width


def frames_of(conditioning: Conditioning, seconds: float) -> int:
    """Return how many frames some seconds of conditioning features are, at least one."""
    return max(1, round(seconds * conditioning.sample_rate / conditioning.hop_samples))


def conditioning_differences(ours: Conditioning, theirs: Conditioning) -> list[str]:
    """Return where features are not those that a voice has learnt to hear, as ``key ours instead of theirs``.

    A speech encoder of which nobody said which one it was is taken by all else that is known of it.
    """
    found, wanted = (
        {"features": "mel", **one.model_dump()} if isinstance(one, MelConfig) else one.model_dump()
        for one in (ours, theirs)
    )
    if not wanted.get("fingerprint", "unknown"):
        del wanted["fingerprint"]
    return [f"{key} {found.get(key)} instead of {value}" for key, value in wanted.items() if found.get(key) != value]


def scale_of(conditioning: Conditioning | None) -> tuple[float, float]:
    """Return about which mean and deviation the features of speech have: those of log-mel at -20 dBFS, else 0 and 1."""
    return (-6.0, 2.5) if isinstance(conditioning, MelConfig) else (0.0, 1.0)


def read_conditioning(values: Mapping[str, JsonValue]) -> Conditioning:
    """Return what the values in a checkpoint's manifest describe.

    Raises
    ------
    ValidationError
        If they are those of neither kind.
    """
    kind = SpeechEncoderConfig if "encoder" in values else MelConfig
    return kind.model_validate(values)

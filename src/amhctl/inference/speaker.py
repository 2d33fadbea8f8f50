"""Whose voice it is: a prompt clip becomes speaker latents and an emotion vector. Knows no text.

Shapes: ``T feature frames, F features, L latents, D width``.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from amhctl.audio.mel import log_mel
from amhctl.audio.referenceclip import REFERENCE_SECONDS
from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.config.conditioning import Conditioning
from amhctl.config.mel import MelConfig
from amhctl.core.errors import SynthesisError
from amhctl.core.units import SPEECH_LEVEL
from amhctl.inference.reference import EncodeSpeech, require_reference
from amhctl.model.unified_voice import UnifiedVoice


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """What a voice is conditioned on.

    Attributes
    ----------
    latents_1LD : Tensor
        Speaker latents of one prompt.
    emotion_1D : Tensor
        Emotion vector of the same prompt.
    """

    latents_1LD: Tensor
    emotion_1D: Tensor


def features_of(
    reference: Waveform,
    conditioning: Conditioning,
    encode_speech: EncodeSpeech | None = None,
    *,
    level: float = SPEECH_LEVEL,
) -> Tensor:
    """Return the conditioning features of a reference clip, shape (T, F): at most its first 15 s.

    Parameters
    ----------
    reference : Waveform
        The clip.
    conditioning : Conditioning
        What the features are.
    encode_speech : EncodeSpeech | None
        The speech encoder, for voices that are conditioned on one.
    level : float
        Speech level in dBFS of what the voice was trained on.

    Raises
    ------
    SynthesisError
        If the clip is silent or has less than half a second of speech, or the speech encoder is not given.
    """
    require_reference(reference)
    clip = bring_to(reference, level=level, sample_rate=conditioning.sample_rate)
    samples = clip.samples[: round(REFERENCE_SECONDS * conditioning.sample_rate)]
    if isinstance(conditioning, MelConfig):
        return torch.from_numpy(log_mel(samples, conditioning))
    if encode_speech is None:
        raise SynthesisError("the voice needs a speech encoder, which is not given", subject=conditioning.encoder)
    return torch.from_numpy(encode_speech(samples))


@torch.inference_mode()
def encode_speaker(model: UnifiedVoice, features_TF: Tensor) -> Speaker:
    """Return what a voice is conditioned on, from the features of a prompt."""
    parameter = next(model.parameters())
    features_1TF = features_TF.to(device=parameter.device, dtype=parameter.dtype)[None]
    return Speaker(model.speaker_latents(features_1TF), model.emotion_vector(features_1TF))


@torch.inference_mode()
def mix_emotion(model: UnifiedVoice, speaker: Speaker, features_TF: Tensor, strength: float) -> Speaker:
    """Return a speaker with some of the emotion of another clip, e = base + strength (emotion - base).

    Parameters
    ----------
    model : UnifiedVoice
        With an emotion branch.
    speaker : Speaker
        Whose latents stay what they are, and whose emotion is the base.
    features_TF : Tensor
        Features of the clip whose emotion is wanted.
    strength : float
        0 leaves the speaker's own emotion, 1 takes the clip's.
    """
    emotion_1D = encode_speaker(model, features_TF).emotion_1D
    return replace(speaker, emotion_1D=torch.lerp(speaker.emotion_1D, emotion_1D, strength))

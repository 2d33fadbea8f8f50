"""Tiny FlowVoices with random weights, of which every input can be heard, and texts to draw with them."""

import torch
from torch import Tensor

from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.mel import MelConfig
from amhctl.model.flow_voice import FlowVoice

TINY_FLOW = FlowVoiceConfig(
    acoustics=AcousticsConfig(mel=MelConfig(window_samples=640, hop_samples=160, bins=6)),
    number_text_tokens=12,
    speaker_dim=5,
    text_dim=16,
    text_layers=2,
    prosody_layers=1,
    model_dim=20,
    layers=4,
    condition_dim=12,
)
CODED_FLOW = TINY_FLOW.model_copy(update={"codebooks": 2, "codebook_size": 9})


def waken(model: FlowVoice, seed: int = 0) -> FlowVoice:
    """Give every parameter random values: untrained layers of scale zero would hide what they are given."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    model.mel_standard.mean.fill_(-5.0)
    model.mel_standard.deviation.fill_(2.0)
    return model


def tiny_flow(config: FlowVoiceConfig = TINY_FLOW, seed: int = 0) -> FlowVoice:
    """Return a tiny voice with random weights, ready to draw."""
    return waken(FlowVoice(config), seed).eval()


def random_text(lengths: tuple[int, ...], *, seed: int = 1, width: int = TINY_FLOW.speaker_dim) -> tuple[Tensor, ...]:
    """Return text ids, their lengths and speaker embeddings; behind a text stand ids that mean nothing."""
    generator = torch.Generator().manual_seed(seed)
    text_BP = torch.randint(12, (len(lengths), max(lengths)), generator=generator)
    speakers_BE = torch.nn.functional.normalize(torch.randn(len(lengths), width, generator=generator), dim=-1)
    return text_BP, torch.tensor(lengths), speakers_BE

"""Whether a FlowVoice tells speakers apart: how far the velocities lie apart that it gives them. Never sees a file.

A voice whose speaker layers have died speaks as one, whoever it is told to speak as, and the loss may hardly notice.

Shapes: as in ``model/flow_voice.py``; ``N speakers``.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.speaker_probe import SpeakerProbe, measure_spread
from amhctl.nn.unfilled import unfilled

_MOST_SPEAKERS = 16
_PIECES = 24
_FRAMES = 8
"""Of each piece: 24 of them last two seconds."""
_TIME = 0.5
_WHAT = "velocities of different speakers"


@torch.no_grad()
def probe_speakers(model: FlowVoice, speakers: Sequence[Tensor]) -> SpeakerProbe:
    """Return how far the velocities lie apart that up to sixteen speakers give one made-up text, the same each time.

    The text is of pieces from all over the vocabulary; what is to be drawn is halfway between noise and the mean
    spectrogram. One speaker alone has nobody that it could differ from: then there is no spread.

    Parameters
    ----------
    model : FlowVoice
        The voice.
    speakers : Sequence[Tensor]
        Speaker embeddings, each of shape (E,).
    """
    speakers_NE = torch.stack(tuple(speakers)[:_MOST_SPEAKERS]).to(model.speaker.weight)
    count, device = len(speakers_NE), speakers_NE.device
    text_P = torch.linspace(0, model.config.number_text_tokens - 1, _PIECES, device=device).round().long()
    was_training = model.training
    model.eval()
    try:
        text = model.encode(text_P.expand(count, -1), text_P.new_full((count,), _PIECES), speakers_NE)
        score = model.score(text, text_P.new_full((count, _PIECES), _FRAMES), speakers_NE.new_zeros(count))
        generator = torch.Generator().manual_seed(0)
        noise_MX = torch.randn(score.keep_BM.shape[1], model.mel_width, generator=generator).to(speakers_NE)
        halfway_NMX = ((1.0 - _TIME) * noise_MX).expand(count, -1, -1)
        velocity_NMX = model.velocity(halfway_NMX, speakers_NE.new_full((count,), _TIME), score)
    finally:
        model.train(was_training)
    spread = measure_spread(velocity_NMX) if count > 1 else None
    return SpeakerProbe(spread, float(model.speaker(speakers_NE).abs().max()), _WHAT)


def probe_speaker_tensors(
    config: FlowVoiceConfig, tensors: Mapping[str, Tensor], speakers: Sequence[Tensor]
) -> SpeakerProbe:
    """Return the same of weights.

    Parameters
    ----------
    config : FlowVoiceConfig
        What the weights are of.
    tensors : Mapping[str, Tensor]
        All of them, of the right shapes.
    speakers : Sequence[Tensor]
        As for ``probe_speakers``.
    """
    with unfilled():
        model = FlowVoice(config)
    whole = {name: tensor.float() for name, tensor in tensors.items()}
    model.load_state_dict(whole, strict=True, assign=True)
    return probe_speakers(model, speakers)

"""From noise to mel frames by Euler's method (conditional flow matching: Lipman et al. 2023, arXiv 2210.02747).

Guidance without a classifier (Ho and Salimans 2022, arXiv 2207.12598): a second velocity, of a network that is told
nothing, says which way to go less.

Shapes: of one utterance: ``P frames of the prompt, T frames of prompt and target, F mel bins``.
"""

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, Guide
from amhctl.core.errors import CodecError


def sample_mel(
    network: DiffusionTransformer,
    noise_1FT: Tensor,
    prompt_1FP: Tensor,
    content_1TC: Tensor,
    style_1S: Tensor,
    *,
    steps: int,
    guidance: float,
) -> Tensor:
    """Return log-mel frames after those of the prompt, shape (1, F, T - P).

    Parameters
    ----------
    network : DiffusionTransformer
        The velocity.
    noise_1FT : Tensor
        Where to start: values of the normal distribution.
    prompt_1FP : Tensor
        Mel frames of the prompt.
    content_1TC : Tensor
        Content of the prompt's frames and of those to be generated.
    style_1S : Tensor
        The prompt's style vector.
    steps : int
        Steps of the same length from noise to speech.
    guidance : float
        How far to go beyond the velocity, away from what is spoken without being told anything; 0 costs half.

    Raises
    ------
    CodecError
        If noise, prompt and content do not fit together.
    """
    frames, prompted = noise_1FT.shape[2], prompt_1FP.shape[2]
    if content_1TC.shape[1] != frames or not prompted < frames:
        raise CodecError(
            f"{frames} frames of noise and {content_1TC.shape[1]} of content after a prompt of {prompted} do not fit"
        )
    guide = Guide(functional.pad(prompt_1FP, (0, frames - prompted)), content_1TC, style_1S)
    if guidance:
        guide = guide.beside_nothing()
    state_1FT = noise_1FT.clone()
    state_1FT[..., :prompted] = 0.0
    for step in range(steps):
        velocity_1FT = _velocity(network, state_1FT, step / steps, guide, guidance)
        state_1FT = state_1FT + velocity_1FT / steps
        state_1FT[..., :prompted] = 0.0
    return state_1FT[..., prompted:]


def _velocity(network: DiffusionTransformer, state_1FT: Tensor, time: float, guide: Guide, guidance: float) -> Tensor:
    items = 2 if guidance else 1
    time_B = torch.full((items,), time, device=state_1FT.device, dtype=state_1FT.dtype)
    velocity_BFT: Tensor = network(state_1FT.expand(items, -1, -1), time_B, guide)
    guided_1FT, unguided_1FT = velocity_BFT[:1], velocity_BFT[1:]
    return (1.0 + guidance) * guided_1FT - guidance * unguided_1FT if guidance else guided_1FT

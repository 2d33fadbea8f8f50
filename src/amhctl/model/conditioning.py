"""How a UnifiedVoice hears a prompt: an encoder of its features, and a perceiver that sums them up in a few latents.

Shapes: ``B batch, T feature frames, F feature width, U encoded frames, C encoder width``.
"""

import torch
from torch import Tensor, nn

from amhctl.config.unified import ConformerConfig
from amhctl.core.errors import ModelError
from amhctl.nn.conformer import Conformer
from amhctl.nn.perceiver import Perceiver

FEWEST_FEATURES = 3
# Of the mean prompt, 1.3 s at 50 frames per second: enough that its edges weigh little.
_MEAN_FRAMES = 65


def build_conditioner(
    config: ConformerConfig, *, features: int, width: int, latents: int, normed: bool
) -> tuple[Conformer, Perceiver]:
    """Return the encoder of a prompt and its perceiver.

    Parameters
    ----------
    config : ConformerConfig
        Their shape.
    features : int
        Width of the conditioning features.
    width : int
        Of a latent.
    latents : int
        How many.
    normed : bool
        Whether the perceiver has norms.
    """
    heads = config.attention_heads
    conformer = Conformer(
        features=features,
        width=config.output_size,
        heads=heads,
        inner=config.linear_units,
        blocks=config.num_blocks,
    )
    return conformer, Perceiver(
        width=width,
        context=config.output_size,
        latents=latents,
        heads=heads,
        multiplier=config.perceiver_mult,
        normed=normed,
    )


def encode_prompt(
    encoder: Conformer,
    standard: nn.Module,
    features_BTF: Tensor,
    lengths_B: Tensor | None,
    *,
    width: int,
    centred: bool,
) -> tuple[Tensor, Tensor]:
    """Return encoded frames (B, U, C) and which of them are real.

    Parameters
    ----------
    encoder : Conformer
        Of speaker or emotion.
    standard : nn.Module
        What brings features to their standard.
    features_BTF : Tensor
        Of the prompts.
    lengths_B : Tensor | None
        True lengths; None if all are whole.
    width : int
        The width that features must have.
    centred : bool
        Whether to return only what differs from the mean prompt.

    Raises
    ------
    ModelError
        If the features have another width or fewer than three frames.
    """
    keep_BT = _keep_features(features_BTF, lengths_B, width)
    context_BUC, keep_BU = encoder(standard(features_BTF), keep_BT)
    if centred:
        # Early training moves all prompts alike, which drowns what a clip differs in: taken away, it cannot.
        mean_1TF = features_BTF.new_zeros(1, _MEAN_FRAMES, features_BTF.shape[2])
        common_1UC, _ = encoder(mean_1TF, torch.ones_like(mean_1TF[..., 0], dtype=torch.bool))
        context_BUC = context_BUC - common_1UC.mean(dim=1, keepdim=True)
    return context_BUC, keep_BU


def _keep_features(features_BTF: Tensor, lengths_B: Tensor | None, expected: int) -> Tensor:
    batch, frames, width = features_BTF.shape
    # How many frames of them are real is not asked for: an accelerator would have to be waited for.
    if width != expected or frames < FEWEST_FEATURES:
        raise ModelError(
            f"conditioning features have {frames} frames of width {width}; expected are at least "
            f"{FEWEST_FEATURES} of width {expected}"
        )
    if lengths_B is None:
        return torch.ones(batch, frames, dtype=torch.bool, device=features_BTF.device)
    return torch.arange(frames, device=features_BTF.device) < lengths_B[:, None]

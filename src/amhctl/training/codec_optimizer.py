"""How a codec or a vocoder of this package is optimised: AdamW, a cosine after a warm-up, and no gradient that is none.

Knows no recipe.
"""

import math

import torch
from torch import Tensor, nn

from amhctl.core.errors import TrainingError

_BETAS = (0.8, 0.98)


def decayed_adamw(network: nn.Module, *, rate: float, weight_decay: float) -> torch.optim.AdamW:
    """Return an AdamW over what learns of a network, whose decay is that of matrices only."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=rate,
        betas=_BETAS,
    )


def cosine_rate(step: int, *, steps: int, warmup: int, peak: float) -> float:
    """Return the learning rate of a step, counted from 0: up in a line, down to nothing in half a cosine."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - warmup)
    return peak * 0.5 * (1.0 + math.cos(math.pi * share))


def require_finite(norm: Tensor, step: int, hint: str) -> None:
    """Refuse a gradient that is not finite.

    Raises
    ------
    TrainingError
        If its norm is not a number.
    """
    if not bool(torch.isfinite(norm)):
        raise TrainingError(f"the gradient is not finite at step {step}", subject="codec training", hint=hint)

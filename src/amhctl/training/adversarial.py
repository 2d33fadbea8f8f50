"""Losses of adversarial training: telling real from made, deceiving, and matching features. Knows no networks.

Least squares (Mao et al. 2017, arXiv 1611.04076) and feature matching (Larsen et al. 2016, arXiv 1512.09300), as in
HiFi-GAN and DAC. Each takes what discriminators return: for every discriminator its layers' features, verdicts last.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Features = Sequence[Sequence[Tensor]]


def discriminator_loss(real: Features, made: Features) -> Tensor:
    """Return how far verdicts are from 1 on recordings and from 0 on reconstructions, a mean over discriminators."""
    losses = [
        (1.0 - true[-1]).square().mean() + false[-1].square().mean() for true, false in zip(real, made, strict=True)
    ]
    return torch.stack(losses).mean()


def deception_loss(made: Features) -> Tensor:
    """Return how far verdicts on reconstructions are from 1, a mean over discriminators."""
    return torch.stack([(1.0 - features[-1]).square().mean() for features in made]).mean()


def feature_loss(real: Features, made: Features) -> Tensor:
    """Return the distance of features relative to the size of the real ones, a mean over layers and discriminators.

    Relative, as in EnCodec (arXiv 2210.13438): layers whose activations are large would drown the others.
    """
    losses = [
        (true.detach() - false).abs().mean() / true.detach().abs().mean().clamp(min=1e-6)
        for one, other in zip(real, made, strict=True)
        for true, false in zip(one[:-1], other[:-1], strict=True)
    ]
    return torch.stack(losses).mean()

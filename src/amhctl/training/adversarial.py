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


def generator_loss(made: Features) -> Tensor:
    """Return how far verdicts on reconstructions are from 1, a mean over discriminators."""
    return torch.stack([(1.0 - features[-1]).square().mean() for features in made]).mean()


def accuracy(real: Features, made: Features) -> tuple[float, float]:
    """Return the share of verdicts that are right on recordings and on reconstructions, means over discriminators.

    Half of each is what discriminators that see no difference reach.
    """
    right_of_real = [float((features[-1].detach() > 0.5).float().mean()) for features in real]
    right_of_made = [float((features[-1].detach() < 0.5).float().mean()) for features in made]
    return sum(right_of_real) / len(right_of_real), sum(right_of_made) / len(right_of_made)


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


def balanced_gradient(made_BN: Tensor, first: Tensor, others: Sequence[tuple[Tensor, float]]) -> Tensor:
    """Return the gradient of several losses of a waveform, in which each weight is a share of the first's gradient.

    A loss of discriminators has a gradient a hundred times smaller or larger than that of a spectral distance, as they
    learn: a factor on the loss itself would be right at one moment only. As EnCodec's balancer (arXiv 2210.13438).

    Parameters
    ----------
    made_BN : Tensor
        The waveform, a leaf on which the losses depend.
    first : Tensor
        Loss whose gradient is taken as it is.
    others : Sequence[tuple[Tensor, float]]
        Further losses, each with the norm that its gradient gets, in norms of the first's.
    """
    (total,) = torch.autograd.grad(first, made_BN, retain_graph=bool(others))
    size = total.norm()
    for position, (loss, weight) in enumerate(others):
        (gradient,) = torch.autograd.grad(loss, made_BN, retain_graph=position + 1 < len(others))
        total = total + weight * size / gradient.norm().clamp(min=1e-12) * gradient
    return total

"""Discriminators in training, against a generator of waveforms. Knows no generator.

Shapes: ``B segments, N samples``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from amhctl.nn.discriminators import Discriminators
from amhctl.training.adversarial import accuracy, discriminator_loss, feature_loss, generator_loss
from amhctl.training.seeding import derive_seed

_BETAS = (0.8, 0.98)
# DAC's own: a discriminator's gradient grows when it wins.
_LARGEST_NORM = 10.0


class DiscriminatorTraining:
    """Discriminators and what trains them.

    Parameters
    ----------
    periods, windows : Sequence[int]
        As of ``Discriminators``.
    width : int
        Channels of their first layers.
    rate : float
        Their learning rate.
    seed : int
        Of the run.
    device : torch.device
        Where to compute.
    """

    def __init__(
        self,
        *,
        periods: Sequence[int],
        windows: Sequence[int],
        width: int,
        rate: float,
        seed: int,
        device: torch.device,
    ) -> None:
        torch.manual_seed(derive_seed(seed, "discriminators"))
        self.network = Discriminators(periods=periods, windows=windows, width=width).to(device)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, betas=_BETAS)

    def learn(self, real_BN: Tensor, made_BN: Tensor) -> dict[str, float]:
        """Train the discriminators on recordings and what was made of them; return loss and accuracies."""
        judges = self.network
        judges.requires_grad_(True)
        real, made = judges(real_BN), judges(made_BN.detach())
        loss = discriminator_loss(real, made)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(judges.parameters(), _LARGEST_NORM)
        self.optimizer.step()
        # The generator's step leaves them as they are.
        judges.requires_grad_(False)
        right_of_real, right_of_made = accuracy(real, made)
        return {"discriminator": float(loss.detach()), "right_of_real": right_of_real, "right_of_made": right_of_made}

    def judge(self, real_BN: Tensor, made_BN: Tensor) -> tuple[Tensor, Tensor]:
        """Return how far what was made is from deceiving the discriminators, and from their features of recordings."""
        with torch.no_grad():
            real = self.network(real_BN)
        made = self.network(made_BN)
        return generator_loss(made), feature_loss(real, made)

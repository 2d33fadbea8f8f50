"""Drawing codes from logits: pure functions of tensors, randomness by a generator.

Shapes: ``B rows, V codes``.
"""

import torch
from torch import Tensor


def sample(
    logits_BV: Tensor,
    *,
    temperature: float,
    top_k: int,
    top_p: float,
    generator: torch.Generator,
) -> Tensor:
    """Return one id a row, shape (B,); temperature 0 takes the likeliest.

    Parameters
    ----------
    logits_BV : Tensor
        Unnormalised; minus infinity forbids an id.
    temperature : float
        Divides the logits.
    top_k : int
        Keeps the k likeliest ids; 0 keeps all.
    top_p : float
        Keeps the likeliest ids that together reach this probability; 1 keeps all (Holtzman et al. 2019,
        arXiv 1904.09751).
    generator : torch.Generator
        The only source of randomness.
    """
    if temperature == 0.0:
        return logits_BV.argmax(dim=-1)
    # The likeliest is at zero, so that no temperature, however low, makes it infinite.
    logits_BV = (logits_BV - logits_BV.amax(dim=-1, keepdim=True)) / temperature
    if 0 < top_k < logits_BV.shape[-1]:
        smallest_B1 = logits_BV.topk(top_k, dim=-1).values[:, -1:]
        logits_BV = logits_BV.masked_fill(logits_BV < smallest_B1, -torch.inf)
    probabilities_BV = torch.softmax(logits_BV, dim=-1)
    if top_p < 1.0:
        sorted_BV, order_BV = probabilities_BV.sort(dim=-1, descending=True)
        # An id stays if the ids before it have not yet reached top_p: the likeliest always does.
        kept_BV = (sorted_BV.cumsum(dim=-1) - sorted_BV) < top_p
        probabilities_BV = torch.zeros_like(probabilities_BV).scatter(1, order_BV, sorted_BV * kept_BV)
    return torch.multinomial(probabilities_BV, 1, generator=generator)[:, 0]


def penalise_repetition(logits_BV: Tensor, seen_BV: Tensor, penalty: float) -> Tensor:
    """Return logits in which ids seen before are less likely: positive ones divided, negative ones multiplied.

    Each id is penalised once, however often it occurred (Keskar et al. 2019, arXiv 1909.05858, as in transformers).
    """
    penalised_BV = torch.where(logits_BV > 0, logits_BV / penalty, logits_BV * penalty)
    return torch.where(seen_BV, penalised_BV, logits_BV)

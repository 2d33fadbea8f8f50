"""Drawing codes from logits: pure functions of tensors, randomness by a generator.

Shapes: ``B rows, V codes, K codes kept``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def sample(
    logits_BV: Tensor,
    *,
    temperature: float,
    top_k: int,
    top_p: float,
    generators: Sequence[torch.Generator],
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
    generators : Sequence[torch.Generator]
        The only sources of randomness: each draws for as many rows, the first for the first ones.
    """
    if temperature == 0.0:
        return logits_BV.argmax(dim=-1)
    kept = min(top_k or logits_BV.shape[-1], logits_BV.shape[-1])
    # K is the number of ids kept, the likeliest first: so there is nothing left to sort for top_p.
    logits_BK, order_BK = logits_BV.topk(kept, dim=-1)
    # The likeliest is at zero, so that no temperature, however low, makes it infinite.
    probabilities_BK = torch.softmax((logits_BK - logits_BK[:, :1]) / temperature, dim=-1)
    if top_p < 1.0:
        # An id stays if the ids before it have not yet reached top_p: the likeliest always does.
        probabilities_BK = probabilities_BK * ((probabilities_BK.cumsum(dim=-1) - probabilities_BK) < top_p)
    shares = torch.split(probabilities_BK, logits_BV.shape[0] // len(generators))
    sampled = [torch.multinomial(own, 1, generator=one) for own, one in zip(shares, generators, strict=True)]
    return order_BK.gather(1, torch.cat(sampled))[:, 0]


def penalise_repeats(logits_BV: Tensor, past_BP: Tensor, penalty: float) -> Tensor:
    """Return logits in which ids that were drawn before are less likely, each once.

    Source: Keskar et al. 2019, arXiv 1909.05858, section 4.1; for logits below 0 as Hugging Face has it.

    Parameters
    ----------
    logits_BV : Tensor
        Unnormalised.
    past_BP : Tensor
        The ids that each row has drawn, P of them.
    penalty : float
        Divides logits above 0 and multiplies those below; 1 changes nothing.
    """
    logits_BP = logits_BV.gather(1, past_BP)
    return logits_BV.scatter(1, past_BP, torch.where(logits_BP < 0.0, logits_BP * penalty, logits_BP / penalty))

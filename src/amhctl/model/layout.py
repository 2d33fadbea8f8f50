"""How codebooks stand in one sequence: delayed streams, and their exact inverse. Pure functions of tensors.

Stream q is delayed by q positions (the delay pattern of Copet et al. 2023, arXiv 2306.05284). For frames c1 … cS::

    book 0   start c1    c2    …  cS    stop  stop …
    book 1   start start c1    c2 …     cS    stop …
    book 2   start start start c1 …           cS   …

Inputs have P = S + Q + 1 positions; the target at a position is the input of the next one, and a stop after the last.
With one book this is the official layout: ``start c1 … cS stop`` in, ``c1 … cS stop stop`` out.

Shapes: ``B batch, Q codebooks, S frames, P positions``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.core.errors import ModelError


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """Delayed streams.

    Attributes
    ----------
    inputs_BQP : Tensor
        What the model is shown.
    targets_BQP : Tensor
        What it is to predict at each position.
    mask_BQP : Tensor
        True where a target counts: every code and exactly one stop of each book.
    """

    inputs_BQP: Tensor
    targets_BQP: Tensor
    mask_BQP: Tensor


def delay(codes_BQS: Tensor, lengths_B: Tensor, *, start: int, stop: int) -> Streams:
    """Return the delayed streams of codes; frames beyond an item's length are ignored.

    Raises
    ------
    ModelError
        If the codes are not (B, Q, S) or a length does not lie within them.
    """
    if codes_BQS.ndim != 3 or lengths_B.shape != codes_BQS.shape[:1]:
        raise ModelError(f"codes {tuple(codes_BQS.shape)} and lengths {tuple(lengths_B.shape)} do not match")
    _, books, frames = codes_BQS.shape
    positions = frames + books + 1
    device = codes_BQS.device
    frame_QP = torch.arange(positions, device=device)[None] - 1 - torch.arange(books, device=device)[:, None]
    gathered_BQP = torch.gather(
        functional.pad(codes_BQS, (0, 1), value=stop),
        2,
        frame_QP.clamp(0, frames).expand(codes_BQS.shape[0], -1, -1),
    )
    ended_BQP = frame_QP[None] >= lengths_B[:, None, None]
    inputs_BQP = gathered_BQP.masked_fill(ended_BQP, stop).masked_fill(frame_QP[None] < 0, start)
    targets_BQP = functional.pad(inputs_BQP[..., 1:], (0, 1), value=stop)
    # The input of the next position is frame `frame_QP + 1`: it counts from the first frame to one past the last.
    following_QP = frame_QP + 1
    mask_BQP = (following_QP[None] >= 0) & (following_QP[None] <= lengths_B[:, None, None])
    return Streams(inputs_BQP, targets_BQP, mask_BQP)

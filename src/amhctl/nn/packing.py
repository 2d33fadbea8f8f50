"""Rows of a batch whose padding is in the middle, moved so that it comes after everything.

Then a causal mask alone hides it: no position that counts comes after one that does not, and attention needs no mask
that is written out for each row. Positions are already added, so a state does not depend on where it stands.

Shapes: ``B batch, K positions, D width``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """Where each position of a row is read from, there and back."""

    forth_BK: Tensor
    back_BK: Tensor

    def pack(self, states_BKD: Tensor) -> Tensor:
        """Return the rows with their padding behind, shape (B, K, D)."""
        return _read(states_BKD, self.forth_BK)

    def unpack(self, states_BKD: Tensor) -> Tensor:
        """Return packed rows as they were; what stands where padding was means nothing."""
        return _read(states_BKD, self.back_BK)


def close_gap(begins_B: Tensor, end: int, positions: int) -> Packing:
    """Return the packing of rows that have a gap.

    Parameters
    ----------
    begins_B : Tensor
        Where the padding of each row begins, int64; ``end`` where it has none.
    end : int
        Where it ends in all of them.
    positions : int
        Length K of a row.
    """
    place_K = torch.arange(positions, device=begins_B.device)
    begins_B1 = begins_B[:, None]
    gaps_B1 = end - begins_B1
    forth_BK = torch.where(place_K < begins_B1, place_K, (place_K + gaps_B1).clamp(max=positions - 1))
    back_BK = torch.where(place_K < end, place_K, place_K - gaps_B1)
    return Packing(forth_BK, back_BK)


def _read(states_BKD: Tensor, index_BK: Tensor) -> Tensor:
    return states_BKD.gather(1, index_BK[..., None].expand(-1, -1, states_BKD.shape[2]))

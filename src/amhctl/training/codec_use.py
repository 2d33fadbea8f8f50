"""How much of its codebooks a codec uses while it is trained, and which of them have collapsed. Knows no networks.

A codebook collapses when the encoder's output meets only few of its codes: the others are never chosen, so never
trained, and what they could have said is lost.

Shapes: ``B segments, S frames, Q codebooks, V codes of a codebook``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from amhctl.core.findings import Finding, Rule, Rules, Severity

RULES = Rules(
    Rule(
        "R010",
        Severity.WARNING,
        "codebook collapsed",
        "At the end of codec training, fewer than 20 % of a codebook's codes were used for the training segments, "
        "although there were enough segments to use nearly all: the codebook carries little information.",
    ),
)
_LOWEST_SHARE = 0.2
# Of codes that are equally likely, four vectors a code leave e⁻⁴ = 2 % unseen.
_VECTORS_PER_CODE = 4


@dataclass(frozen=True, slots=True)
class Collapse:
    """A codebook of which little is in use.

    Attributes
    ----------
    codebook : int
        Which, counted from 1.
    share : float
        Fraction of its codes that occurred.
    """

    codebook: int
    share: float

    def __str__(self) -> str:
        """Return the codebook and the share in use."""
        return f"codebook {self.codebook} has collapsed: {self.share:.0%} of its codes in use"

    def finding(self, codec: str) -> Finding:
        """Return the finding of a finished run."""
        hint = "train on more speech, with a smaller codebook, a lower learning rate or a larger commitment weight"
        return RULES.finding("R010", codec, str(self), hint)


class CodebookUse:
    """Counts the codes of training steps.

    Parameters
    ----------
    codebooks, codebook_size : int
        Shape of the quantiser; nothing is counted where there is none.
    """

    def __init__(self, codebooks: int, codebook_size: int) -> None:
        self.counts_QV = torch.zeros(codebooks, codebook_size, dtype=torch.int64)
        self.shares: tuple[float, ...] = ()

    def add(self, codes_BSQ: Tensor) -> None:
        """Count the codes of one step; a code below zero stands for a stage that was left out."""
        for book, counts in enumerate(self.counts_QV):
            chosen = codes_BSQ[..., book].reshape(-1).cpu()
            counts += torch.bincount(chosen[chosen >= 0], minlength=counts.shape[0])

    def close(self) -> tuple[float, ...]:
        """Return the shares in use since the last time, and begin again; as before if too little was counted."""
        vectors = self.counts_QV.sum(dim=1)
        if vectors.numel() and int(vectors.min()) >= _VECTORS_PER_CODE * self.counts_QV.shape[1]:
            self.shares = tuple(float(share) for share in (self.counts_QV > 0).float().mean(dim=1))
            self.counts_QV.zero_()
        return self.shares

    def collapsed(self) -> tuple[Collapse, ...]:
        """Return the codebooks that had collapsed when the shares were last taken."""
        pairs = enumerate(self.shares, start=1)
        return tuple(Collapse(book, share) for book, share in pairs if share < _LOWEST_SHARE)

"""Learnt tables of ids and positions, initialised as GPT-2's are. Sees numbers only.

Shapes: ``D width``.
"""

from torch import nn


class IdTable(nn.Embedding):
    """One row of width D for each id."""

    def reset_parameters(self) -> None:
        """Draw the rows from a normal distribution of deviation 0.02 (Radford et al. 2019)."""
        nn.init.normal_(self.weight, std=0.02)


class PositionTable(nn.Module):
    """One row of width D for each position; the table lies one name deeper, as in the official file."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.emb = IdTable(rows, width)

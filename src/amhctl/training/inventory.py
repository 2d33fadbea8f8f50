"""How many parameters of a voice learn, and which rows of its text: what is said before a run begins."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from amhctl.nn.split_rows import SplitRows
from amhctl.training.network_tensors import stored_parameters
from amhctl.training.parts import is_low_rank


@dataclass(frozen=True, slots=True)
class Inventory:
    """Counts of parameters.

    Attributes
    ----------
    total : int
        Of the voice, without adapters.
    trainable : int
        That learn, those of adapters among them.
    frozen : int
        That do not.
    adapter : int
        Of the low-rank terms, which are beside the voice's own.
    base_rows, new_rows : int
        Pieces of the base's vocabulary, and those that growing added; all are the base's where it is not known that it
        was grown.
    rows_split : bool
        Whether the rows of the base are constants.
    """

    total: int
    trainable: int
    frozen: int
    adapter: int
    base_rows: int
    new_rows: int
    rows_split: bool

    def payload(self) -> dict[str, object]:
        """Return the counts for JSON."""
        return {
            "total": self.total,
            "trainable": self.trainable,
            "frozen": self.frozen,
            "adapter": self.adapter,
            "text_rows": {"base": self.base_rows, "new": self.new_rows, "base_frozen": self.rows_split},
        }

    def lines(self) -> Iterator[str]:
        """Return the counts for people."""
        share = self.trainable / max(1, self.total + self.adapter)
        beside = f", {self.adapter:,} of them in adapters" if self.adapter else ""
        yield f"{self.total:,} parameters: {self.trainable:,} learn ({share:.1%}){beside}; {self.frozen:,} are frozen"
        fixed = " (not trained)" if self.rows_split else ""
        yield f"text embeddings: {self.base_rows:,} of the base{fixed}, {self.new_rows:,} new"


def take_inventory(model: nn.Module, *, pieces: int, base_rows: int | None) -> Inventory:
    """Count the parameters of a voice that has been set up to learn.

    Parameters
    ----------
    model : nn.Module
        The voice.
    pieces : int
        Of its vocabulary.
    base_rows : int | None
        How many of them are the base's; None where that is not known.
    """
    constants = [module for module in model.modules() if isinstance(module, SplitRows)]
    frozen = sum(module.before.numel() + module.behind.numel() for module in constants)
    trainable = adapter = 0
    for each in stored_parameters(model):
        count = each.parameter.numel()
        if ".ranknum" in each.name:
            continue
        if is_low_rank(each.name):
            adapter += count
        if each.parameter.requires_grad:
            trainable += count
        else:
            frozen += count
    base = pieces if base_rows is None else base_rows
    return Inventory(
        total=trainable - adapter + frozen,
        trainable=trainable,
        frozen=frozen,
        adapter=adapter,
        base_rows=base,
        new_rows=pieces - base,
        rows_split=bool(constants),
    )

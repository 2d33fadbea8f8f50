"""Growing the text rows of a network for a vocabulary that was extended. Sees ids and numbers, no pieces.

A UnifiedVoice's text embedding and head have N + 1 rows for a vocabulary of N pieces, as in the official file; the last
one belongs to no piece (spec/unified_voice.md, 1.3). A FlowVoice's text embedding has N rows. Growing moves each old
row, bit for bit, to the id that its piece has in the extended vocabulary, puts the new pieces' rows after them and
moves the row of no piece to the end. An optimiser's moments of a row (``<parameter>/<slot>``) go with it; those of new
rows start at zero, as those of any parameter do.
"""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from amhctl.core.errors import ModelError
from amhctl.model.versions import FLOW_VOICE, UNIFIED_VOICE

EMBEDDING = "text_embedding.weight"
HEAD = ("text_head.weight", "text_head.bias")

SPARE_ROWS: Mapping[str, int] = {UNIFIED_VOICE: 1, FLOW_VOICE: 0}
"""How many text rows behind those of its pieces each kind of voice has."""

# New rows are scattered about their source by a tenth of the spread of the old ones: enough that two pieces with the
# same source do not start as one, little enough that the network knows them.
_SCATTER = 0.1


class RowPlan(Protocol):
    """Which rows go where and which are appended; ``tokenizer.RowPlacement`` is one."""

    @property
    def moved(self) -> tuple[int, ...]:
        """For each id of the base vocabulary, the network's present row of that piece."""
        ...

    @property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """For each new row, the ids, smaller than its own, that it starts as the mean of; empty if there are none."""
        ...


def grow_text_rows(tensors: Mapping[str, Tensor], plan: RowPlan, *, spare: int, seed: int = 0) -> dict[str, Tensor]:
    """Return the tensors with the text rows grown; all others are passed on as they are.

    A new embedding or head row is the mean of its sources, or of all old rows, plus scatter from the seed; a new bias
    is the plain mean, so that no new piece is more likely than the old ones from the start. A network without a text
    head (a FlowVoice, or ``alignment`` without ``text_prefix``) keeps having none.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        Those of a whole voice.
    plan : RowPlan
        Which rows go where.
    spare : int
        How many rows belong to no piece, ``SPARE_ROWS`` of its kind.
    seed : int
        Of the scatter.

    Raises
    ------
    ModelError
        If a text tensor is missing or does not have the rows of the base vocabulary's pieces and the spare ones, or the
        plan moves a row twice or starts one from a row that is not below it.
    """
    names = (EMBEDDING, *(name for name in HEAD if name in tensors))
    if EMBEDDING not in tensors or len(names) == 2:
        raise ModelError(
            "the text embedding or half of the text head is missing",
            subject=EMBEDDING if EMBEDDING not in tensors else " and ".join(HEAD),
            hint="grow the tensors of a whole voice",
        )
    _check_plan(plan)
    generator = torch.Generator().manual_seed(seed)
    grown = dict(tensors)
    for name in names:
        _check_rows(name, tensors[name], plan, spare)
        grown[name] = _grow(tensors[name], plan, None if name.endswith("bias") else generator)
    return grown


def grow_text_moments(tensors: Mapping[str, Tensor], plan: RowPlan, *, spare: int) -> dict[str, Tensor]:
    """Return an optimiser's tensors with the moments of the text rows grown; counts of steps stay.

    Raises
    ------
    ModelError
        If a moment does not have the rows of the base vocabulary's pieces and the spare ones, or the plan moves a row
        twice.
    """
    _check_plan(plan)
    grown = dict(tensors)
    for key, moment in tensors.items():
        name, _, _slot = key.rpartition("/")
        if name in (EMBEDDING, *HEAD) and moment.ndim > 0:
            _check_rows(key, moment, plan, spare)
            grown[key] = _spread(moment, plan)
    return grown


def _check_plan(plan: RowPlan) -> None:
    size = len(plan.moved)
    if sorted(plan.moved) != list(range(size)):
        raise ModelError("the plan does not map each old row exactly once", subject="plan")
    for place, sources in enumerate(plan.sources):
        if any(not 0 <= number < size + place for number in sources):
            raise ModelError(f"the sources of row {size + place} are not all earlier rows", subject="plan")


def _check_rows(name: str, table: Tensor, plan: RowPlan, spare: int) -> None:
    rows, size = table.shape[0], len(plan.moved)
    if rows != size + spare:
        raise ModelError(
            f"{rows} rows do not fit a vocabulary of {size} pieces, which has {size + spare}",
            subject=name,
            hint="extend the vocabulary that the checkpoint was made with",
        )


def _spread(table: Tensor, plan: RowPlan) -> Tensor:
    """Return the table with its rows where they belong, and zeros where new ones will be."""
    size, new = len(plan.moved), len(plan.sources)
    result = torch.zeros((len(table) + new, *table.shape[1:]), dtype=table.dtype)
    result[:size] = table[list(plan.moved)]
    result[size + new :] = table[size:]
    return result


def _grow(table: Tensor, plan: RowPlan, generator: torch.Generator | None) -> Tensor:
    result = _spread(table, plan)
    size = len(plan.moved)
    exact = result[:size].float()
    mean, spread = exact.mean(dim=0), exact.std(dim=0) * _SCATTER
    for place, sources in enumerate(plan.sources):
        row = result[list(sources)].float().mean(dim=0) if sources else mean.clone()
        if generator is not None:
            row += spread * torch.randn(row.shape, generator=generator)
        result[size + place] = row.to(table.dtype)
    return result

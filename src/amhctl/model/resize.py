"""Growing the text rows of a network for a vocabulary that was extended. Sees ids and numbers, no pieces.

The text embedding and head of a vocabulary of N pieces have N + 1 rows, as in the official file; the last one belongs
to no piece (spec/unified_voice.md, 1.3). Growing keeps rows 0 to N - 1 bit for bit, puts the new pieces' rows behind
them and moves the last row to the end.
"""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from amhctl.core.errors import ModelError

EMBEDDING = "text_embedding.weight"
HEAD = ("text_head.weight", "text_head.bias")

# New rows are scattered about their source by a tenth of the spread of the old ones: enough that two pieces with the
# same source do not start as one, little enough that the network knows them.
_SCATTER = 0.1


class RowPlan(Protocol):
    """Which rows to append; ``tokenizer.ExtensionPlan`` is one."""

    @property
    def base_size(self) -> int:
        """Pieces before."""
        ...

    @property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """For each new row, the ids, smaller than its own, that it starts as the mean of; empty if there are none."""
        ...


def grow_text_rows(tensors: Mapping[str, Tensor], plan: RowPlan, *, seed: int = 0) -> dict[str, Tensor]:
    """Return the tensors with the text rows grown; all others are passed on as they are.

    A new embedding or head row is the mean of its sources, or of all old rows, plus scatter from the seed; a new bias
    is the plain mean, so that no new piece is more likely than the old ones from the start. A network without a text
    head (``alignment`` without ``text_prefix``) keeps having none.

    Raises
    ------
    ModelError
        If a text tensor is missing or does not have one row more than the base vocabulary has pieces, or a source lies
        above its row.
    """
    names = (EMBEDDING, *(name for name in HEAD if name in tensors))
    if EMBEDDING not in tensors or len(names) == 2:
        raise ModelError(
            "the text embedding or half of the text head is missing",
            subject=EMBEDDING if EMBEDDING not in tensors else " and ".join(HEAD),
            hint="grow the tensors of a whole UnifiedVoice",
        )
    for name in names:
        rows = tensors[name].shape[0]
        if rows != plan.base_size + 1:
            raise ModelError(
                f"{rows} rows do not fit a vocabulary of {plan.base_size} pieces, which has {plan.base_size + 1}",
                subject=name,
                hint="extend the vocabulary that the checkpoint was made with",
            )
    for place, sources in enumerate(plan.sources):
        if any(not 0 <= number < plan.base_size + place for number in sources):
            raise ModelError(f"the sources of row {plan.base_size + place} are not all below it", subject="plan")
    generator = torch.Generator().manual_seed(seed)
    grown = dict(tensors)
    for name in names:
        grown[name] = _grow(tensors[name], plan, None if name.endswith("bias") else generator)
    return grown


def _grow(table: Tensor, plan: RowPlan, generator: torch.Generator | None) -> Tensor:
    old, unused = table[:-1], table[-1:]
    result = torch.empty((table.shape[0] + len(plan.sources), *table.shape[1:]), dtype=table.dtype)
    result[: plan.base_size] = old
    result[-1:] = unused
    exact = old.float()
    mean, spread = exact.mean(dim=0), exact.std(dim=0) * _SCATTER
    for place, sources in enumerate(plan.sources):
        row = result[list(sources)].float().mean(dim=0) if sources else mean.clone()
        if generator is not None:
            row += spread * torch.randn(row.shape, generator=generator)
        result[plan.base_size + place] = row.to(table.dtype)
    return result

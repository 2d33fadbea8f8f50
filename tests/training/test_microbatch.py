"""Twin of ``training/microbatch.py``."""

from dataclasses import dataclass

import pytest
import torch

from amhctl.training.losses import TargetCounts
from amhctl.training.microbatch import cut, iterate_parts


@dataclass(frozen=True)
class Small:
    ids: tuple[str, ...]
    values_BT: torch.Tensor
    durations_BT: torch.Tensor | None


@pytest.mark.parametrize(("items", "parts", "sizes"), [(5, 2, [2, 3]), (4, 4, [1] * 4), (3, 8, [1] * 3), (7, 1, [7])])
def test_items_are_cut_into_parts_alike_in_size(items: int, parts: int, sizes: list[int]) -> None:
    rows = cut(items, parts)
    assert [each.stop - each.start for each in rows] == sizes
    assert [index for each in rows for index in range(each.start, each.stop)] == list(range(items))


def test_batches_and_what_stands_behind_them_are_cut_alike() -> None:
    batch = Small(("a", "b", "c"), torch.arange(6).view(3, 2), None)
    counts, noise_B, scale = TargetCounts(7, 8, 9), torch.tensor([1.0, 2.0, 3.0]), torch.tensor(4.0)
    parts = list(iterate_parts(batch, (noise_B, counts, 0.5, Small(("x",) * 3, noise_B, noise_B), scale), 2))
    assert [part.ids for part, _ in parts] == [("a",), ("b", "c")]
    assert torch.equal(torch.cat([part.values_BT for part, _ in parts]), batch.values_BT)
    assert torch.equal(torch.cat([behind[0] for _, behind in parts]), noise_B)
    assert [behind[1:3] for _, behind in parts] == [(counts, 0.5)] * 2
    assert [behind[3].durations_BT.tolist() for _, behind in parts] == [[1.0], [2.0, 3.0]]
    assert all(behind[4] is scale for _, behind in parts)
    assert parts[0][0].durations_BT is None
    (whole, behind), *rest = iterate_parts(batch, (noise_B,), 1)
    assert (whole is batch, behind[0] is noise_B, rest) == (True, True, [])

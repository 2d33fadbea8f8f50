"""Tables of ids and positions: names and initial spread."""

import pytest
import torch

from amhctl.nn.embedding import IdTable, PositionTable


def test_rows_start_with_the_spread_of_gpt2() -> None:
    torch.manual_seed(0)
    assert float(IdTable(400, 64).weight.detach().std()) == pytest.approx(0.02, rel=0.02)


def test_positions_lie_under_the_official_name() -> None:
    assert {name: value.shape for name, value in PositionTable(5, 4).state_dict().items()} == {"emb.weight": (5, 4)}

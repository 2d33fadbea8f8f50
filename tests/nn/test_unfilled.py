"""Twin of ``nn/unfilled.py``."""

import subprocess
import sys

import torch
from torch import nn

from amhctl.nn.unfilled import unfilled


def test_a_network_without_values_takes_those_of_another() -> None:
    filled = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 3), nn.LayerNorm(3))
    with unfilled():
        shape = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 3), nn.LayerNorm(3))
    assert all(each.is_meta for each in shape.parameters())
    assert [each.shape for each in shape.parameters()] == [each.shape for each in filled.parameters()]
    shape.load_state_dict(filled.state_dict(), assign=True)
    ids = torch.arange(7)
    assert torch.equal(shape(ids), filled(ids))


def test_what_is_made_afterwards_is_filled() -> None:
    with unfilled():
        pass
    assert nn.Linear(3, 3).weight.abs().max() > 0


def test_no_compiler_is_loaded() -> None:
    code = "import sys; from torch import nn; from amhctl.nn.unfilled import unfilled\n"
    code += "with unfilled(): nn.Embedding(5, 3); nn.Linear(3, 3); nn.Conv1d(3, 3, 1)\n"
    code += "sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

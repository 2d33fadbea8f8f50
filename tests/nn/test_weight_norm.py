"""Weight normalisation, taken out: the weights that torch computes with it."""

import torch
from torch import nn
from torch.nn.utils import parametrizations

from amhctl.nn.weight_norm import fold_weight_norm


def test_the_folded_weight_is_the_one_that_torch_computes() -> None:
    torch.manual_seed(0)
    for layer in (nn.Conv1d(3, 5, 7), nn.ConvTranspose1d(4, 6, 3), nn.Linear(5, 2)):
        normed = parametrizations.weight_norm(layer)
        length, direction = normed.parametrizations.weight.original0, normed.parametrizations.weight.original1
        with torch.no_grad():
            length.uniform_(0.5, 2.0)
        torch.testing.assert_close(fold_weight_norm(length, direction), normed.weight)

"""Twin of ``training/arithmetic_mode.py``; whole steps are compared in ``test_memory``."""

import pytest
import torch
from torch.nn import functional

from amhctl.training.arithmetic_mode import ArithmeticMode
from amhctl.training.precision import Precision
from amhctl.training.tally import Tally


@pytest.mark.parametrize(
    ("precision", "device", "product", "norm"),
    [
        ("fp32", "cuda", torch.float32, torch.float32),
        ("bf16", "cuda", torch.bfloat16, torch.float32),
        ("fp16", "cuda", torch.float16, torch.float32),
        ("bf16", "cpu", torch.bfloat16, torch.bfloat16),
    ],
)
def test_types_are_those_of_automatic_casts(
    precision: Precision, device: str, product: torch.dtype, norm: torch.dtype
) -> None:
    hidden, weight = torch.empty(3, 4, device="meta"), torch.empty(5, 4, device="meta")
    with ArithmeticMode(precision, device):
        result = functional.linear(hidden, weight)
        assert result.dtype == (hidden @ weight.T).dtype == product
        assert functional.layer_norm(result, (5,)).dtype == norm
        assert (hidden + 1.0).dtype == torch.float32


def attend(device: str, dropout: float) -> int:
    query = torch.empty(1, 1, 256, 8, device="meta", requires_grad=True)
    with Tally("meta") as tally, ArithmeticMode("fp32", device):
        functional.scaled_dot_product_attention(query, query, query, dropout_p=dropout, is_causal=True).sum().backward()
    return tally.peak


def test_attention_writes_its_weights_out_only_where_a_cpu_drops_some() -> None:
    weights = 256 * 256 * 4
    assert attend("cpu", 0.1) > weights
    assert attend("cpu", 0.0) < weights
    assert attend("cuda", 0.1) < weights


def test_masks_of_dropout_have_a_byte_for_each_value_on_an_accelerator() -> None:
    hidden = torch.empty(1000, device="meta", requires_grad=True)
    peaks = []
    for device in ("cpu", "cuda"):
        with Tally("meta") as tally, ArithmeticMode("fp32", device):
            dropped = functional.dropout(hidden, 0.5, True)
            assert functional.dropout(hidden, 0.5, False) is hidden or device == "cpu"
        peaks.append(tally.peak)
        del dropped
    assert peaks[1] == 4000 + 1000
    assert peaks[0] >= 8000

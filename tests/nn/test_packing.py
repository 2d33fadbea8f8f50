"""Twin of ``nn/packing.py``."""

import torch

from amhctl.nn.attention import CausalSelfAttention, causal_mask
from amhctl.nn.packing import close_gap


def test_padding_goes_behind_and_the_rest_keeps_its_order() -> None:
    rows_BK = torch.tensor([[1, 2, 0, 0, 5, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 0, 5, 6]])
    packing = close_gap(torch.tensor([2, 4, 3]), 4, 6)
    packed = packing.pack(rows_BK[..., None])[..., 0]
    assert [row[:4].tolist() for row in packed] == [[1, 2, 5, 6], [1, 2, 3, 4], [1, 2, 3, 5]]
    assert packed[1].tolist() == rows_BK[1].tolist()
    assert packed[2, 4] == 6
    unpacked = packing.unpack(packed[..., None])[..., 0]
    assert torch.equal(unpacked[rows_BK > 0], rows_BK[rows_BK > 0])


def test_causal_attention_over_packed_rows_is_masked_attention_over_padded_ones() -> None:
    torch.manual_seed(0)
    attention = CausalSelfAttention(16, 2, 0.0)
    hidden_BKD = torch.randn(2, 9, 16)
    keep_BK = torch.ones(2, 9, dtype=torch.bool)
    keep_BK[0, 3:6] = False
    masked = attention(hidden_BKD, causal_mask(keep_BK))
    packing = close_gap(torch.tensor([3, 6]), 6, 9)
    packed = packing.unpack(attention(packing.pack(hidden_BKD)))
    torch.testing.assert_close(packed[keep_BK], masked[keep_BK])

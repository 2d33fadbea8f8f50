"""Twin of ``training/huggingface_decoder.py``: the same function as our decoder, by other code."""

import torch

from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.nn.attention import causal_mask
from amhctl.nn.decoder import Decoder
from amhctl.training.huggingface_decoder import HuggingFaceDecoder

SHAPE = ModelConfig(
    model_dim=16,
    layers=2,
    heads=2,
    max_text_tokens=8,
    max_mel_tokens=20,
    condition_module=ConformerConfig(output_size=8, attention_heads=2),
    emo_condition_module=None,
    dropout=0.0,
)


def test_it_computes_what_ours_computes() -> None:
    torch.manual_seed(0)
    ours = Decoder(width=16, heads=2, layers=2, dropout=0.0)
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    theirs = HuggingFaceDecoder(SHAPE, ours)
    hidden_BPD = torch.randn(2, 9, 16)
    torch.testing.assert_close(theirs(hidden_BPD), ours(hidden_BPD), rtol=1e-5, atol=1e-5)
    keep_BK = torch.ones(2, 9, dtype=torch.bool)
    keep_BK[1, 3:6] = False
    mask = causal_mask(keep_BK)
    wanted = ours(hidden_BPD, mask)
    torch.testing.assert_close(theirs(hidden_BPD, mask)[keep_BK], wanted[keep_BK], rtol=1e-5, atol=1e-5)
    assert not torch.allclose(wanted[1], ours(hidden_BPD)[1])


def test_it_learns_every_weight_and_has_no_other() -> None:
    ours = Decoder(width=16, heads=2, layers=2, dropout=0.0)
    theirs = HuggingFaceDecoder(SHAPE, ours)
    theirs(torch.randn(1, 5, 16)).square().sum().backward()
    assert {name.removeprefix("body."): each.shape for name, each in theirs.named_parameters()} == {
        name: each.shape for name, each in ours.named_parameters()
    }
    assert all(parameter.grad is not None for parameter in theirs.parameters())

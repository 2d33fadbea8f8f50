"""Codebooks in use: the codes and sums are those of the library that learns them."""

import torch
from torch import Tensor, nn

from amhctl.config.mel_codec import MelCodecConfig
from amhctl.nn.residual_codebooks import ResidualCodebooks, embeddings
from amhctl.training.learning_quantizer import learning_quantizer

SHAPE = MelCodecConfig(codebooks=4, codebook_size=64)


def _learnt(vectors_BSZ: Tensor) -> nn.Module:
    torch.manual_seed(1)
    learning = learning_quantizer(SHAPE)
    learning.train()
    with torch.no_grad():
        for _ in range(3):
            learning(vectors_BSZ)
    return learning.eval()


def test_codes_and_sums_are_the_librarys() -> None:
    vectors_BSZ = torch.randn(3, 200, 128, generator=torch.Generator().manual_seed(0))
    learnt = _learnt(vectors_BSZ)
    used = ResidualCodebooks(4, size=64, width=128)
    assert not used.load_state_dict(learnt.state_dict(), strict=False).missing_keys
    # Ties too: a code itself, and what lies between two.
    first, second = embeddings(learnt)[0][0, :2]
    probes_BSZ = torch.cat([vectors_BSZ[:1], torch.stack([first, (first + second) / 2])[None]], dim=1)
    for given_BSZ in (vectors_BSZ, probes_BSZ, vectors_BSZ * 1e-3, vectors_BSZ * 30):
        with torch.no_grad():
            rounded, codes, _ = learnt(given_BSZ)
        ours_rounded, ours_codes, losses = used(given_BSZ)
        torch.testing.assert_close(ours_codes, codes, rtol=0, atol=0)
        torch.testing.assert_close(ours_rounded, rounded)
        assert losses.tolist() == [0.0] * 4
    assert len(used(vectors_BSZ)[1].unique()) > 32


def test_stages_code_what_is_left_over() -> None:
    used = ResidualCodebooks(2, size=2, width=1)
    for embed_1VZ, values in zip(embeddings(used), ([-4.0, 4.0], [-1.0, 1.0]), strict=True):
        embed_1VZ.copy_(torch.tensor(values)[None, :, None])
    rounded, codes, _ = used(torch.tensor([[[4.6], [-5.3]]]))
    assert codes.tolist() == [[[1, 1], [0, 0]]]
    assert rounded.tolist() == [[[5.0], [-5.0]]]

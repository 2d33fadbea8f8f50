"""The learning quantiser: codebooks start from what they see and follow it."""

import torch

from amhctl.config.mel_codec import MelCodecConfig
from amhctl.nn.residual_codebooks import embeddings
from amhctl.training.learning_quantizer import learning_quantizer


def test_codebooks_start_from_the_first_vectors_and_follow_later_ones() -> None:
    torch.manual_seed(0)
    quantizer = learning_quantizer(MelCodecConfig(codebooks=1, codebook_size=2), vectors_per_step=400)
    quantizer.train()
    places = torch.tensor([-1.0, 1.0]).repeat(200)[:, None].expand(400, 128)
    with torch.no_grad():
        quantizer(places[None] + 0.01 * torch.randn(1, 400, 128))
        (started,) = (embed.clone() for embed in embeddings(quantizer))
        torch.testing.assert_close(started[0].mean(dim=-1).sort().values, torch.tensor([-1.0, 1.0]), atol=0.01, rtol=0)
        quantizer(2 * places[None])
        # One step moves a running average of decay 0.98 by a fiftieth of the way.
        (moved,) = embeddings(quantizer)
        torch.testing.assert_close(moved[0], started[0] + 0.02 * started[0].sign(), atol=2e-3, rtol=0)
        for _ in range(200):
            quantizer(2 * places[None])
    torch.testing.assert_close(
        embeddings(quantizer)[0][0].mean(dim=-1).sort().values, torch.tensor([-2.0, 2.0]), atol=0.1, rtol=0
    )

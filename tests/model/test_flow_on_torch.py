"""A FlowVoice of one utterance at a time: what the padded batches of training compute, item by item."""

import numpy as np
import torch
from support.flow_voices import random_text, tiny_flow

from amhctl.model.flow_on_torch import FlowOnTorch

LENGTHS = (3, 6)
DURATIONS = torch.tensor([[4, 3, 3, 0, 0, 0], [2, 4, 1, 5, 3, 3]])


@torch.no_grad()
def test_one_utterance_equals_it_in_a_batch() -> None:
    model = tiny_flow()
    network = FlowOnTorch(model)
    text_BP, lengths_B, speakers_BE = random_text(LENGTHS)
    told_BP2 = torch.randn(2, 6, 2, generator=torch.Generator().manual_seed(3))
    noise_B = torch.tensor([0.5, -1.0])
    encoded = model.encode(text_BP, lengths_B, speakers_BE)
    times_B = torch.full((2,), 0.25)
    log_durations = model.log_durations(encoded)
    noisy_BP3 = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(4))
    prosody = model.prosody_velocity(noisy_BP3, times_B, encoded)
    scores = [
        model.score(encoded, DURATIONS, noise_B, prosody_BP2=told_BP2),
        model.score(encoded, DURATIONS, noise_B, dropped_B=torch.ones(2, dtype=torch.bool)),
    ]
    noisy_BMX = torch.randn(*scores[0].keep_BM.shape, model.mel_width, generator=torch.Generator().manual_seed(5))
    velocities = [model.velocity(noisy_BMX, times_B, score) for score in scores]
    for item, pieces in enumerate(LENGTHS):
        text = network.read(text_BP[item, :pieces].numpy(), speakers_BE[item].numpy())
        frames, noise = DURATIONS[item, :pieces].numpy(), float(noise_B[item])
        np.testing.assert_allclose(text.log_durations_P, log_durations[item, :pieces], atol=1e-5)
        found_P3 = network.prosody_velocity(noisy_BP3[item, :pieces].numpy(), 0.25, text)
        np.testing.assert_allclose(found_P3, prosody[item, :pieces], atol=1e-4)
        own = (
            network.score(text, frames, noise, prosody_P2=told_BP2[item, :pieces].numpy(), drop_text=False),
            network.score(text, frames, noise, prosody_P2=None, drop_text=True),
        )
        steps = -(-int(frames.sum()) // model.config.stacked_frames)
        found = network.velocities(noisy_BMX[item, :steps].numpy(), 0.25, own)
        for velocity_MX, wanted in zip(found, velocities, strict=True):
            np.testing.assert_allclose(velocity_MX, wanted[item, :steps], atol=1e-4)


def test_scales_are_those_of_the_network() -> None:
    model = tiny_flow()
    network = FlowOnTorch(model)
    assert network.config is model.config
    np.testing.assert_array_equal(network.mel_scale.mean, model.mel_standard.mean.numpy())
    np.testing.assert_array_equal(network.mel_scale.deviation, model.mel_standard.deviation.numpy())
    np.testing.assert_array_equal(network.prosody_scale.mean, model.prosody_standard.mean.numpy())
    np.testing.assert_array_equal(network.prosody_scale.deviation, model.prosody_standard.deviation.numpy())

"""What a voice learns guidance from: the velocity that drawing computes in two, a batch like its items."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.flow_voices import random_text, tiny_flow
from torch import Tensor

from amhctl.batches.acoustic_batch import AcousticBatch
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.flow_sampling import sample_mel
from amhctl.training.guided_teacher import GuidedTeacher

GUIDANCE = 1.5
FRAMES = (18, 12)


@pytest.fixture(scope="module")
def teacher() -> GuidedTeacher:
    return GuidedTeacher(tiny_flow(), GUIDANCE)


@pytest.fixture(scope="module")
def batch() -> AcousticBatch:
    text_BP, lengths_B, speakers_BE = random_text((6, 4))
    generator = torch.Generator().manual_seed(3)
    return AcousticBatch(
        ids=("a", "b"),
        text_BP=text_BP,
        text_lengths_B=lengths_B,
        durations_BP=torch.tensor([[2, 4, 1, 5, 3, 3], [3, 3, 5, 1, 0, 0]]),
        mels_BTF=torch.zeros(2, max(FRAMES), 6),
        mel_lengths_B=torch.tensor(FRAMES),
        prosody_BP3=torch.randn(2, 6, 3, generator=generator),
        noise_B=torch.tensor([0.7, -0.4]),
        speakers_BE=speakers_BE,
        codes_BQS=torch.zeros(2, 0, 1, dtype=torch.int64),
    )


def noisy(batch: AcousticBatch) -> Tensor:
    return torch.randn(2, max(FRAMES) // 2, 12, generator=torch.Generator().manual_seed(5))


def guided(teacher: GuidedTeacher, batch: AcousticBatch, *, drop_text: bool = False, time: float = 0.3) -> Tensor:
    items = len(batch.ids)
    flags = torch.full((items,), drop_text)
    velocity_BMX: Tensor = teacher(
        noisy(batch)[:items],
        torch.full((items,), time),
        batch,
        dropped_B=flags,
        prosody_known_B=torch.zeros_like(flags),
    )
    return velocity_BMX


def alone(batch: AcousticBatch, place: int) -> AcousticBatch:
    rows = {
        name: getattr(batch, name)[place : place + 1]
        for name in batch.__dataclass_fields__
        if isinstance(getattr(batch, name), Tensor)
    }
    pieces = int(batch.text_lengths_B[place])
    cut = {name: rows[name][:, :pieces] for name in ("text_BP", "durations_BP", "prosody_BP3")}
    return replace(batch, ids=(batch.ids[place],), **{**rows, **cut})


def test_it_is_the_velocity_that_a_voice_is_drawn_with(teacher: GuidedTeacher, batch: AcousticBatch) -> None:
    network = FlowOnTorch(teacher.model)
    item = alone(batch, 0)
    text = network.read(item.text_BP[0].numpy(), item.speakers_BE[0].numpy())
    level = float(teacher.model.noise_standard(item.noise_B[:, None])[0, 0])
    durations_P = item.durations_BP[0].numpy()
    score = network.score(text, durations_P, level, prosody_P2=None, drop_text=False)
    silent = network.score(text, durations_P, level, prosody_P2=None, drop_text=True)
    begun = noisy(batch)[0].numpy()
    drawn_TF = sample_mel(network, score, begun, steps=1, guidance=GUIDANCE, silent=silent)
    scale = network.mel_scale
    # One step over all of the time: what is drawn is the noise and the velocity at time 0.
    wanted_MX = ((drawn_TF - scale.mean) / scale.deviation).reshape(begun.shape) - begun
    np.testing.assert_allclose(guided(teacher, item, time=0.0)[0].numpy(), wanted_MX, atol=2e-4)


def test_without_its_text_there_is_nothing_to_guide(teacher: GuidedTeacher, batch: AcousticBatch) -> None:
    plain = GuidedTeacher(tiny_flow(), 0.0)
    torch.testing.assert_close(guided(teacher, batch, drop_text=True), guided(plain, batch, drop_text=True))
    assert not torch.allclose(guided(teacher, batch), guided(plain, batch), atol=0.01)


def test_an_item_is_guided_alike_alone_and_beside_a_longer_one(teacher: GuidedTeacher, batch: AcousticBatch) -> None:
    together = guided(teacher, batch)
    steps = FRAMES[1] // 2
    single: Tensor = teacher(
        noisy(batch)[1:, :steps],
        torch.tensor([0.3]),
        alone(batch, 1),
        dropped_B=torch.tensor([False]),
        prosody_known_B=torch.tensor([False]),
    )
    torch.testing.assert_close(together[1, :steps], single[0], atol=1e-5, rtol=1e-4)
    assert not together[1, steps:].any()


def test_nothing_of_it_learns(teacher: GuidedTeacher, batch: AcousticBatch) -> None:
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert not guided(teacher, batch).requires_grad

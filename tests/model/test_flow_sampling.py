"""Drawing with a FlowVoice: lengths as expected, the same noise gives the same, more steps come closer."""

from dataclasses import replace

import pytest
import torch
from support.flow_voices import random_text, tiny_flow
from torch import Tensor

from amhctl.model.flow_sampling import FlowSampling, draw_mel, draw_prosody, settle_durations
from amhctl.model.flow_voice import EncodedText, FlowVoice, Score

LENGTHS = (3, 6)
DURATIONS = torch.tensor([[4, 3, 3, 0, 0, 0], [2, 4, 1, 5, 3, 3]])


@pytest.fixture(scope="module")
def model() -> FlowVoice:
    return tiny_flow()


def noise(model: FlowVoice, score: Score, seed: int = 0) -> Tensor:
    shape = (*score.keep_BM.shape, model.mel_width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def written(model: FlowVoice, *, withheld: bool = False) -> tuple[EncodedText, Score]:
    text = model.encode(*random_text(LENGTHS))
    withheld_B = torch.full((2,), withheld)
    return text, model.score(text, DURATIONS, torch.zeros(2), withheld_B=withheld_B)


@pytest.mark.parametrize("speed", [1.0, 2.0, 0.8])
def test_durations_have_the_expected_total_and_the_drawn_proportions(speed: float) -> None:
    random = torch.Generator().manual_seed(0)
    expected_BP = 5.0 + 10.0 * torch.rand(3, 40, generator=random)
    drawn_BP = 5.0 + 50.0 * torch.rand(3, 40, generator=random)
    keep_BP = torch.arange(40) < torch.tensor([[40], [17], [1]])
    durations_BP = settle_durations(expected_BP, drawn_BP, keep_BP, speed)
    assert durations_BP.dtype == torch.int64
    assert not durations_BP[~keep_BP].any()
    wanted_B = (expected_BP * keep_BP).sum(1) / speed
    assert (durations_BP.sum(1) - wanted_B).abs().max() <= 0.5 + 1e-3
    exact_BP = drawn_BP * keep_BP * (wanted_B / (drawn_BP * keep_BP).sum(1))[:, None]
    # The ends of pieces are rounded, so that what one loses the next one has.
    assert (durations_BP - exact_BP).abs().max() <= 1.0 + 1e-3
    ends_BP, exact_ends_BP = durations_BP.cumsum(1), exact_BP.cumsum(1)
    assert (ends_BP - exact_ends_BP).abs().max() <= 0.5 + 1e-3


def test_durations_of_a_batch_are_those_of_its_items() -> None:
    random = torch.Generator().manual_seed(1)
    expected_BP, drawn_BP = 20.0 * torch.rand(2, 2, 9, generator=random)
    keep_BP = torch.arange(9) < torch.tensor([[9], [4]])
    together = settle_durations(expected_BP, drawn_BP, keep_BP, 1.0)
    single = settle_durations(expected_BP[1:, :4], drawn_BP[1:, :4], keep_BP[1:, :4], 1.0)
    assert torch.equal(together[1:, :4], single)


def test_nothing_expected_lasts_no_time() -> None:
    keep_BP = torch.tensor([[True, True]])
    assert settle_durations(torch.zeros(1, 2), torch.zeros(1, 2), keep_BP, 1.0).tolist() == [[0, 0]]


@torch.no_grad()
def test_the_same_noise_gives_the_same_and_another_one_another(model: FlowVoice) -> None:
    text, score = written(model)
    mels = [draw_mel(model, score, noise(model, score, seed), steps=3, guidance=0.0) for seed in (0, 0, 1)]
    assert mels[0].numpy().tobytes() == mels[1].numpy().tobytes()
    assert not torch.equal(mels[0], mels[2])
    begun = [torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    drawn = [draw_prosody(model, text, each, 3) for each in begun]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not drawn[0][0, 3:].any()


@torch.no_grad()
def test_a_batch_equals_its_items_one_by_one(model: FlowVoice) -> None:
    text, score = written(model)
    _, silent = written(model, withheld=True)
    begun_BMX, begun_BP3 = noise(model, score), torch.randn(2, 6, 3, generator=torch.manual_seed(2))
    together = draw_mel(model, score, begun_BMX, steps=3, guidance=1.5, silent=silent)
    prosody = draw_prosody(model, text, begun_BP3, 3)
    for item, pieces in enumerate(LENGTHS):
        one = slice(item, item + 1)
        text_BP, lengths_B, speakers_BE = random_text(LENGTHS)
        own = model.encode(text_BP[one, :pieces], lengths_B[one], speakers_BE[one])
        frames = DURATIONS[one, :pieces]
        own_score, own_silent = (
            model.score(own, frames, torch.zeros(1), withheld_B=torch.tensor([withheld])) for withheld in (False, True)
        )
        steps = own_score.keep_BM.shape[1]
        alone = draw_mel(model, own_score, begun_BMX[one, :steps], steps=3, guidance=1.5, silent=own_silent)
        torch.testing.assert_close(together[one, : 2 * steps], alone, atol=1e-4, rtol=1e-4)
        # Behind the last step is nothing but the mean.
        assert (together[item, 2 * steps :] == -5.0).all()
        single = draw_prosody(model, own, begun_BP3[one, :pieces], 3)
        torch.testing.assert_close(prosody[one, :pieces], single, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_guidance_goes_beyond_what_the_text_adds(model: FlowVoice) -> None:
    _, score = written(model)
    _, silent = written(model, withheld=True)
    begun = noise(model, score)
    plain = draw_mel(model, score, begun, steps=1, guidance=0.0)
    assert torch.equal(draw_mel(model, score, begun, steps=1, guidance=0.0, silent=silent), plain)
    unguided = draw_mel(model, silent, begun, steps=1, guidance=0.0)
    guided = draw_mel(model, score, begun, steps=1, guidance=1.5, silent=silent)
    torch.testing.assert_close(guided, plain + 1.5 * (plain - unguided), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_more_steps_come_closer_to_the_course_of_the_flow(model: FlowVoice) -> None:
    text, score = written(model)
    begun = noise(model, score)
    exact = draw_mel(model, score, begun, steps=256, guidance=0.0)
    far = [
        float((draw_mel(model, score, begun, steps=steps, guidance=0.0) - exact).square().mean().sqrt())
        for steps in (1, 8, 64)
    ]
    assert far[0] > 2 * far[1] > 4 * far[2] > 0.0
    begun_BP3 = torch.randn(2, 6, 3, generator=torch.manual_seed(2))
    exact_BP3 = draw_prosody(model, text, begun_BP3, 256)
    near, nearer = ((draw_prosody(model, text, begun_BP3, steps) - exact_BP3).abs().max() for steps in (4, 64))
    assert near > 2 * nearer > 0.0


@torch.no_grad()
def test_the_steps_of_a_flow_at_rest_go_all_the_way(model: FlowVoice) -> None:
    """Of a velocity that is the same everywhere, any number of steps from time 0 to 1 adds exactly it."""
    still = tiny_flow()
    for name in ("output", "prosody_output"):
        layer = getattr(still, name)
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.ones_(layer.bias)
    text, score = written(still)
    begun = noise(still, score)
    for steps in (1, 2, 7):
        mel = draw_mel(still, score, begun, steps=steps, guidance=0.0)
        torch.testing.assert_close(mel, still.unstack((begun + 1.0) * score.keep_BM[..., None]))
        drawn = draw_prosody(still, text, torch.zeros(2, 6, 3), steps)
        torch.testing.assert_close(drawn, text.keep_BP[..., None].expand(2, 6, 3).float())


def test_options_are_a_value() -> None:
    assert replace(FlowSampling(), steps=2) == FlowSampling(steps=2)

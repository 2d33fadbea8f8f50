"""FlowVoice: a batch equals its items, what is drop_text is not there, and every frame is laid where it belongs."""

import math
from dataclasses import replace

import pytest
import torch
from support.flow_voices import CODED_FLOW, TINY_FLOW, random_text, tiny_flow
from torch import Tensor

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_voice import EncodedText, FlowVoice, Score

LENGTHS = (4, 7)
DURATIONS = torch.tensor([[3, 0, 5, 1, 0, 0, 0], [2, 4, 1, 0, 6, 3, 3]])
NOISE = torch.tensor([0.7, -1.2])
TIMES = torch.tensor([0.3, 0.8])


def encode(model: FlowVoice, *, seed: int = 1) -> EncodedText:
    return model.encode(*random_text(LENGTHS, seed=seed))


def alone(model: FlowVoice, item: int) -> EncodedText:
    text_BP, lengths_B, speakers_BE = random_text(LENGTHS)
    pieces = LENGTHS[item]
    one = slice(item, item + 1)
    return model.encode(text_BP[one, :pieces], lengths_B[one], speakers_BE[one])


def prosody(*, seed: int = 2) -> Tensor:
    return torch.randn(2, 7, 2, generator=torch.Generator().manual_seed(seed))


def codes(frames: int = 5) -> Tensor:
    return torch.randint(9, (2, 2, frames), generator=torch.Generator().manual_seed(3))


def draw(model: FlowVoice, score: Score) -> Tensor:
    noisy = torch.randn(len(score.keep_BM), score.keep_BM.shape[1], model.mel_width, generator=torch.manual_seed(4))
    return model.velocity(noisy, TIMES[: len(noisy)], score)


@torch.no_grad()
@pytest.mark.parametrize("config", [TINY_FLOW, CODED_FLOW])
def test_a_padded_batch_equals_its_items_one_by_one(config: FlowVoiceConfig) -> None:
    model = tiny_flow(config)
    text = encode(model)
    noisy_BP3 = torch.randn(2, 7, 3, generator=torch.manual_seed(5))
    sampled_BP3 = model.prosody_velocity(noisy_BP3, TIMES, text)
    log_durations_BP = model.log_durations(text)
    codes_BQS = codes() if config.codebooks else None
    score = model.score(text, DURATIONS, NOISE, prosody_BP2=prosody(), codes_BQS=codes_BQS)
    noisy_BMX = torch.randn(2, score.keep_BM.shape[1], model.mel_width, generator=torch.manual_seed(6))
    drawn_BMX = model.velocity(noisy_BMX, TIMES, score)
    for item, pieces in enumerate(LENGTHS):
        one = slice(item, item + 1)
        own = alone(model, item)
        steps = -(-int(DURATIONS[item].sum()) // 2)
        own_score = model.score(
            own,
            DURATIONS[one, :pieces],
            NOISE[one],
            prosody_BP2=prosody()[one, :pieces],
            codes_BQS=None if codes_BQS is None else codes_BQS[one],
        )
        pairs = (
            (text.pieces_BPH, own.pieces_BPH, pieces),
            (sampled_BP3, model.prosody_velocity(noisy_BP3[one, :pieces], TIMES[one], own), pieces),
            (score.text_BMI, own_score.text_BMI, steps),
            (drawn_BMX, model.velocity(noisy_BMX[one, :steps], TIMES[one], own_score), steps),
        )
        for together, single, size in pairs:
            assert single.abs().max() > 0.01
            torch.testing.assert_close(together[one, :size], single, atol=1e-5, rtol=1e-5)
            assert not together[item, size:].any()
        torch.testing.assert_close(log_durations_BP[one, :pieces], model.log_durations(own), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_what_stands_behind_a_text_means_nothing() -> None:
    model = tiny_flow()
    text_BP, lengths_B, speakers_BE = random_text(LENGTHS)
    text = model.encode(text_BP, lengths_B, speakers_BE)
    text_BP[0, 4:] = 11
    assert torch.equal(model.encode(text_BP, lengths_B, speakers_BE).pieces_BPH, text.pieces_BPH)


@torch.no_grad()
def test_text_withheld_is_text_that_is_not_there() -> None:
    """Another text of the same durations gives the same, told pitch and energy included; the other item is as ever."""
    model = tiny_flow()
    dropped_B = torch.tensor([True, False])
    score = model.score(encode(model), DURATIONS, NOISE, prosody_BP2=prosody(), dropped_B=dropped_B)
    text = encode(model)
    other = replace(text, pieces_BPH=text.pieces_BPH.clone())
    other.pieces_BPH[0] = encode(model, seed=9).pieces_BPH[0]
    changed = prosody()
    changed[0] = 3.0
    again = model.score(other, DURATIONS, NOISE, prosody_BP2=changed, dropped_B=dropped_B)
    assert torch.equal(draw(model, score), draw(model, again))
    told = model.score(text, DURATIONS, NOISE, prosody_BP2=prosody())
    assert torch.equal(score.text_BMI[1], told.text_BMI[1])
    assert not torch.equal(score.text_BMI[0], told.text_BMI[0])
    width = model.config.text_dim
    assert torch.equal(score.text_BMI[0, 0, :width], model.withheld_text)
    assert not score.text_BMI[0, :, -3:].any()


@torch.no_grad()
def test_prosody_that_is_not_told_is_none() -> None:
    model = tiny_flow()
    text = encode(model)
    none = model.score(text, DURATIONS, NOISE)
    untold = model.score(text, DURATIONS, NOISE, prosody_BP2=prosody(), prosody_known_B=torch.tensor([False, True]))
    told = model.score(text, DURATIONS, NOISE, prosody_BP2=prosody())
    assert torch.equal(untold.text_BMI[0], none.text_BMI[0])
    assert torch.equal(untold.text_BMI[1], told.text_BMI[1])
    first, second = draw(model, untold), draw(model, none)
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])


@torch.no_grad()
def test_codes_change_only_what_is_drawn_from_them() -> None:
    model = tiny_flow(CODED_FLOW)
    text = encode(model)
    without = draw(model, model.score(text, DURATIONS, NOISE))
    some = draw(model, model.score(text, DURATIONS, NOISE, codes_BQS=codes(), coded_B=torch.tensor([True, False])))
    assert torch.equal(some[1], without[1])
    assert not torch.equal(some[0], without[0])
    both = draw(model, model.score(text, DURATIONS, NOISE, codes_BQS=codes()))
    assert torch.equal(both[0], some[0])


@torch.no_grad()
def test_a_code_frame_lasts_as_many_steps_as_it_is_long() -> None:
    """Of 640 samples and steps of 320: two; codes that end early or late are cut or filled with nothing."""
    model = tiny_flow(CODED_FLOW)
    text = encode(model)
    steps = 10
    laid = {}
    for frames in (3, 5, 8):
        score = model.score(text, DURATIONS, NOISE, codes_BQS=codes(8)[:, :, :frames])
        assert score.codes_BMD is not None
        laid[frames] = score.codes_BMD
        assert laid[frames].shape[1] == steps
        assert torch.equal(laid[frames][:, 0:6:2], laid[frames][:, 1:6:2])
    assert not laid[3][:, 6:].any()
    assert torch.equal(laid[8], laid[5])


@torch.no_grad()
@pytest.mark.parametrize("stacked", [1, 2, 3])
def test_each_step_knows_its_piece_and_where_in_it_it_lies(stacked: int) -> None:
    model = tiny_flow(TINY_FLOW.model_copy(update={"stacked_frames": stacked}))
    text = encode(model)
    told = prosody()
    score = model.score(text, DURATIONS, NOISE, prosody_BP2=told)
    for item in range(2):
        frames = [piece for piece, count in enumerate(DURATIONS[item].tolist()) for _ in range(count)]
        steps = math.ceil(len(frames) / stacked)
        assert score.keep_BM[item].tolist() == [place < steps for place in range(score.keep_BM.shape[1])]
        for step in range(steps):
            frame = step * stacked
            piece = frames[frame]
            length, passed = frames.count(piece), frame - frames.index(piece)
            expected = [
                *text.pieces_BPH[item, piece].tolist(),
                passed / length,
                1.0 - passed / length,
                math.log(length) / 4.0,
                *told[item, piece].tolist(),
                1.0,
            ]
            assert score.text_BMI[item, step].tolist() == pytest.approx(expected, abs=1e-6)
    assert score.keep_BM.shape[1] == math.ceil(19 / stacked)


@torch.no_grad()
def test_speaker_and_noise_are_heard_by_all_that_draws() -> None:
    model = tiny_flow()
    text_BP, lengths_B, speakers_BE = random_text(LENGTHS)
    one, other = (model.encode(text_BP, lengths_B, each) for each in (speakers_BE, speakers_BE.flip(0)))
    assert not torch.equal(one.pieces_BPH, other.pieces_BPH)
    same_text = replace(one, speakers_BE=other.speakers_BE)
    assert not torch.equal(
        draw(model, model.score(one, DURATIONS, NOISE)), draw(model, model.score(same_text, DURATIONS, NOISE))
    )
    noisy_BP3 = torch.zeros(2, 7, 3)
    assert not torch.equal(
        model.prosody_velocity(noisy_BP3, TIMES, one), model.prosody_velocity(noisy_BP3, TIMES, same_text)
    )
    louder = model.score(one, DURATIONS, NOISE + torch.tensor([0.0, 1.0]))
    drawn, before = draw(model, louder), draw(model, model.score(one, DURATIONS, NOISE))
    assert torch.equal(drawn[0], before[0])
    assert not torch.equal(drawn[1], before[1])


def test_a_new_voice_is_not_moved_by_what_it_has_not_met() -> None:
    torch.manual_seed(0)
    model = FlowVoice(TINY_FLOW).eval()
    with torch.no_grad():
        text = encode(model)
        plain = draw(model, model.score(text, DURATIONS, torch.zeros(2)))
        told = draw(model, model.score(text, DURATIONS, NOISE, prosody_BP2=prosody()))
    assert torch.equal(plain, told)
    assert 0.0 < float(plain.abs().max()) < 0.5


def test_durations_and_prosody_teach_the_encoder_nothing() -> None:
    model = tiny_flow()
    text = encode(model)
    drawn = model.prosody_velocity(torch.zeros(2, 7, 3), TIMES, text)
    (model.log_durations(text).sum() + drawn.sum()).backward()
    learnt = {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert learnt == {
        "duration_blocks",
        "duration_norm",
        "log_duration",
        "prosody_time",
        "prosody_speaker",
        "prosody_input",
        "prosody_blocks",
        "prosody_norm",
        "prosody_output",
    }


@pytest.mark.parametrize("frames", [9, 10])
def test_stacking_is_undone(frames: int) -> None:
    model = tiny_flow()
    mel_BTF = torch.randn(2, frames, 6, generator=torch.manual_seed(0)) * 2.0 - 5.0
    steps_BMX = model.stack(mel_BTF)
    assert steps_BMX.shape == (2, 5, 12)
    torch.testing.assert_close(model.unstack(steps_BMX)[:, :frames], mel_BTF)
    assert torch.equal(steps_BMX[:, 1, 6:], (mel_BTF[:, 3] + 5.0) / 2.0)
    assert frames == 10 or not steps_BMX[:, -1, 6:].any()


def test_what_is_stacked_of_a_padded_item_is_that_of_the_item() -> None:
    model = tiny_flow()
    mel_BTF = torch.randn(2, 10, 6, generator=torch.manual_seed(0)) * 2.0 - 5.0
    mel_BTF[0, 7:] = 0.0
    together = model.stack(mel_BTF, torch.tensor([7, 10]))
    assert torch.equal(together[:1, :4], model.stack(mel_BTF[:1, :7]))
    assert not together[0, 4:].any()
    assert torch.equal(together[1:], model.stack(mel_BTF[1:]))

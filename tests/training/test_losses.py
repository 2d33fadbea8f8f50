"""Twin of ``training/losses.py``."""

import math

import pytest
import torch
from torch.nn import functional

from amhctl.config.schema import TrainingConfig
from amhctl.training.losses import (
    LossSums,
    TargetCounts,
    code_losses,
    correct_codes,
    duration_loss,
    speaker_losses,
    summarize,
    text_loss,
    weigh,
)


def test_uniform_logits_cost_the_logarithm_of_the_codes() -> None:
    mask_BQP = torch.tensor([[[True, True, False], [False, True, True]]])
    sums_Q = code_losses(torch.zeros(1, 2, 3, 8), torch.zeros(1, 2, 3, dtype=torch.int64), mask_BQP, 0.0)
    torch.testing.assert_close(sums_Q, torch.full((2,), 2 * math.log(8)))


def test_masked_positions_weigh_nothing_whatever_stands_there() -> None:
    logits_BQPV = torch.randn(2, 2, 5, 7, requires_grad=True)
    targets_BQP = torch.randint(7, (2, 2, 5))
    mask_BQP = torch.rand(2, 2, 5) < 0.5
    loss = code_losses(logits_BQPV, targets_BQP, mask_BQP, 0.1).sum()
    (gradient_BQPV,) = torch.autograd.grad(loss, logits_BQPV)
    assert torch.equal(gradient_BQPV.abs().sum(-1) > 0, mask_BQP)


def test_smoothing_is_that_of_torch() -> None:
    logits_BQPV, targets_BQP = torch.randn(1, 1, 4, 6), torch.randint(6, (1, 1, 4))
    ours = code_losses(logits_BQPV, targets_BQP, torch.ones(1, 1, 4, dtype=torch.bool), 0.2)
    theirs = functional.cross_entropy(logits_BQPV[0, 0], targets_BQP[0, 0], reduction="sum", label_smoothing=0.2)
    torch.testing.assert_close(ours[0], theirs)


def test_text_is_its_pieces_and_exactly_one_stop() -> None:
    logits_BLV = torch.randn(1, 6, 9)
    padded = text_loss(logits_BLV, torch.tensor([[5, 6, 7, 7]]), torch.tensor([2]), stop=1)
    expected = functional.cross_entropy(logits_BLV[0, :3], torch.tensor([5, 6, 1]), reduction="sum")
    torch.testing.assert_close(padded, expected)


def test_exact_durations_cost_nothing_and_padding_nothing() -> None:
    durations_BT = torch.tensor([[3, 0, 9]])
    exact_BT = torch.log1p(durations_BT.float())
    exact_BT[0, 2] = 5.0
    assert duration_loss(exact_BT, durations_BT, torch.tensor([2])).item() == pytest.approx(0.0, abs=1e-6)
    assert duration_loss(exact_BT + 1.0, durations_BT, torch.tensor([2])).item() == pytest.approx(2 * 5 * (math.e - 2))


def test_the_best_single_prediction_is_the_mean_and_so_sums_are_kept() -> None:
    durations_BT = torch.tensor([[0, 1, 2, 9]])
    predicted = torch.zeros(1, requires_grad=True)
    loss = duration_loss(predicted.expand(1, 4), durations_BT, torch.tensor([4]))
    mean = math.log(1 + durations_BT.float().mean().item())
    (elsewhere,) = torch.autograd.grad(loss, predicted)
    assert abs(elsewhere.item()) > 1.0
    at_mean = torch.full((1,), mean, requires_grad=True)
    (there,) = torch.autograd.grad(duration_loss(at_mean.expand(1, 4), durations_BT, torch.tensor([4])), at_mean)
    assert there.item() == pytest.approx(0.0, abs=1e-4)


def test_correct_counts_real_targets_of_each_book() -> None:
    targets_BQP = torch.tensor([[[1, 2, 3], [0, 0, 0]]])
    logits_BQPV = functional.one_hot(torch.tensor([[[1, 2, 0], [0, 0, 0]]]), 4).float()
    mask_BQP = torch.tensor([[[True, True, True], [True, False, False]]])
    assert correct_codes(logits_BQPV, targets_BQP, mask_BQP).tolist() == [2.0, 1.0]


def test_means_are_over_all_targets_and_the_first_book_is_weighted() -> None:
    config = TrainingConfig(code_weight=1.0, text_weight=0.5, duration_weight=2.0, first_codebook_weight=3.0)
    sums = LossSums(torch.tensor([8.0, 4.0]), torch.tensor(6.0), torch.tensor(1.0), torch.tensor([2.0, 1.0]))
    counts = TargetCounts(codes=4, text=3, durations=2)
    losses = summarize(sums.packed().tolist(), counts, config)
    assert losses.codebooks == (2.0, 1.0)
    assert losses.code == pytest.approx((3 * 2 + 1) / 4)
    assert losses.text == 2.0
    assert losses.duration == 0.5
    assert losses.accuracy == 0.5
    assert losses.accuracies == (0.5, 0.25)
    assert losses.total == pytest.approx(1.75 + 1.0 + 1.0)
    assert weigh(sums, counts, config).item() == pytest.approx(losses.total)


@pytest.mark.parametrize(("count", "share"), [(0, 1.0), (1, 1.0), (2, 0.5)])
def test_a_single_target_is_its_own_mean_and_none_costs_what_there_is(count: int, share: float) -> None:
    config = TrainingConfig(code_weight=1.0, text_weight=1.0, duration_weight=1.0)
    sums = LossSums(torch.tensor([8.0]), torch.tensor(4.0), torch.tensor(2.0), torch.tensor([1.0]))
    counts = TargetCounts(codes=count, text=count, durations=count)
    losses = summarize(sums.packed().tolist(), counts, config)
    assert (losses.code, losses.text, losses.duration, losses.accuracy) == (8 * share, 4 * share, 2 * share, share)
    assert weigh(sums, counts, config).item() == losses.total == 14 * share


def test_durations_are_compared_in_single_precision_whatever_the_network_computes_in() -> None:
    predicted_BT = torch.linspace(0.0, 4.0, 7)[None].bfloat16()
    durations_BT, lengths_B = torch.tensor([[0, 1, 3, 7, 11, 30, 52]]), torch.tensor([7])
    wide = duration_loss(predicted_BT.float(), durations_BT, lengths_B)
    assert torch.equal(duration_loss(predicted_BT, durations_BT, lengths_B), wide)


def test_speakers_without_a_number_are_told_by_no_one() -> None:
    logits_BC = torch.tensor([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 1.0], [9.0, 0.0, 0.0]])
    speakers_B = torch.tensor([0, 2, 2, -1])
    loss, right, known = speaker_losses(logits_BC, speakers_B).tolist()
    expected = functional.cross_entropy(logits_BC[:3], speakers_B[:3], reduction="sum").item()
    assert (loss, right, known) == (pytest.approx(expected), 2.0, 3.0)
    assert speaker_losses(logits_BC[3:], speakers_B[3:]).tolist() == [0.0, 0.0, 0.0]


def test_the_classifier_is_minimised_beside_the_loss_and_reported_apart() -> None:
    config, zero = TrainingConfig(), torch.zeros(())
    sums = LossSums(torch.tensor([6.0, 2.0]), zero, zero, torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0, 2.0]))
    plain = LossSums(sums.codes_Q, zero, zero, sums.correct_Q)
    counts = TargetCounts(codes=4, text=3, durations=2, items=6)
    assert (weigh(sums, counts, config) - weigh(plain, counts, config)).item() == pytest.approx(3.0 / 6)
    with_speakers = summarize(sums.packed().tolist(), counts, config)
    without = summarize(plain.packed().tolist(), counts, config)
    assert (with_speakers.speaker, with_speakers.speaker_accuracy) == (1.5, 0.5)
    assert (without.speaker, without.speaker_accuracy) == (None, None)
    assert with_speakers.total == without.total
    assert set(with_speakers.journal()) - set(without.journal()) == {"speaker", "speaker_accuracy"}

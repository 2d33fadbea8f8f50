"""Twin of ``training/speaker_adversary.py``."""

import math

import pytest
import torch
from torch.nn import functional

from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.training.speaker_adversary import SpeakerAdversary, build_adversary, reversal_at

STAGES = (
    {"name": "base", "until": 10},
    {"name": "apart", "until": 30, "speaker_adversary": 0.8},
    {"name": "fine", "speaker_adversary": 0.2},
)
CONFIG = TrainingConfig.model_validate({"steps": 40, "stages": STAGES})


def learn(adversary: SpeakerAdversary, vectors_BD: torch.Tensor, speakers_B: torch.Tensor, steps: int) -> float:
    loss = torch.zeros(())
    for _ in range(steps):
        adversary.optimizer.zero_grad()
        loss = functional.cross_entropy(adversary.classifier(vectors_BD, 0.0), speakers_B)
        loss.backward()
        adversary.step()
    return loss.item()


def test_the_reversal_grows_within_its_stage() -> None:
    assert {reversal_at(CONFIG, step) for step in range(1, 11)} == {0.0}
    apart = [reversal_at(CONFIG, step) for step in range(11, 31)]
    assert apart[0] == 0.0
    assert apart == sorted(apart)
    assert apart[10] == pytest.approx(0.8 * (2 / (1 + math.exp(-5)) - 1))
    assert 0.79 < apart[-1] < 0.8
    assert reversal_at(CONFIG, 31) == 0.0
    assert reversal_at(CONFIG, 36) == pytest.approx(0.2 * (2 / (1 + math.exp(-5)) - 1))
    assert reversal_at(TrainingConfig(), 5) == 0.0
    # A run that is made longer goes on as it began.
    longer = CONFIG.model_copy(update={"steps": 80, "decay_steps": 40})
    assert [reversal_at(longer, step) for step in range(1, 41)] == [reversal_at(CONFIG, step) for step in range(1, 41)]
    assert reversal_at(longer, 80) == pytest.approx(0.2, abs=1e-4)


def test_it_learns_speakers_whatever_the_size_of_the_vectors() -> None:
    torch.manual_seed(0)
    speakers_B = torch.arange(30) % 3
    vectors_BD = torch.eye(3).repeat(1, 4)[speakers_B] + 0.1 * torch.randn(30, 12)
    assert learn(SpeakerAdversary(12, 3, 0), vectors_BD * 1e-2, speakers_B, 60) < 0.1


def test_it_begins_alike_for_a_seed_and_touches_no_other_draw() -> None:
    before = torch.get_rng_state()
    one, same, other = (SpeakerAdversary(8, 3, seed) for seed in (1, 1, 2))
    first, again, different = (each.tensors()["hidden.weight"].clone() for each in (one, same, other))
    assert torch.equal(first, again)
    assert not torch.equal(first, different)
    # The generator of the run is left as it is.
    assert torch.equal(torch.get_rng_state(), before)
    learn(one, torch.randn(6, 8), torch.arange(6) % 3, 3)
    assert not torch.equal(one.tensors()["hidden.weight"], first)
    one.restart()
    assert torch.equal(one.tensors()["hidden.weight"], first)
    assert set(one.tensors()) == {"hidden.weight", "hidden.bias", "output.weight", "output.bias"}


def test_it_goes_on_bit_by_bit_from_what_is_kept() -> None:
    torch.manual_seed(1)
    vectors_BD, speakers_B = torch.randn(6, 8), torch.arange(6) % 3
    whole, begun, resumed = (SpeakerAdversary(8, 3, 0) for _ in range(3))
    learn(whole, vectors_BD, speakers_B, 5)
    learn(begun, vectors_BD, speakers_B, 3)
    resumed.restore({name: value.clone() for name, value in begun.tensors().items()})
    learn(resumed, vectors_BD, speakers_B, 2)
    kept = whole.tensors()
    assert {f"hidden.weight/{slot}" for slot in ("step", "exp_avg", "exp_avg_sq")} <= set(kept)
    for name, value in resumed.tensors().items():
        assert torch.equal(value, kept[name]), name


def test_tensors_of_another_are_refused() -> None:
    kept = SpeakerAdversary(8, 3, 0).tensors()
    with pytest.raises(CheckpointError, match="wrong shape"):
        SpeakerAdversary(8, 4, 0).restore(kept)
    with pytest.raises(CheckpointError, match="is missing"):
        SpeakerAdversary(8, 3, 0).restore({name: value for name, value in kept.items() if name != "output.bias"})


def test_one_is_built_where_a_stage_wants_it_and_there_are_speakers() -> None:
    model = ModelConfig(model_dim=40)
    assert build_adversary(TrainingConfig(), model, 5, 0) is None
    built = build_adversary(CONFIG, model, 5, 0)
    assert built is not None
    assert built.classifier.output.out_features == 5
    assert built.classifier.hidden.in_features == 40
    with pytest.raises(ConfigError, match="one speaker"):
        build_adversary(CONFIG, model, 1, 0)

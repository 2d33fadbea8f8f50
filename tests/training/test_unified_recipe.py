"""How a UnifiedVoice is trained: counts by hand, codes replaced in training alone."""

from pathlib import Path

import pytest
import torch
from support.training_runs import build_run

from amhctl.config.unified import ModelConfig
from amhctl.training import unified_recipe
from amhctl.training.losses import TargetCounts
from amhctl.training.seeding import generator_of
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.training.voice_recipe import Lengths


def test_each_sequence_has_exactly_one_stop() -> None:
    lengths = Lengths(frames=(7, 10, 3), text=(2, 5, 1))
    counts = UnifiedRecipe(ModelConfig()).count(lengths, ((0,), (1, 2)))
    assert counts == TargetCounts(codes=20 + 3, text=8 + 3, durations=8, items=3)


def test_codes_are_replaced_in_training_alone(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", code_replacement=0.5, label_smoothing=0.1)
    recipe = run.recipe
    batch = recipe.collate([run.train.item(index, 0) for index in range(3)])
    counts = recipe.count(Lengths.of(run.train), ((0, 1, 2),))
    first, given, smoothing, reversal = recipe.inputs(batch, counts, run.config, seed=0, step=1, place=0)
    assert (given, smoothing, reversal) == (counts, 0.1, 0.0)
    assert not torch.equal(first, batch.codes_BQS)
    assert torch.equal(first, recipe.inputs(batch, counts, run.config, seed=0, step=1, place=0)[0])
    assert not torch.equal(first, recipe.inputs(batch, counts, run.config, seed=0, step=2, place=0)[0])
    codes_BQS, given, smoothing, reversal = recipe.valid_inputs(batch, counts, seed=0, place=0)
    assert codes_BQS is batch.codes_BQS
    assert (given, smoothing, reversal) == (counts, 0.0, 0.0)


def test_what_is_drawn_in_training_is_drawn_where_the_batch_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_run(tmp_path / "run", code_replacement=0.5)
    asked: list[str] = []

    def generator(seed: int, *keys: str | int, device: torch.device | str = "cpu") -> torch.Generator:
        asked.append(str(device))
        return generator_of(seed, *keys, device=device)

    monkeypatch.setattr(unified_recipe, "generator_of", generator)
    batch = run.recipe.collate([run.train.item(index, 0) for index in range(3)])
    counts = run.recipe.count(Lengths.of(run.train), ((0, 1, 2),))
    for device in ("cpu", "meta"):
        codes_BQS, *_ = run.recipe.inputs(batch.to(device), counts, run.config, seed=0, step=1, place=0)
        assert codes_BQS.device.type == device
    assert asked == ["cpu", "meta"]


def test_the_sum_that_is_minimised_is_the_mean_that_is_told(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", code_replacement=0.0, label_smoothing=0.0)
    recipe = run.recipe
    batch = recipe.collate([run.train.item(index, 0) for index in range(3)])
    counts = recipe.count(Lengths.of(run.train), ((0, 1, 2),))
    objective = recipe.objective(run.model, run.config, "fp32").eval()
    loss, packed = objective(batch, *recipe.valid_inputs(batch, counts, seed=0, place=0))
    losses = recipe.summarize(packed.tolist(), counts, run.config)
    torch.testing.assert_close(torch.tensor(losses.total), loss.detach(), rtol=1e-5, atol=1e-5)
    assert losses.decisive == losses.code  # type: ignore[attr-defined]
    assert set(losses.journal()) == {"loss", "code", "text", "duration", "accuracy", "accuracies"}


def test_a_voice_that_hears_has_no_finding(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    speaker_probe = run.recipe.probe_speakers(run.model, run.train)
    assert bool(speaker_probe.fault) == bool(run.recipe.find_collapsed_speakers(speaker_probe, run.train, "run"))

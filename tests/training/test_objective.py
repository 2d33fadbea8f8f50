"""Twin of ``training/objective.py``."""

from pathlib import Path

import torch
from support.training_runs import build_run

from amhctl.data.batching import Batch, collate
from amhctl.training.loop import Run
from amhctl.training.losses import TargetCounts
from amhctl.training.objective import Objective, replace_frames
from amhctl.training.seeding import generator_of


def batch_of(run: Run, *indices: int) -> Batch:
    return collate([run.train.item(index, 0) for index in indices])


def test_no_share_replaces_nothing(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    batch = batch_of(run, 0, 1)
    assert replace_frames(batch, 0.0, 16, generator_of(0)) is batch.codes_BQS


def test_whole_frames_are_replaced_by_codes_and_the_targets_stay(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    batch = batch_of(run, 0, 1, 2, 3)
    before = batch.codes_BQS.clone()
    inputs = replace_frames(batch, 0.5, 16, generator_of(0, "x"))
    assert torch.equal(inputs, replace_frames(batch, 0.5, 16, generator_of(0, "x")))
    assert torch.equal(batch.codes_BQS, before)
    assert 0 <= int(inputs.min()) <= int(inputs.max()) < 16
    changed_BS = (inputs != before).any(dim=1)
    assert 0.35 < changed_BS.float().mean().item() < 0.65


def test_a_batch_costs_the_sum_of_its_items(tmp_path: Path) -> None:
    """Padding weighs nothing: sums over a batch are the sums over its items one by one."""
    for aligned in (True, False):
        run = build_run(tmp_path / f"run{aligned}", aligned=aligned)
        objective = Objective(run.model.eval(), run.config, "fp32")
        counts = TargetCounts(codes=1, text=1, durations=1)
        indices = (0, 1, 2, 3)
        with torch.no_grad():
            whole = batch_of(run, *indices)
            _, together = objective(whole, whole.codes_BQS, counts, 0.0)
            alone = []
            for index in indices:
                single = batch_of(run, index)
                alone.append(objective(single, single.codes_BQS, counts, 0.0)[1])
        torch.testing.assert_close(together, torch.stack(alone).sum(0), rtol=1e-4, atol=1e-3)
        text_sum, duration_sum = together[:2].tolist()
        assert (text_sum > 0, duration_sum > 0) == (not aligned, aligned)

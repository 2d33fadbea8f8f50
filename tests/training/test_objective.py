"""Twin of ``training/objective.py``."""

from dataclasses import replace
from pathlib import Path

import torch
from support.training_runs import build_run, network_of

from amhctl.batches.batching import Batch, collate
from amhctl.training.losses import TargetCounts
from amhctl.training.objective import Objective, replace_frames
from amhctl.training.run import Run
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
        objective = Objective(network_of(run).eval(), run.config, "fp32")
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


def test_speaker_and_emotion_are_heard_from_where_the_items_say_or_withheld(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", emotion=True, emotion_from_target=0.5, condition_dropout=0.4)
    model = network_of(run).eval()
    objective = Objective(model, run.config, "fp32")
    items = [run.train.item(index, 0) for index in range(8)]
    kinds = {(item.emotion_TF is None, item.conditioned) for item in items}
    assert len(kinds) >= 3
    with torch.no_grad():
        latents_BLD, emotion_BD = objective.encode_prompts(collate(items))
        for row, item in enumerate(items):
            prompt_1TF = torch.from_numpy(item.prompt_TF)[None]
            heard_1TF = prompt_1TF if item.emotion_TF is None else torch.from_numpy(item.emotion_TF)[None]
            torch.testing.assert_close(latents_BLD[row : row + 1], model.speaker_latents(prompt_1TF))
            torch.testing.assert_close(emotion_BD[row : row + 1], model.emotion_vector(heard_1TF))
        # What an item costs that is told nothing does not depend on its prompt.
        counts, costs = TargetCounts(codes=1, text=1, durations=1), {}
        for told in (True, False):
            item = replace(items[0], conditioned=told, emotion_TF=None)
            for shift in (0.0, 1.0):
                batch = collate([replace(item, prompt_TF=item.prompt_TF[::-1].copy() + shift)])
                costs[told, shift] = objective(batch, batch.codes_BQS, counts, 0.0)[1].sum().item()
        assert costs[False, 0.0] == costs[False, 1.0]
        assert len({costs[True, 0.0], costs[True, 1.0], costs[False, 0.0]}) == 3


def test_validation_hears_the_prompt_alone(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", emotion=True, emotion_from_target=1.0, condition_dropout=0.9)
    batch = collate([run.valid.item(index, 0) for index in range(3)])
    assert (batch.emotions_BTF, batch.conditioned_B) == (None, None)

from pathlib import Path

import torch
from support.training_motion import weights
from support.training_runs import build_run

from amhctl.training.assembly import assemble_parts, assemble_passes
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.processes import Processes
from amhctl.training.shards import WHOLE


def test_activations_computed_anew_change_no_bit_of_a_step(tmp_path: Path) -> None:
    moved = []
    for wanted in (False, True):
        loop = Loop(build_run(tmp_path / str(wanted), dropout=0.3, checkpointing=wanted), connect_devices("cpu"))
        loop.step(next(loop.groups()), loop.load_batches())
        moved.append(weights(loop))
    assert all(torch.equal(kept, anew) for kept, anew in zip(*moved, strict=True))


def test_one_process_has_whole_tensors_whatever_is_asked_for(tmp_path: Path) -> None:
    run = build_run(tmp_path, sharding="full", ema_decay=0.5)
    parts = assemble_parts(run, torch.device("cpu"), Processes(connect_devices("cpu")))
    assert parts.model is run.model
    assert parts.shards is WHOLE
    assert parts.average.model is not run.model
    learning = {id(parameter) for parameter in run.model.parameters() if parameter.requires_grad}
    assert {id(each) for group in parts.optimizer.param_groups for each in group["params"]} == learning


def test_what_learns_and_what_validates_are_trained_for_the_same(tmp_path: Path) -> None:
    run = build_run(tmp_path)
    parts = assemble_parts(run, torch.device("cpu"), Processes(connect_devices("cpu")))
    passes = assemble_passes(run, parts, torch.device("cpu"), "fp32")
    assert type(passes.objective) is type(passes.averaged_objective)
    assert {id(each) for each in passes.objective.parameters()} == {id(each) for each in run.model.parameters()}
    assert not passes.averaged_objective.training

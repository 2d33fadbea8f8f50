"""What a run computes with, put together from what is fixed of it: optimiser, average, shards, objectives."""

import torch

from amhctl.nn.recompute import set_recompute
from amhctl.training.compilation import compile_blocks
from amhctl.training.ema import AveragedModel
from amhctl.training.export import Arithmetic
from amhctl.training.optimizers import build_optimizer
from amhctl.training.passes import Passes
from amhctl.training.precision import allow_tf32
from amhctl.training.processes import Processes
from amhctl.training.run import Run
from amhctl.training.shards import WHOLE, shard
from amhctl.training.state import Trainable


def assemble_parts(run: Run, device: torch.device, processes: Processes) -> Trainable:
    """Return what changes in a run, on its device: in shards, where its configuration says so and there are several.

    Raises
    ------
    ConfigError
        If the optimiser's groups have faults.
    """
    model = run.model
    optimizer = build_optimizer(model, run.config, device)
    shards = WHOLE
    if run.config.sharding == "full" and processes.count > 1:
        shards = shard(model, processes, keeps=processes.leads)
    model.to(device)
    average = AveragedModel(model, run.config.ema_decay)
    if run.ranks is not None:
        run.ranks.attach(optimizer)
    return Trainable(model, average, optimizer, run.ranks, run.adversary, shards)


def assemble_passes(run: Run, parts: Trainable, device: torch.device, precision: Arithmetic) -> Passes:
    """Return the forward and backward passes of a run, computed as its configuration says."""
    model, config = parts.model, run.config
    set_recompute(model, config.checkpointing)
    if config.compile:
        compile_blocks(model, device, sharded=bool(parts.shards.parameters))
    if config.tf32:
        allow_tf32(device)
    classifier = None if run.adversary is None else run.adversary.classifier.to(device)
    objective = run.recipe.objective(model, config, precision, classifier).to(device)
    averaged_objective = run.recipe.objective(parts.average.model, config, precision, classifier).eval()
    return Passes(run, device, objective, averaged_objective)

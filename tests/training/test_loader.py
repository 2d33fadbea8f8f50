"""Twin of ``training/loader.py``."""

from pathlib import Path

import torch
from support.training_runs import build_run

from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop


def test_workers_bring_the_same_batches(tmp_path: Path) -> None:
    batches = []
    for workers in (0, 1):
        loop = Loop(build_run(tmp_path / str(workers), workers=workers), connect_devices("cpu"))
        feed = loop.load_batches()
        batches.append([next(feed) for _ in range(3)])
    for ours, theirs in zip(*batches, strict=True):
        assert ours.ids == theirs.ids
        assert torch.equal(ours.prompts_BTF, theirs.prompts_BTF)

"""Twin of ``training/variant_speed.py``: the steps of the loop, counted and timed."""

from pathlib import Path

import pytest
import torch
from support.training_runs import build_run
from torch.nn.attention import SDPBackend

from amhctl.training import variant_speed
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.variant_speed import time_variant


def test_steps_are_those_of_the_loop_and_nothing_is_written(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", aligned=False, bucketing=False)
    timing = time_variant(run, frames=200, device="cpu", warmup=1)
    assert not (tmp_path / "run").exists()
    again = Loop(build_run(tmp_path / "run", aligned=False, bucketing=False), connect_devices("cpu"))
    groups, batches = again.groups(), again.load_batches()
    frames = 0
    for step in range(1 + timing.steps):
        group = next(groups)
        again.step(group, batches)
        frames += sum(run.train.lengths[index] for batch in group.batches for index in batch) if step else 0
    assert timing.frames == frames >= 200
    reached = again.validate()
    assert (timing.loss, timing.total) == (reached.decisive, reached.total)
    assert timing.before is None
    assert timing.warmup > 0
    assert timing.padded >= timing.frames
    assert timing.trainable == sum(each.numel() for each in run.model.parameters())
    assert timing.seconds > 0
    assert timing.processor > 0


def test_eager_attention_is_not_fused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    kernel = variant_speed.sdpa_kernel  # type: ignore[attr-defined]
    monkeypatch.setattr(variant_speed, "sdpa_kernel", lambda backend: asked.append(backend) or kernel(backend))
    run = build_run(tmp_path / "run", aligned=False, dropout=0.0)
    eager = time_variant(run, frames=60, device="cpu", eager=True, warmup=0)
    assert asked == [SDPBackend.MATH]
    fused = time_variant(build_run(tmp_path / "run", aligned=False, dropout=0.0), frames=60, device="cpu", warmup=0)
    assert len(asked) == 1
    # By another order of the same sums.
    assert eager.loss == pytest.approx(fused.loss, rel=1e-4)
    assert torch.backends.cuda.flash_sdp_enabled()


def test_the_losses_before_are_those_of_what_it_begins_with(tmp_path: Path) -> None:
    timing = time_variant(build_run(tmp_path / "run"), frames=60, device="cpu", warmup=1, before=True)
    began = Loop(build_run(tmp_path / "run"), connect_devices("cpu")).validate()
    assert timing.before == (began.decisive, began.total)
    assert timing.total != began.total

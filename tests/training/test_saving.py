import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from support.training_motion import weights
from support.training_runs import build_run

from amhctl.training import state as state_module
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop


def test_steps_go_on_while_a_checkpoint_is_written_of_the_values_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, write = threading.Event(), state_module.write_checkpoint  # type: ignore[attr-defined]

    def slow(*arguments: Any, **rest: Any) -> object:
        gate.wait(30)
        return write(*arguments, **rest)

    monkeypatch.setattr(state_module, "write_checkpoint", slow)
    loop = Loop(build_run(tmp_path / "run"), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    loop.step(next(groups), batches)
    wanted = weights(loop)
    loop.save()
    loop.step(next(groups), batches)
    assert not all(torch.equal(a, b) for a, b in zip(wanted, weights(loop), strict=True))
    assert loop.run.folder.steps.saved() == ()
    gate.set()
    loop.wait_for_writes()
    saved = loop.run.folder.steps.newest_sound().checkpoint
    assert saved.read_json("state.json")["step"] == 1
    for (name, _), tensor in zip(loop.parts.model.named_parameters(), wanted, strict=True):
        assert torch.equal(saved.tensors[name], tensor)
    loop.close()

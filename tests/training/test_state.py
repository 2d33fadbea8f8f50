"""Twin of ``training/state.py``."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_runs import CONDITIONS, build_run

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import CheckpointError
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.state import Best, RunFolder, RunState, load_state, save_state


def trained(folder: Path, steps: int) -> Loop:
    loop = Loop(build_run(folder), connect_devices("cpu"))
    batches, groups = loop.load_batches(), loop.groups()
    for _ in range(steps):
        loop.step(next(groups), batches)
    return loop


def test_everything_comes_back(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 2)
    state = RunState(step=2, epoch=1, offset=3, best=Best(step=1, loss=0.5), stale=1)
    save_state(tmp_path / "saved", loop.parts, state, loop.run.identity, CONDITIONS)
    other = Loop(build_run(tmp_path / "b", seed=1), connect_devices("cpu"))
    identity = replace(loop.run.identity, seed=1)
    assert load_state(read_checkpoint(tmp_path / "saved", kind="training"), other.parts, identity) == state
    for ours, theirs in zip(loop.parts.model.parameters(), other.parts.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
        slots = loop.parts.optimizer.state.get(ours, {})
        assert all(torch.equal(value, other.parts.optimizer.state[theirs][slot]) for slot, value in slots.items())
    averages = zip(loop.parts.average.model.parameters(), other.parts.average.model.parameters(), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in averages)


def test_random_numbers_go_on_on_the_devices_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, identity = trained(tmp_path / "a", 0), build_run(tmp_path / "a").identity
    set_on_cuda: list[list[int]] = []
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: torch.tensor([7, 8], dtype=torch.uint8))
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state: set_on_cuda.append(state.tolist()))
    for saved_with, loaded_with, expected in ((True, False, []), (False, True, []), (True, True, [[7, 8]])):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=saved_with: there)
        torch.manual_seed(5)
        save_state(tmp_path / "saved", loop.parts, loop.state, identity, CONDITIONS)
        drawn = torch.rand(4)
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=loaded_with: there)
        load_state(read_checkpoint(tmp_path / "saved", kind="training"), loop.parts, identity)
        assert torch.equal(torch.rand(4), drawn)
        assert set_on_cuda == expected


def test_another_run_is_refused_field_by_field(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 0)
    save_state(tmp_path / "saved", loop.parts, loop.state, loop.run.identity, CONDITIONS)
    other = replace(
        loop.run.identity,
        data_fingerprint="other",
        alignment="other",
        codec=loop.run.identity.codec.model_copy(update={"fingerprint": "other"}),  # type: ignore[union-attr]
    )
    with pytest.raises(CheckpointError, match="other settings: codec, data_fingerprint, alignment"):
        load_state(read_checkpoint(tmp_path / "saved", kind="training"), loop.parts, other)


def test_a_tampered_checkpoint_is_refused(tmp_path: Path) -> None:
    loop = trained(tmp_path / "a", 1)
    save_state(tmp_path / "saved", loop.parts, loop.state, loop.run.identity, CONDITIONS)
    with (tmp_path / "saved" / "optimizer.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x7f")
    with pytest.raises(CheckpointError, match=r"optimizer\.safetensors"):
        load_state(read_checkpoint(tmp_path / "saved", kind="training"), loop.parts, loop.run.identity)


def test_a_checkpoint_that_names_no_alignment_is_taken_with_any(tmp_path: Path) -> None:
    """As those of versions that did not write it."""
    loop = trained(tmp_path / "a", 0)
    save_state(tmp_path / "saved", loop.parts, loop.state, loop.run.identity, CONDITIONS)
    saved = read_checkpoint(tmp_path / "saved", kind="training")
    assert saved.manifest.training["alignment"] == loop.run.identity.alignment != ""
    bare = {key: value for key, value in saved.manifest.training.items() if key != "alignment"}
    old = replace(saved, manifest=saved.manifest.model_copy(update={"training": bare}))
    load_state(old, loop.parts, replace(loop.run.identity, alignment="other"))


def test_a_run_folder_is_cleared_of_what_a_run_left_and_of_nothing_else(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for left in (folder.steps.place(4), folder.best, folder.tensorboard, tmp_path / "mine"):
        left.mkdir(parents=True)
        (left / "file").touch()
    for file in (folder.config, folder.journal, tmp_path / "notes.txt"):
        file.touch()
    folder.clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "notes.txt"]
    folder.clear()

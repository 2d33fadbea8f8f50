"""Checkpoint folders: what is written is read, and nothing that was touched is."""

import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from support.checkpoints import tiny_checkpoint, tiny_manifest, tiny_tensors

from amhctl.checkpoint import store
from amhctl.checkpoint.folder import (
    CODEC_FOLDER,
    MANIFEST_FILE,
    WEIGHTS_FILE,
)
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import Surveys, halve, read_checkpoint, tensor_differences, write_checkpoint
from amhctl.checkpoint.survey import survey_file
from amhctl.core.errors import CheckpointError, FileExistsRefused
from amhctl.core.findings import Finding, Severity


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "voice")


def test_what_is_written_is_read(folder: Path) -> None:
    loaded = read_checkpoint(folder, kind="voice")
    assert loaded.tensors.keys() == tiny_tensors().keys()
    for name, tensor in tiny_tensors().items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)
    assert loaded.manifest.model_copy(update={"files": {}}) == tiny_manifest()
    assert loaded.read_text("text_state.json") == "{}"
    assert torch.equal(loaded.read_tensors("reference.safetensors")["features"], torch.ones(2, 2))


def test_the_same_content_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = tiny_checkpoint(tmp_path / "again")
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in again.iterdir()}
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in names)


def test_a_file_the_manifest_does_not_name_cannot_be_read(folder: Path) -> None:
    (folder / "stranger.bin").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="no file stranger"):
        read_checkpoint(folder, kind="voice").read_bytes("stranger.bin")


@pytest.mark.parametrize("name", [WEIGHTS_FILE, "text_state.json", "reference.safetensors"])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_one_changed_bit_anywhere_is_refused(folder: Path, name: str, place: float) -> None:
    path = folder / name
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match=rf"{name}: expected sha256 .* found sha256") as caught:
        read_checkpoint(folder, kind="voice")
    assert "ckpt validate" in caught.value.hint


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "text_state.json").unlink()
    with pytest.raises(CheckpointError, match=r"text_state\.json: expected sha256 .* found no file"):
        read_checkpoint(folder, kind="voice")


@pytest.mark.parametrize(("field", "value"), [("sample_rate", 22_050), ("name", "other"), ("language", "ti")])
def test_a_manifest_changed_by_hand_is_refused_with_the_field(folder: Path, field: str, value: object) -> None:
    document = json.loads((folder / MANIFEST_FILE).read_text())
    document[field] = value
    (folder / MANIFEST_FILE).write_text(json.dumps(document))
    with pytest.raises(CheckpointError, match=rf"not the manifest inside the weights: {field}: .*{value}"):
        read_checkpoint(folder, kind="voice")


def test_a_checkpoint_of_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="holds a checkpoint of kind voice, expected codec"):
        read_checkpoint(folder, kind="codec")


def test_an_existing_folder_is_kept_unless_forced(folder: Path) -> None:
    before = (folder / WEIGHTS_FILE).read_bytes()
    with pytest.raises(FileExistsRefused):
        write_checkpoint(folder, manifest=tiny_manifest(), tensors={})
    assert (folder / WEIGHTS_FILE).read_bytes() == before
    bare = tiny_manifest().model_copy(update={"vocabulary": None, "text": None})
    write_checkpoint(folder, manifest=bare, tensors={"x": torch.ones(1)}, force=True)
    assert read_checkpoint(folder, kind="voice").tensors.keys() == {"x"}


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        tiny_checkpoint(tmp_path / "voice")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_never_takes_the_name(tmp_path: Path, value: float) -> None:
    folder = tiny_checkpoint(tmp_path / "voice")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tensors = {**tiny_tensors(), "weight": torch.tensor([[0.0, value]])}
    with pytest.raises(CheckpointError, match="weight: has NaN or infinite values") as error:
        write_checkpoint(folder, manifest=tiny_manifest(), tensors=tensors, force=True)
    assert "nothing was written" in error.value.hint
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(CheckpointError, match=r"other\.safetensors: a: has NaN or infinite values"):
        write_checkpoint(
            tmp_path / "new",
            manifest=tiny_manifest(),
            tensors=tiny_tensors(),
            extra_tensors={"other.safetensors": {"a": torch.tensor([value])}},
        )
    assert list(tmp_path.iterdir()) == [folder]


def test_a_rule_of_its_kind_is_asked_before_the_folder_takes_its_name(tmp_path: Path) -> None:
    def refuse(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
        assert surveys[WEIGHTS_FILE]["weight"].shape == (2, 3)
        return tuple(Finding("C021", severity, manifest.name, f"is {severity}") for severity in Severity)

    with pytest.raises(CheckpointError, match=r"^.*voice: tiny: is error$"):
        write_checkpoint(tmp_path / "voice", manifest=tiny_manifest(), tensors=tiny_tensors(), check=refuse)
    assert list(tmp_path.iterdir()) == []
    folder = tiny_checkpoint(tmp_path / "voice")
    with pytest.raises(CheckpointError, match="tiny: is error"):
        read_checkpoint(folder, kind="voice", check=refuse)


def test_a_pickle_in_place_of_weights_is_not_opened(folder: Path) -> None:
    torch.save(tiny_tensors(), folder / WEIGHTS_FILE)
    with pytest.raises(CheckpointError):
        read_checkpoint(folder, kind="voice")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        survey_file(folder / WEIGHTS_FILE)


def test_differences_of_tensors_are_named_with_their_distance(folder: Path, tmp_path: Path) -> None:
    assert tensor_differences(folder, folder) == ()
    tensors = tiny_tensors()
    del tensors["steps"]
    tensors["weight"] = tensors["weight"] + torch.tensor([[0.0, 0.0, 0.25]] * 2)
    tensors["bias"] = torch.zeros(3)
    tensors["new"] = torch.zeros(1)
    write_checkpoint(tmp_path / "other", manifest=tiny_manifest(), tensors=tensors)
    found = {item.field: (item.expected, item.found) for item in tensor_differences(folder, tmp_path / "other")}
    assert found == {
        "bias": ("(2,)", "(3,)"),
        "new": ("absent", "(1,)"),
        "steps": ("()", "absent"),
        "weight": ("values", "values differ by up to 0.25"),
    }


def test_halving_leaves_integers_alone() -> None:
    halved = halve(tiny_tensors())
    assert {name: str(tensor.dtype) for name, tensor in halved.items()} == {
        "weight": "torch.float16",
        "bias": "torch.float16",
        "steps": "torch.int64",
    }


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write more into a file, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_the_system_refuses_to_write_is_an_error_of_the_system(tmp_path: Path, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tensors = {"a": torch.zeros(100_000)}
    with files_of_at_most(100_000), pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught:
        write_checkpoint(folder, manifest=tiny_manifest(), tensors=tensors, force=True)
    assert caught.value.errno == errno.EFBIG
    assert Path(str(caught.value.filename)).name == WEIGHTS_FILE
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]


def _write_twice(folder: Path, codec: Path, *, killed_at: int) -> int:
    """Write two states of a checkpoint, one over the other; be killed before a renaming call of a number."""
    calls = 0

    def kill_before(event: str, _arguments: object) -> None:
        # Python tells this hook of every call of the system that renames, whoever makes it.
        nonlocal calls
        if event == "os.rename":
            calls += 1
            if calls == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill_before)
    for step in (1, 2):
        write_checkpoint(
            folder,
            manifest=tiny_manifest(),
            tensors={"weight": torch.ones(2), "step": torch.tensor(step)},
            extra_files=dict.fromkeys(("text_state.json", "vocabulary.model"), b"{}"),
            beside={CODEC_FOLDER: codec},
            force=True,
        )
    return calls


def test_a_kill_at_any_rename_leaves_a_checkpoint_that_is_read(tmp_path: Path) -> None:
    codec = tiny_checkpoint(tmp_path / "codec")
    found = []
    for at in range(1, 100):
        place = tmp_path / str(at)
        child = os.fork()
        if child == 0:
            _write_twice(place / "voice", codec, killed_at=at)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
        if at <= 2:
            with pytest.raises(CheckpointError, match="there is no such folder"):
                read_checkpoint(place / "voice", kind="voice")
            continue
        loaded = read_checkpoint(place / "voice", kind="voice")
        assert tensor_differences(loaded.folder / "codec", codec) == ()
        found.append(int(loaded.tensors["step"]))
    # A manifest, the folder to its place; a manifest, the folder complete, the old one away, the new one in, done.
    assert found == [1, 1, 1, 2, 2]


def test_files_may_be_made_from_the_weights_as_they_were_written(tmp_path: Path) -> None:
    def derived(weights: Path) -> dict[str, bytes]:
        return {"size.json": str(weights.stat().st_size).encode()}

    written = write_checkpoint(tmp_path / "a", manifest=tiny_manifest(), tensors=tiny_tensors(), derived=derived)
    assert (tmp_path / "a" / "size.json").read_text() == str((tmp_path / "a" / WEIGHTS_FILE).stat().st_size)
    assert "size.json" in written.files
    with pytest.raises(CheckpointError, match="not the name of a file"):
        write_checkpoint(
            tmp_path / "b", manifest=tiny_manifest(), tensors=tiny_tensors(), derived=lambda _: {"../size.json": b""}
        )
    assert not (tmp_path / "b").exists()

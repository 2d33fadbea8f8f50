"""Twin of ``workflows/ckpt/prune.py``: what a run could need stays, whatever is asked."""

import json
import shutil
from pathlib import Path

import pytest
from support.damaged import rewrite
from support.training_runs import build_run

from amhctl.core.errors import CheckpointError, InUseError
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.loop import Loop
from amhctl.training.state import Best
from amhctl.workflows.ckpt import prune as prune_run
from amhctl.workflows.ckpt.prune import PruneRunReport, PruneRunRequest


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with a checkpoint of each of its eight steps, the second of which was best."""
    with pytest.MonkeyPatch.context() as patch:

        def judge(loop: Loop, losses: object, matched: object) -> bool:
            if loop.state.step == 2:
                loop.state = loop.state.model_copy(update={"best": Best(step=2, loss=0.1)})
            return loop.state.step == 2

        patch.setattr(Loop, "judge", judge)
        run = build_run(tmp_path_factory.mktemp("run") / "run", save_every=1, valid_every=1, keep_checkpoints=9)
        train(run, SilentProgress(), device="cpu", resume=False)
    return run.folder.root


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def prune(run: Path, keep: int = 1, every: int | None = None, dry_run: bool = False) -> PruneRunReport:
    return prune_run.run(PruneRunRequest(run, keep=keep, every=every, dry_run=dry_run), SilentProgress())


def steps_of(run: Path) -> list[int]:
    return sorted(int(folder.name.removeprefix("step-")) for folder in (run / "checkpoints").iterdir())


def damage(run: Path, *steps: int) -> None:
    for step in steps:
        weights = run / "checkpoints" / f"step-{step:08d}" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-3])


def test_the_newest_and_the_best_stay(run: Path) -> None:
    best = {path.name: path.read_bytes() for path in (run / "best").iterdir()}
    report = prune(run, keep=2)
    assert steps_of(run) == [2, 7, 8]
    assert [each.step for each in report.removed] == [1, 3, 4, 5, 6]
    assert {path.name: path.read_bytes() for path in (run / "best").iterdir()} == best
    kept = report.payload()["kept"]
    assert [(each["step"], each["reasons"]) for each in kept] == [  # type: ignore[attr-defined]
        (2, ["best"]),
        (7, ["newest"]),
        (8, ["newest", "newest undamaged", "needed for a rollback"]),
    ]
    # What is left is left again.
    assert prune(run, keep=2).removed == ()
    assert steps_of(run) == [2, 7, 8]


def test_where_the_run_would_go_back_to_stays(run: Path) -> None:
    newest = run / "checkpoints" / "step-00000008"
    state = json.loads((newest / "state.json").read_text())
    rewrite(newest, files={"state.json": json.dumps({**state, "good": 5}).encode()})
    assert prune(run).payload()["kept"][1]["reasons"] == ["needed for a rollback"]  # type: ignore[index]
    assert steps_of(run) == [2, 5, 8]


def test_every_so_many_steps_one_stays(run: Path) -> None:
    prune(run, every=3)
    assert steps_of(run) == [2, 3, 6, 8]


def test_a_dry_run_tells_what_would_go_and_its_size_and_removes_nothing(run: Path) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    before = content()
    report = prune(run, dry_run=True)
    assert content() == before
    gone = [run / "checkpoints" / f"step-{step:08d}" for step in (1, 3, 4, 5, 6, 7)]
    assert report.payload()["freed_bytes"] == sum(
        len(data) for path, data in before.items() if any(path.is_relative_to(folder) for folder in gone)
    )
    assert "would go" in next(iter(report.lines()))
    assert list(report.lines())[-1].startswith("6 of 8 would go")
    assert prune(run).removed == report.removed


def test_the_newest_sound_one_stays_behind_damaged_ones(run: Path) -> None:
    damage(run, 8, 7)
    report = prune(run, keep=1)
    assert steps_of(run) == [2, 6, 8]
    assert [(finding.code, Path(finding.subject).name) for finding in report.findings] == [
        ("C028", "step-00000008"),
        ("C028", "step-00000007"),
    ]


def test_where_none_is_sound_all_stay(run: Path) -> None:
    damage(run, *range(1, 9))
    with pytest.raises(CheckpointError, match="nothing is removed") as caught:
        prune(run)
    assert len(caught.value.findings) == 8
    assert steps_of(run) == list(range(1, 9))


def test_a_checkpoint_under_another_name_is_not_taken_for_the_newest(run: Path) -> None:
    shutil.copytree(run / "checkpoints" / "step-00000003", run / "checkpoints" / "step-00000009")
    report = prune(run, keep=1)
    assert steps_of(run) == [2, 8, 9]
    assert [finding.message for finding in report.findings] == ["it is of step 3"]


def test_links_and_what_is_no_checkpoint_are_left_where_they_are(run: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(run / "checkpoints" / "step-00000001", outside)
    places = run / "checkpoints"
    (places / "step-00000000").symlink_to(outside)
    (places / "step-00000010").write_text("a file")
    (places / "step-00000011").mkdir()
    (places / "step-00000011" / "thesis.txt").write_text("years of work")
    (places / "step-00000001" / "notes.txt").write_text("years of work")
    (places / "mine").mkdir()
    report = prune(run, keep=1)
    assert {finding.code for finding in report.findings} == {"C027"}
    assert sorted(Path(finding.subject).name for finding in report.findings) == [
        "step-00000000",
        "step-00000001",
        "step-00000010",
        "step-00000011",
    ]
    assert {path.name for path in outside.iterdir()} == {path.name for path in (places / "step-00000008").iterdir()}
    assert (places / "step-00000011" / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in places.iterdir()) == [
        "mine",
        *(f"step-{step:08d}" for step in (0, 1, 2, 8, 10, 11)),
    ]


def test_a_run_that_goes_on_is_left_alone(run: Path) -> None:
    with hold(run / LOCK_FILE, what="the run"), pytest.raises(InUseError):
        prune(run)
    assert steps_of(run) == list(range(1, 9))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CheckpointError, match="no training checkpoints"):
            prune(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_checkpoint_has_none_to_remove(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    assert prune(tmp_path).payload() == {
        "run": str(tmp_path),
        "dry_run": False,
        "kept": [],
        "removed": [],
        "freed_bytes": 0,
    }


def test_a_run_goes_on_from_what_is_left(run: Path) -> None:
    state = json.loads((run / "checkpoints" / "step-00000008" / "state.json").read_text())
    prune(run)
    (run.with_name("run-world")).mkdir()
    again = build_run(run, save_every=1, valid_every=1, keep_checkpoints=9)
    assert again.folder.steps.newest_sound().checkpoint.read_json("state.json") == state

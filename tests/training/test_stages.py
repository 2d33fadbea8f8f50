"""Twin of ``training/stages.py``: a run in three stages, and what learns in each."""

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from support.thread_processes import ThreadProcesses, together
from support.training_runs import build_run
from support.training_world import read_measured

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import ConfigError
from amhctl.core.progress import SilentProgress
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.parts import select
from amhctl.training.run import Run
from amhctl.training.voice_recipe import Lengths

STAGES: tuple[dict[str, Any], ...] = (
    {"name": "base", "until": 2},
    {"name": "apart", "until": 5, "speaker_adversary": 0.5, "freeze": ("durations",)},
    {"name": "fine", "freeze": ("conditioning", "emotion")},
)
SETS: dict[str, Any] = {
    "steps": 8,
    "save_every": 3,
    "valid_every": 2,
    "keep_checkpoints": 9,
    "emotion_from_target": 0.75,
    "condition_dropout": 0.2,
    "weight_decay": 0.1,
    "stages": STAGES,
}


def staged(folder: Path, **sets: Any) -> Run:
    return build_run(folder, emotion=True, speakers=3, **(SETS | sets))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stages") / "run"
    train(staged(folder), SilentProgress(), device="cpu", resume=False)
    return folder


@pytest.mark.parametrize("step", [3, 6])
def test_a_run_in_stages_goes_on_bit_by_bit(finished: Path, tmp_path: Path, step: int) -> None:
    """From within a stage and from within another; the speaker classifier as well."""
    resumed = tmp_path / "run"
    shutil.copytree(finished.with_name("run-world"), tmp_path / "run-world")
    shutil.copytree(finished, resumed)
    for later in (6, 8):
        if later > step:
            shutil.rmtree(resumed / f"checkpoints/step-{later:08d}")
    train(staged(resumed), SilentProgress(), device="cpu", resume=True)
    assert read_measured(resumed) == read_measured(finished)
    for file in ("model", "average", "optimizer", "speaker_classifier"):
        name = f"checkpoints/step-00000008/{file}.safetensors"
        assert (resumed / name).read_bytes() == (finished / name).read_bytes(), file


def test_what_a_stage_freezes_stays_as_it_is_and_all_else_moves(finished: Path) -> None:
    loop = Loop(staged(finished.with_name("loop")), connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    model = loop.parts.model
    names = [name for name, _ in model.named_parameters()]
    frozen = {
        place: select(names, stage.get("freeze", ()), kind="unified", key="") for place, stage in enumerate(STAGES)
    }
    for step in range(1, 9):
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        loop.step(next(groups), batches)
        still = {name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])}
        place = loop.stages.place_of(step)
        assert frozen[place] <= still
        moved = set(names) - still
        assert {"mel_head.weight", "gpt.h.0.attn.c_attn.weight"} <= moved
        assert (bool(frozen[1] & moved), bool(frozen[2] & moved)) == (place != 1, place != 2)
    told = [(event.step, event.why.partition(":")[0]) for event in loop.events if event.name == "stage"]
    assert told == [(1, "stage base to step 2"), (3, "stage apart to step 5"), (6, "stage fine to the end")]


def test_progress_and_journal_say_that_a_stage_chooses_its_best_voice(tmp_path: Path) -> None:
    class Notes(SilentProgress):
        notes: ClassVar[list[str]] = []

        def advance(self, amount: int = 1, note: str = "") -> None:
            self.notes.append(note)

    run = staged(tmp_path / "run", valid_every=2)
    train(run, Notes(), device="cpu", resume=False)
    ends = [note.split(" ", 2)[-1] for note in Notes.notes]
    assert [end == "no best voice in this stage yet" for end in ends] == [n == 3 for n in range(1, 9)]
    events = [json.loads(line) for line in run.folder.journal.read_text().splitlines() if '"stage"' in line]
    assert ["; the best voice is chosen again (was " in event["why"] for event in events] == [False, True, True]


def test_what_a_stage_freezes_is_not_computed_in_several_processes_either(tmp_path: Path) -> None:
    first = staged(tmp_path / "run", dropout=0.0)

    def learn(processes: ThreadProcesses) -> tuple[float, float]:
        run = replace(first, model=copy.deepcopy(first.model), adversary=copy.deepcopy(first.adversary))
        loop = Loop(run, connect_devices("cpu"), processes=processes)
        loop.state = loop.state.model_copy(update={"step": 5})
        loop.conditions = replace(loop.conditions, batches_per_step=2)
        groups, batches = loop.groups(), loop.load_batches()
        losses, norm = loop.step(next(groups), batches)
        names = [name for name, _ in loop.parts.model.named_parameters()]
        still = {name for name, parameter in loop.parts.model.named_parameters() if not parameter.requires_grad}
        assert still == select(names, ("conditioning", "emotion"), kind="unified", key="")
        return losses.total, norm

    (alone,) = together(1, learn)
    both = together(2, learn)
    assert both[0] == both[1] == pytest.approx(alone, rel=1e-4)


def test_the_classifier_is_kept_with_the_state_and_never_in_the_voice(finished: Path) -> None:
    voice = read_checkpoint(finished / "best", kind="voice")
    assert not any("hidden" in name or "classifier" in name for name in (*voice.tensors, *voice.manifest.files))
    state = read_checkpoint(finished / "checkpoints/step-00000008", kind="training")
    assert "speaker_classifier.safetensors" in state.manifest.files
    steps = [entry for entry in read_measured(finished) if entry["kind"] in ("step", "valid")]
    assert all({"speaker", "speaker_accuracy"} <= set(entry) for entry in steps)


def test_the_best_voice_is_of_the_last_stage_and_patience_ends_no_other(tmp_path: Path) -> None:
    loop = Loop(staged(tmp_path / "run", patience=1), connect_devices("cpu"))
    loop.state = loop.state.model_copy(update={"step": 4, "stale": 3, "mark": 0.1})
    assert not loop.stages.is_last(loop.state.step)
    loop.step(next(loop.groups()), loop.load_batches())
    loop.state = loop.state.model_copy(update={"stale": 3, "mark": 0.1})
    loop.step(next(loop.groups()), loop.load_batches())
    assert (loop.state.step, loop.state.stale, loop.state.mark, loop.state.best) == (6, 0, None, None)
    assert loop.stages.is_last(6)


def test_the_reversed_gradient_reaches_the_emotion_branch_alone(tmp_path: Path) -> None:
    run = staged(tmp_path / "run", steps=100, stages=({"name": "apart", "speaker_adversary": 1.0},), dropout=0.0)
    assert run.adversary is not None
    objective = run.recipe.objective(run.model.eval(), run.config, "fp32", run.adversary.classifier)
    batch = run.recipe.collate([run.train.item(index, 0) for index in range(6)])
    counts = run.recipe.count(Lengths.of(run.train), (tuple(range(6)),))
    gradients = []
    for reversal in (0.0, 1.0):
        run.model.zero_grad()
        objective(batch, batch.codes_BQS, counts, 0.0, reversal)[0].backward()
        found = {name: parameter.grad for name, parameter in run.model.named_parameters()}
        gradients.append({name: gradient.clone() for name, gradient in found.items() if gradient is not None})
    changed = {name for name, value in gradients[0].items() if not torch.equal(value, gradients[1][name])}
    assert changed
    assert changed <= select(list(gradients[0]), ("emotion",), kind="unified", key="")


def test_a_stage_in_which_nothing_learns_or_that_means_nothing_is_refused(tmp_path: Path) -> None:
    for freeze, words in (
        (("all",), "no parameters are left to train in stage fine"),
        (("emotions",), "neither a part"),
    ):
        stages = ({"name": "base", "until": 2}, {"name": "fine", "freeze": freeze})
        with pytest.raises(ConfigError, match=words) as caught:
            Loop(staged(tmp_path / "run", stages=stages), connect_devices("cpu"))
        assert caught.value.subject == "training.stages.1.freeze"

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from support.training_world import (
    TINY_SETS,
    TINY_SPEC,
    TrainingWorld,
    build_training_world,
    request_training,
)

from amhctl.core.errors import (
    ConfigError,
)
from amhctl.core.progress import SilentProgress
from amhctl.training.fitting import build_model
from amhctl.training.geometry import init_code_embeddings
from amhctl.training.run import Run
from amhctl.workflows import prepare_unified
from amhctl.workflows import train as train_module
from amhctl.workflows.train import TrainReport, TrainRequest, prepare, run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"), aligned=True)


@pytest.fixture(scope="module")
def finished(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainReport]:
    folder = tmp_path_factory.mktemp("runs") / "voice"
    return folder, run(request_training(world, folder, aligned=True), SilentProgress())


def test_another_shape_than_the_base_is_refused(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path
) -> None:
    request = TrainRequest(
        data=world.store, base=finished[0] / "best", run=tmp_path / "x", sets=("model.layers=3",), device="cpu"
    )
    with pytest.raises(ConfigError, match=r"model\.layers is 3"):
        run(request, SilentProgress())


def test_a_codebook_start_wants_the_codec_and_a_base_does_not(
    finished: tuple[Path, TrainReport], world: TrainingWorld, tmp_path: Path
) -> None:
    sets = (*TINY_SETS, "training.codebook_start=true")
    request = TrainRequest(
        preset="tiny", data=world.store, vocabulary=world.vocabulary, run=tmp_path / "x", sets=sets, device="cpu"
    )
    with pytest.raises(ConfigError, match="is not bundled") as caught:
        run(request, SilentProgress())
    assert "--codec" in caught.value.hint
    tuning = tuple(entry for entry in sets if entry.startswith("training."))
    request = TrainRequest(
        preset="tiny", data=world.store, base=finished[0] / "best", run=tmp_path / "y", sets=tuning, device="cpu"
    )
    assert run(request, SilentProgress()).best is not None


@pytest.mark.parametrize("wanted", [True, False])
def test_a_new_model_begins_from_the_codebooks_if_that_is_wanted(
    world: TrainingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    vectors_QVZ = np.random.default_rng(0).normal(size=(2, 16, 8)).astype(np.float32)
    codec = SimpleNamespace(spec=TINY_SPEC, codebooks=lambda: vectors_QVZ)
    monkeypatch.setattr(prepare_unified, "load_codec", lambda *_arguments, **_options: codec)
    plans: list[Run] = []

    def stop(plan: Run, *_arguments: object, **_options: object) -> None:
        plans.append(plan)
        raise KeyboardInterrupt

    monkeypatch.setattr(train_module, "do_dry_run", stop)
    sets = ("paths.codec=noise", f"training.codebook_start={str(wanted).lower()}")
    with pytest.raises(KeyboardInterrupt):
        run(request_training(world, tmp_path / "run", *sets, aligned=True, dry_run=True), SilentProgress())
    (plan,) = plans
    expected = build_model(plan.identity.model, plan.seed, None)  # type: ignore[arg-type]
    if wanted:
        init_code_embeddings(expected, vectors_QVZ, plan.seed)
    begun = plan.model.state_dict()
    different = {name for name, tensor in expected.state_dict().items() if not torch.equal(tensor, begun[name])}
    # The features of the prompts are standardised by the training clips, which a model made here has not seen.
    assert {name for name in different if not name.startswith("conditioning_standard.")} == set()


def test_a_voice_says_which_speeds_it_was_told(tmp_path: Path) -> None:
    world = build_training_world(tmp_path / "world")
    silent = SilentProgress()
    told, untold = (
        prepare(request_training(world, tmp_path / name, f"training.speed_share={share}"), silent).run
        for name, share in (("told", 1), ("untold", 0))
    )
    manifests = [each.identity.manifest("voice", step=1, metrics={}, conditions=None) for each in (told, untold)]
    assert [each.speeds for each in manifests] == [told.identity.speeds, None]
    assert told.identity.speeds is not None
    frozen = request_training(world, tmp_path / "frozen", "training.speed_share=1", 'training.freeze=["speed"]')
    with pytest.raises(ConfigError, match="speed table is frozen"):
        prepare(frozen, silent)

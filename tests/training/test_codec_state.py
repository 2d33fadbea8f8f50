"""The state of a codec run: what is saved is what comes back; the best is the best of its stage."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.codec_runs import QUICK, tones
from support.codecs import TINY_CODEC
from support.damaged import of_all, rewrite
from support.vocoder_runs import QUICK as VOCODER_QUICK
from support.vocoders import TINY_VOCODER

from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.files import sha256_of_file
from amhctl.training.codec_recipe import CodecScores
from amhctl.training.codec_state import BestCodec, CodecState
from amhctl.training.mel_recipe import MelRecipe
from amhctl.training.vocoder_recipe import VocoderRecipe

ADVERSARIAL = QUICK.model_copy(update={"adversarial_steps": 8, "discriminator_width": 2})


def _state(folder: Path, *, seed: int = 1) -> CodecState[CodecScores]:
    recipe = MelRecipe(TINY_CODEC, ADVERSARIAL, tones(), seed=seed)
    return CodecState(recipe, folder, name="t", licences=())


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    saved = _state(tmp_path)
    for step in range(6):
        result = saved.recipe.advance(step)
        if result.codes_BSQ is not None:
            saved.use.add(result.codes_BSQ)
    saved.step = 6
    saved.best.offer(saved.recipe, 6, CodecScores(0.5, 0.9, (1.0, 1.0)))
    saved.save()
    manifest = read_checkpoint(tmp_path / "checkpoints" / "step-00000006", kind="training").manifest
    assert set(manifest.files) == {
        "model.safetensors",
        "discriminators.safetensors",
        "optimizer.safetensors",
        "discriminator_optimizer.safetensors",
        "codes.safetensors",
        "best.safetensors",
    }
    resumed = _state(tmp_path)
    resumed.resume()
    assert (resumed.step, resumed.best.step, resumed.best.stage, resumed.best.distance) == (6, 6, 2, 0.5)
    assert torch.equal(resumed.use.counts_QV, saved.use.counts_QV)
    assert all(torch.equal(tensor, resumed.best.tensors[name]) for name, tensor in saved.best.tensors.items())
    one, other = saved.recipe.advance(6), resumed.recipe.advance(6)
    assert one.values == other.values


@pytest.mark.parametrize("fault", ["not finite", "missing"])
def test_a_codec_that_is_not_whole_is_not_written(tmp_path: Path, fault: str) -> None:
    state = _state(tmp_path)
    state.best.offer(state.recipe, 1, CodecScores(0.5, 0.9, (1.0, 1.0)))
    name = next(name for name, tensor in state.best.tensors.items() if tensor.is_floating_point())
    if fault == "missing":
        del state.best.tensors[name]
    else:
        state.best.tensors[name] = torch.full_like(state.best.tensors[name], torch.nan)
    with pytest.raises(CheckpointError) as caught:
        state.write_codec({})
    assert name in str(caught.value)
    assert not (tmp_path / "codec").exists()


def test_files_that_follow_from_the_weights_are_written_beside_them(tmp_path: Path) -> None:
    class WithFiles(MelRecipe):
        def further_files(self, weights: Path) -> dict[str, bytes]:
            return {"digest": sha256_of_file(weights).encode()}

    state = CodecState(WithFiles(TINY_CODEC, QUICK, tones(), seed=1), tmp_path, name="t", licences=())
    for step in range(5):
        state.recipe.advance(step)
    state.best.offer(state.recipe, 5, CodecScores(0.5, 0.9, (1.0, 1.0)))
    folder = state.write_codec({"clips": 1})
    written = read_checkpoint(folder, kind="codec")
    assert written.manifest.metrics == {"clips": 1}
    assert written.read_text("digest") == written.manifest.files["model.safetensors"]


def test_another_run_and_no_run_are_refused(tmp_path: Path) -> None:
    _state(tmp_path).save()
    with pytest.raises(TrainingError, match="another configuration, seed or data"):
        _state(tmp_path, seed=2).resume()
    with pytest.raises(TrainingError, match="no checkpoint to resume"):
        _state(tmp_path / "nowhere").resume()


@pytest.mark.parametrize(
    "damage",
    [
        {"training": {"step": "many"}},
        {"training": {"best": {}}},
        {"tensors": {"optimizer.safetensors": of_all(lambda old: old.reshape(-1)[:1] if old.ndim else old)}},
        {"tensors": {"optimizer.safetensors": lambda tensors: {"x.exp_avg": torch.ones(2)}}},
        {"tensors": {"codes.safetensors": of_all(lambda old: old[:, :3])}},
        {"tensors": {"codes.safetensors": lambda tensors: {"other": torch.ones(2)}}},
        {"tensors": {"discriminators.safetensors": lambda tensors: {"other": torch.ones(2)}}},
        {"tensors": {"best.safetensors": lambda tensors: {"other": torch.ones(2)}}},
        {"tensors": {"model.safetensors": of_all(lambda old: old * torch.nan if old.is_floating_point() else old)}},
        {"sample_rate": 8_000},
    ],
)
def test_a_state_that_cannot_be_is_refused(damage: dict[str, Any], tmp_path: Path) -> None:
    saved = _state(tmp_path)
    for step in range(5):
        saved.recipe.advance(step)
    saved.best.offer(saved.recipe, 5, CodecScores(0.5, 0.9, (1.0, 1.0)))
    saved.save()
    rewrite(saved.steps.place(0), **damage)
    with pytest.raises(CheckpointError):
        _state(tmp_path).resume()


def test_two_states_are_kept_and_a_damaged_one_is_passed_over(tmp_path: Path) -> None:
    saved = _state(tmp_path)
    for step in range(1, 4):
        saved.recipe.advance(step - 1)
        saved.step = step
        saved.save()
    assert [folder.name for folder in saved.steps.saved()] == ["step-00000002", "step-00000003"]
    weights = saved.steps.place(3) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    resumed = _state(tmp_path)
    (finding,) = resumed.resume()
    assert (finding.code, finding.subject, resumed.step) == ("R007", str(saved.steps.place(3)), 2)
    assert str(saved.steps.place(2)) in finding.hint


def test_a_run_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    saved = _state(tmp_path)
    saved.recipe.advance(0)
    saved.step = 1
    saved.save()
    saved.steps.place(1).rename(tmp_path / "state")
    resumed = _state(tmp_path)
    assert resumed.resume() == ()
    assert resumed.step == 1
    resumed.step = 2
    resumed.save()
    assert not (tmp_path / "state").exists()


def test_the_best_is_the_best_of_the_latest_stage(tmp_path: Path) -> None:
    recipe, best = _state(tmp_path).recipe, BestCodec()

    def offer(step: int, distance: float) -> bool:
        return best.offer(recipe, step, CodecScores(distance, 0.9, ()))

    # Steps 1 to 3 have no codes, 4 comes before the discriminators, 5 to 12 are against them.
    assert [recipe.stage(step - 1) for step in (3, 4, 5)] == [0, 1, 2]
    assert offer(4, 0.5)
    assert not offer(4, 0.5)
    assert offer(4, 0.4)
    assert offer(5, 0.6)
    assert not offer(6, 0.7)
    assert offer(7, 0.3)
    assert (best.step, best.stage, best.distance) == (7, 2, 0.3)


def test_the_last_are_kept_where_they_are_wanted() -> None:
    recipe = VocoderRecipe(TINY_VOCODER, VOCODER_QUICK.model_copy(update={"keep": "last"}), tones(), seed=1)
    best = BestCodec()
    assert all(best.offer(recipe, step, CodecScores(float(step), None, ())) for step in (6, 9, 12))
    assert best.step == 12

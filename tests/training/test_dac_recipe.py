"""A DAC in training: it learns, goes on bit for bit, begins where its base ends, and leaves a codec folder."""

import json
from pathlib import Path

import pytest
import torch
from support.codec_runs import tones
from support.codecs import TINY_DAC, tiny_dac

from amhctl.checkpoint.store import read_checkpoint
from amhctl.codec.registry import load_codec
from amhctl.config.dac import DacTrainingConfig
from amhctl.core.errors import ShortageError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.codec_loop import CodecRun, train_codec
from amhctl.training.codec_recipe import CodecScores, measure
from amhctl.training.dac_recipe import DacRecipe, DacWeights, _measured_mel

CONFIG = DacTrainingConfig(
    steps=6,
    batch_size=2,
    segment_seconds=0.1,
    learning_rate=1e-3,
    discriminator_periods=(),
    discriminator_windows=(256,),
    valid_every=2,
    valid_clips=1,
    save_every=2,
)


def _recipe(config: DacTrainingConfig = CONFIG, base: DacWeights | None = None) -> DacRecipe:
    return DacRecipe(TINY_DAC, config, tones(sample_rate=24_000), seed=1, base=base)


def _train(
    folder: Path, *, config: DacTrainingConfig = CONFIG, resume: bool = False, progress: SilentProgress | None = None
) -> CodecRun[CodecScores]:
    return train_codec(
        _recipe(config),
        tones(sample_rate=24_000),
        name="young",
        folder=folder,
        resume=resume,
        progress=progress or SilentProgress(),
    )


class _Dies(SilentProgress):
    """Ends a run with an error after some steps, as a killed process would."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left == 0:
                raise MemoryError


@pytest.mark.parametrize(("rate", "window"), [(16_000, 1_024), (24_000, 2_048), (44_100, 4_096)])
def test_it_is_measured_by_windows_of_64_ms_or_the_next_power_of_two(rate: int, window: int) -> None:
    mel = _measured_mel(rate)
    assert (mel.fft_samples, mel.window_samples, mel.hop_samples) == (window, window, window // 4)


def test_a_killed_run_goes_on_bit_for_bit_and_leaves_a_codec(tmp_path: Path) -> None:
    whole = _train(tmp_path / "whole")
    with pytest.raises(ShortageError, match="too little memory"):
        _train(tmp_path / "cut", progress=_Dies(3))
    cut = _train(tmp_path / "cut", resume=True)
    assert (cut.scores, cut.best_step) == (whole.scores, whole.best_step)
    files = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.*"))
    # The codec, the journal, and the newest two checkpoints.
    assert len(files) == 17
    assert all((tmp_path / "whole" / file).read_bytes() == (tmp_path / "cut" / file).read_bytes() for file in files)
    spec = load_codec(str(whole.codec)).spec
    assert (spec.name, spec.architecture, spec.frame_samples, spec.codebooks) == ("young", "dac", 320, 3)
    rows = [json.loads(line) for line in (tmp_path / "whole" / "journal.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "valid_mel" in row] == [2, 4, 6]
    assert {"mel", "commitment", "codebook", "discriminator", "adversarial", "feature", "norm"} <= set(rows[0])


def test_the_kept_weights_are_the_best_ones(tmp_path: Path) -> None:
    run = _train(tmp_path, config=CONFIG.model_copy(update={"learning_rate": 0.02}))
    rows = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    measured = {row["step"]: row["valid_mel"] for row in rows if "valid_mel" in row}
    assert run.best_step == min(measured, key=lambda step: measured[step])
    # One validation clip, weights in full precision: the very number comes back.
    assert run.scores.mel_distance == measured[run.best_step]


def test_training_lowers_the_mel_loss() -> None:
    recipe = _recipe(CONFIG.model_copy(update={"steps": 20, "batch_size": 1}))
    values = [recipe.advance(step).values["mel"] for step in range(20)]
    assert sum(values[-5:]) < 0.8 * sum(values[:5])


def test_adaptation_begins_where_its_base_ends(tmp_path: Path) -> None:
    model = tiny_dac(seed=7)
    base = DacWeights(TINY_DAC, {name: tensor.clone() for name, tensor in model.state_dict().items()})
    recipe = _recipe(base=base)
    assert recipe.plan.base == base.fingerprint != ""
    assert recipe.plan.identity != _recipe().plan.identity
    assert all(torch.equal(tensor, base.tensors[name]) for name, tensor in recipe.stored().items())
    before = measure(recipe, tones(sample_rate=24_000).valid)
    recipe.advance(0)
    assert any(not torch.equal(tensor, base.tensors[name]) for name, tensor in recipe.stored().items())
    recipe.restore(base.tensors)
    assert measure(recipe, tones(sample_rate=24_000).valid) == before


def test_the_rate_falls_from_step_to_step() -> None:
    recipe = _recipe(CONFIG.model_copy(update={"rate_decay": 0.5}))
    for step in range(3):
        recipe.advance(step)
    for optimizer in recipe.optimizers.values():
        assert [group["lr"] for group in optimizer.param_groups] == [2.5e-4]


def test_segments_must_be_longer_than_the_losses_look() -> None:
    with pytest.raises(TrainingError, match="shorter than the longest window") as caught:
        _recipe(CONFIG.model_copy(update={"segment_seconds": 0.05}))
    assert caught.value.hint == "set it to 0.10 or more"


def test_the_state_holds_both_sides(tmp_path: Path) -> None:
    _train(tmp_path, config=CONFIG.model_copy(update={"steps": 1}))
    files = set(read_checkpoint(tmp_path / "checkpoints" / "step-00000001", kind="training").manifest.files)
    assert {"model.safetensors", "discriminators.safetensors", "discriminator_optimizer.safetensors"} <= files


def test_periods_alone_are_discriminators_enough() -> None:
    _recipe(CONFIG.model_copy(update={"discriminator_windows": (), "discriminator_periods": (2,)}))

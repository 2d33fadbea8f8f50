"""A vocoder's steps: stages, determinism, what the discriminators change, and the weights that are kept."""

import pytest
import torch
from support.codec_runs import tones
from support.vocoder_runs import QUICK
from support.vocoders import TINY_VOCODER

from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig
from amhctl.core.errors import CodecError, TrainingError
from amhctl.training.codec_recipe import measure
from amhctl.training.vocoder_recipe import VocoderRecipe, VocoderWeights


def _recipe(config: VocoderTrainingConfig = QUICK, **options: object) -> VocoderRecipe:
    return VocoderRecipe(TINY_VOCODER, config, tones(), **{"seed": 1, **options})  # type: ignore[arg-type]


def test_a_step_depends_on_seed_step_and_state_only() -> None:
    one, other = _recipe(), _recipe()
    torch.manual_seed(99)
    for step in range(QUICK.steps):
        assert one.advance(step).values == other.advance(step).values


def test_discriminators_learn_before_they_are_heard() -> None:
    plain, rivalled = _recipe(QUICK.model_copy(update={"adversarial_steps": 0})), _recipe()
    assert [rivalled.stage(step) for step in (0, 7, 8, 11)] == [1, 1, 2, 2]
    for step in range(8):
        alone, values = plain.advance(step).values, rivalled.advance(step).values
        assert alone == {name: values[name] for name in ("mel", "norm")}
        assert ("discriminator" in values) == ("right_of_real" in values) == (step >= 5)
        assert "adversarial" not in values
    alone, values = plain.advance(8).values, rivalled.advance(8).values
    assert {"discriminator", "right_of_real", "right_of_made", "adversarial", "feature"} <= set(values)
    assert alone["mel"] == values["mel"]
    assert alone["norm"] != values["norm"]


@pytest.mark.parametrize("weight", ["adversarial_weight", "feature_weight"])
def test_each_weight_of_the_rivalry_counts(weight: str) -> None:
    one, other = _recipe(), _recipe(QUICK.model_copy(update={weight: 0.0}))
    for step in range(9):
        norms = one.advance(step).values["norm"], other.advance(step).values["norm"]
        assert (norms[0] == norms[1]) == (step < 8)


@pytest.mark.parametrize("option", [{"blur": 0.0}, {"mel_noise": 0.0}, {"gain_range": 0.0}])
def test_what_is_varied_changes_the_run(option: dict[str, float]) -> None:
    assert _recipe().advance(0).values != _recipe(QUICK.model_copy(update=option)).advance(0).values


def test_averaged_weights_are_kept() -> None:
    recipe = _recipe()
    for step in range(4):
        recipe.advance(step)
    model, average = (recipe.networks[name].state_dict() for name in ("model", "average"))
    stored = recipe.stored()
    assert set(stored) == set(model)
    assert all(torch.equal(stored[name], value.half()) for name, value in average.items())
    assert any(not torch.equal(stored[name], value.half()) for name, value in model.items())
    followed = _recipe(QUICK.model_copy(update={"ema_decay": 0.0}))
    followed.advance(0)
    assert all(
        torch.equal(value, followed.networks["average"].state_dict()[name])
        for name, value in followed.networks["model"].state_dict().items()
    )


def test_it_is_measured_as_it_will_be_loaded() -> None:
    recipe = _recipe()
    for step in range(4):
        recipe.advance(step)
    before = measure(recipe, tones().valid)
    stored = recipe.stored()
    recipe.advance(4)
    recipe.restore(stored)
    after = measure(recipe, tones().valid)
    assert before.usage == after.usage == ()
    assert before.mel_distance == pytest.approx(after.mel_distance, abs=1e-3)


def test_it_learns() -> None:
    config = QUICK.model_copy(update={"steps": 60, "adversarial_steps": 0, "learning_rate": 5e-3})
    recipe = _recipe(config)
    before = measure(recipe, tones().valid).mel_distance
    for step in range(60):
        recipe.advance(step)
    assert measure(recipe, tones().valid).mel_distance < 0.7 * before


def test_going_on_starts_from_the_weights() -> None:
    first = _recipe()
    first.advance(0)
    base = VocoderWeights(TINY_VOCODER, first.stored())
    second = VocoderRecipe(VocoderConfig(), QUICK, tones(), seed=2, base=base)
    assert second.plan.base == base.fingerprint
    assert second.plan.shape == TINY_VOCODER.model_dump(mode="json")
    assert all(torch.equal(tensor, second.stored()[name]) for name, tensor in base.tensors.items())
    odd = VocoderWeights(TINY_VOCODER.model_copy(update={"width": 8}), first.stored())
    with pytest.raises(CodecError, match="do not match"):
        _recipe(base=odd)


def test_it_trains_at_24_khz() -> None:
    mel = MelConfig(sample_rate=24_000, window_samples=960, hop_samples=240, bins=20, high_hertz=12_000.0)
    shape = VocoderConfig(mel=mel, width=16, blocks=2, synthesis_fft_samples=960)
    recipe = VocoderRecipe(shape, QUICK, tones(sample_rate=24_000), seed=1)
    for step in (0, 11):
        recipe.advance(step)
    clip = torch.from_numpy(tones(sample_rate=24_000).valid[0][None, :24_000])
    with torch.no_grad():
        assert recipe.reconstruct(clip)[0].shape == (1, 24_000)
    assert recipe.plan.sample_rate == 24_000


def test_segments_shorter_than_a_loss_looks_are_refused() -> None:
    with pytest.raises(TrainingError, match="longest window, 2048") as caught:
        _recipe(QUICK.model_copy(update={"segment_seconds": 0.1}))
    assert caught.value.hint == "set it to 0.13 or more"
    wide = QUICK.model_copy(update={"discriminator_windows": (4_096,)})
    with pytest.raises(TrainingError, match="longest window, 4096"):
        _recipe(wide)
    _recipe(wide.model_copy(update={"adversarial_steps": 0}))
    _recipe(QUICK.model_copy(update={"discriminator_windows": ()}))
    # A segment as long as the longest window is long enough.
    _recipe(QUICK.model_copy(update={"discriminator_windows": (3_200,)}))


def test_a_step_that_is_no_number_ends_the_run() -> None:
    recipe = _recipe()
    with torch.no_grad():
        recipe.networks["model"].norm.weight.fill_(float("nan"))  # type: ignore[operator,union-attr]
    with pytest.raises(TrainingError, match="step 0"):
        recipe.advance(0)

"""The mel codec's steps: stages, determinism, and what the discriminators change."""

import pytest
import torch
from support.codec_runs import QUICK, tones
from support.codecs import TINY_CODEC

from amhctl.codec.mel_codec import codes_fingerprint
from amhctl.config.mel_codec import CodecTrainingConfig
from amhctl.core.errors import TrainingError
from amhctl.training.mel_recipe import MelRecipe, MelWeights

ADVERSARIAL = QUICK.model_copy(update={"adversarial_steps": 4, "discriminator_width": 2})


def _recipe(config: CodecTrainingConfig = QUICK) -> MelRecipe:
    return MelRecipe(TINY_CODEC, config, tones(), seed=1)


def test_a_step_depends_on_seed_step_and_state_only() -> None:
    one, other = _recipe(ADVERSARIAL), _recipe(ADVERSARIAL)
    torch.manual_seed(99)
    for step in range(10):
        assert one.advance(step).values == other.advance(step).values


def test_before_the_last_stage_discriminators_change_nothing() -> None:
    plain, rivalled = _recipe(), _recipe(ADVERSARIAL)
    assert [rivalled.stage(step) for step in (0, 2, 3, 7, 8, 11)] == [0, 0, 1, 1, 2, 2]
    for step in range(8):
        assert plain.advance(step).values == rivalled.advance(step).values
    before = {name: value.clone() for name, value in rivalled.networks["discriminators"].state_dict().items()}
    values = rivalled.advance(8).values
    assert {"discriminator", "adversarial", "feature"} <= set(values)
    assert values["mel"] == plain.advance(8).values["mel"]
    after = rivalled.networks["discriminators"].state_dict()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())
    assert rivalled.advance(9).values["mel"] != plain.advance(9).values["mel"]


@pytest.mark.parametrize("weight", ["adversarial_weight", "feature_weight"])
def test_each_weight_of_the_rivalry_counts(weight: str) -> None:
    one, other = _recipe(ADVERSARIAL), _recipe(ADVERSARIAL.model_copy(update={weight: 0.0}))
    for step in range(9):
        norms = one.advance(step).values["norm"], other.advance(step).values["norm"]
        assert (norms[0] == norms[1]) == (step < 8)


def test_only_the_codec_learns_from_its_own_step() -> None:
    recipe = _recipe(ADVERSARIAL)
    for step in range(9):
        recipe.advance(step)
    assert all(not parameter.requires_grad for parameter in recipe.networks["discriminators"].parameters())
    assert all(bool(parameter.grad.isfinite().all()) for parameter in recipe.networks["model"].parameters())  # type: ignore[union-attr]


def test_going_on_starts_from_the_weights_without_an_unquantised_stage() -> None:
    first = _recipe()
    for step in range(6):
        first.advance(step)
    base = MelWeights(TINY_CODEC, first.stored())
    other = TINY_CODEC.model_copy(update={"width": 32})
    second = MelRecipe(other, QUICK, tones(), seed=2, base=base)
    assert second.plan.base == base.fingerprint
    assert second.plan.shape == TINY_CODEC.model_dump(mode="json")
    assert [second.stage(step) for step in (0, 11)] == [1, 1]
    stored = second.stored()
    assert all(torch.equal(tensor, stored[name]) for name, tensor in base.tensors.items())
    assert second.advance(0).codes_BSQ is not None


def test_kept_codes_leave_encoder_and_codebooks_bit_by_bit() -> None:
    first = _recipe()
    for step in range(6):
        first.advance(step)
    base = MelWeights(TINY_CODEC, first.stored())
    config = ADVERSARIAL.model_copy(update={"keep_codes": True})
    second = MelRecipe(TINY_CODEC, config, tones(), seed=2, base=base)
    for step in range(config.steps):
        second.advance(step)
    stored = second.stored()
    assert codes_fingerprint(stored) == codes_fingerprint(base.tensors)
    changed = {name.split(".")[0] for name, tensor in base.tensors.items() if not torch.equal(tensor, stored[name])}
    assert changed == {"from_latent", "decoder_slow", "double_rate", "decoder_fast", "decoder_norm", "head"}
    with pytest.raises(TrainingError, match="keep_codes needs a base"):
        MelRecipe(TINY_CODEC, config, tones(), seed=2)


def test_segments_decoded_from_fewer_codebooks_count_all_their_codes() -> None:
    fewer = QUICK.model_copy(update={"fewer_codebooks_share": 1.0})
    one, other = _recipe(), _recipe(fewer)
    for step in range(QUICK.unquantised_steps):
        assert one.advance(step).values["norm"] == other.advance(step).values["norm"]
    whole, part = one.advance(3), other.advance(3)
    assert whole.codes_BSQ is not None
    assert part.codes_BSQ is not None
    assert torch.equal(whole.codes_BSQ, part.codes_BSQ)
    assert whole.values["mel"] != part.values["mel"]
    assert whole.values["commitment"] == part.values["commitment"]


def test_the_share_is_of_segments_with_fewer_codebooks() -> None:
    """With a share of nearly none all segments have all codebooks, with one of all none has."""
    rare, always = (
        _recipe(QUICK.model_copy(update={"fewer_codebooks_share": share, "batch_size": 32})) for share in (1e-9, 1.0)
    )
    drawn = [recipe._sample_depths(5) for recipe in (rare, always)]
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert drawn[0].tolist() == [TINY_CODEC.codebooks] * 32
    assert max(drawn[1].tolist()) < TINY_CODEC.codebooks


def test_stored_weights_reconstruct_nearly_what_the_trained_ones_do() -> None:
    recipe = _recipe()
    for step in range(6):
        recipe.advance(step)
    recipe.networks["model"].eval()
    clip = torch.from_numpy(tones().valid[0][None, :12_800])
    with torch.no_grad():
        before = recipe.reconstruct(clip)[0]
        recipe.restore(recipe.stored())
        after = recipe.reconstruct(clip)[0]
    assert 0.0 < float((before - after).abs().max()) < 0.05

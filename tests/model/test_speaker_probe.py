"""A voice that hears its prompt, one that is deaf, and one that bursts: told apart, by clips and by noise."""

import pytest
import torch

from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.model.speaker_probe import BRANCH, probe_latents, probe_synthetic_prompts, probe_tensors
from amhctl.model.unified_voice import UnifiedVoice

_CONFORMER = ConformerConfig(output_size=16, linear_units=24, attention_heads=2, num_blocks=1)
_MOST = torch.finfo(torch.float32).max


def _voice(*, norms: bool = True, emotion: bool = False) -> UnifiedVoice:
    torch.manual_seed(0)
    return UnifiedVoice(
        ModelConfig(
            model_dim=32,
            layers=1,
            heads=2,
            condition_dim=20,
            condition_num_latent=3,
            condition_module=_CONFORMER,
            emo_condition_module=_CONFORMER if emotion else None,
            emo_dim=16,
            condition_norms=norms,
        )
    )


def _clips() -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(30 + place, 20, generator=random) + place for place in range(4)]


def test_a_voice_that_hears() -> None:
    model = _voice()
    speaker_probe = probe_latents(model, _clips())
    assert speaker_probe.fault == ""
    assert speaker_probe.spread is not None
    assert speaker_probe.spread > 0.1
    assert 1.0 < speaker_probe.largest < 100.0
    assert model.training


def test_one_clip_said_twice_has_no_spread() -> None:
    speaker_probe = probe_latents(_voice(), [_clips()[0]] * 2)
    assert speaker_probe.spread == 0.0
    assert "are nearly the same" in speaker_probe.fault


def test_the_published_branch_bursts_where_the_normed_one_does_not() -> None:
    """What training does to it, in short: what it computes from the context grows."""
    faults = []
    for norms in (False, True):
        model = _voice(norms=norms)
        model.perceiver_encoder.proj_context.weight.data.mul_(1e3)
        faults.append(probe_latents(model, _clips()).fault)
    assert "activations" in faults[0]
    assert faults[1] == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("part", ["perceiver_encoder", "emo_perceiver_encoder"])
def test_what_is_not_finite_is_as_large_as_can_be(part: str, value: float) -> None:
    model = _voice(emotion=True)
    getattr(model, part).proj_context.bias.data[0] = value
    speaker_probe = probe_latents(model, _clips())
    assert speaker_probe.largest == _MOST
    assert "activations" in speaker_probe.fault
    assert (speaker_probe.spread == 0.0) == (part == "perceiver_encoder")


def test_noise_tells_the_same_as_clips() -> None:
    assert probe_synthetic_prompts(_voice()).fault == ""
    collapsed = _voice()
    torch.nn.init.zeros_(collapsed.perceiver_encoder.proj_context.weight)
    for speaker_probe in (probe_synthetic_prompts(collapsed), probe_latents(collapsed, _clips())):
        assert speaker_probe.spread is not None
        assert speaker_probe.spread < 1e-6
        assert "are nearly the same" in speaker_probe.fault


def test_the_noise_has_the_scale_of_the_features() -> None:
    """Of features that lie elsewhere, a voice without a standard is probed there, one with a standard by its own."""
    shifted = _voice()
    shifted.conditioning_standard.mean.fill_(-6.0)  # type: ignore[operator]
    shifted.conditioning_standard.deviation.fill_(2.5)  # type: ignore[operator]
    assert probe_synthetic_prompts(shifted).spread == pytest.approx(probe_synthetic_prompts(_voice()).spread, rel=1e-4)
    plain = _voice(norms=False)
    assert probe_synthetic_prompts(plain, mean=-6.0, deviation=2.5) != probe_synthetic_prompts(plain)


def test_probing_needs_the_branch_alone_and_changes_nothing() -> None:
    model = _voice()
    random = torch.get_rng_state()
    probed = probe_synthetic_prompts(model)
    assert probe_synthetic_prompts(model) == probed
    branch = {name: tensor for name, tensor in model.state_dict().items() if name.startswith(BRANCH)}
    assert probe_tensors(model.config, branch) == probed
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_a_clip_may_be_heard_besides() -> None:
    collapsed = _voice()
    torch.nn.init.zeros_(collapsed.perceiver_encoder.proj_context.weight)
    assert probe_synthetic_prompts(_voice(), clips=_clips()[:1]).spread != probe_synthetic_prompts(_voice()).spread
    assert "are nearly the same" in probe_synthetic_prompts(collapsed, clips=_clips()).fault

"""A FlowVoice that tells its speakers apart, and ones that do not: dead at the speaker, or behind it."""

import pytest
import torch
from support.flow_voices import TINY_FLOW, tiny_flow
from torch import Tensor

from amhctl.model.flow_speaker_probe import probe_speaker_tensors, probe_speakers


def _speakers(count: int = 3) -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    return list(torch.nn.functional.normalize(torch.randn(count, TINY_FLOW.speaker_dim, generator=random), dim=1))


def test_a_voice_that_tells_its_speakers_apart() -> None:
    speaker_probe = probe_speakers(tiny_flow(), _speakers())
    assert speaker_probe.fault == ""
    assert speaker_probe.spread is not None
    assert speaker_probe.spread > 0.05
    with torch.no_grad():
        assert speaker_probe.largest == float(tiny_flow().speaker(torch.stack(_speakers())).abs().max())


@pytest.mark.parametrize("layers", [("speaker",), ("speaker_to_text", "speaker_condition")])
def test_one_whose_speaker_layers_are_zero_does_not(layers: tuple[str, ...]) -> None:
    model = tiny_flow()
    for layer in layers:
        torch.nn.init.zeros_(getattr(model, layer).weight)
    speaker_probe = probe_speakers(model, _speakers())
    assert speaker_probe.spread is not None
    assert speaker_probe.spread < 1e-6
    assert speaker_probe.fault.startswith("velocities of different speakers are nearly the same")


@pytest.mark.parametrize("layer", ["speaker_to_text", "speaker_condition"])
def test_one_way_to_hear_is_enough(layer: str) -> None:
    model = tiny_flow()
    torch.nn.init.zeros_(getattr(model, layer).weight)
    assert probe_speakers(model, _speakers()).fault == ""


def test_one_speaker_has_nobody_to_differ_from_and_one_twice_is_no_other() -> None:
    (alone,) = _speakers(1)
    assert probe_speakers(tiny_flow(), [alone]).spread is None
    assert probe_speakers(tiny_flow(), [alone]).fault == ""
    assert "are nearly the same" in probe_speakers(tiny_flow(), [alone, alone]).fault
    loud = tiny_flow()
    loud.speaker.weight.data.mul_(1e6)
    assert "activations" in probe_speakers(loud, [alone]).fault


def test_probing_changes_nothing_and_weights_alone_tell_the_same() -> None:
    model, random = tiny_flow().train(), torch.get_rng_state()
    probed = probe_speakers(model, _speakers())
    assert model.training
    assert probe_speakers(model, _speakers()) == probed
    assert probe_speaker_tensors(TINY_FLOW, model.state_dict(), _speakers()) == probed
    assert torch.equal(torch.get_rng_state(), random)


def test_at_most_sixteen_speakers_are_heard() -> None:
    many = _speakers(20)
    assert probe_speakers(tiny_flow(), many) == probe_speakers(tiny_flow(), many[:16])
    assert probe_speakers(tiny_flow(), many) != probe_speakers(tiny_flow(), many[:15])

"""The shape of a FlowVoice: what cannot be is refused, all at once."""

import pytest
from pydantic import ValidationError

from amhctl.config.flow import FlowVoiceConfig


def test_a_step_and_a_code_frame_are_counted_in_samples() -> None:
    config = FlowVoiceConfig(codebooks=2)
    assert (config.kind, config.step_samples, config.steps_of_code) == ("flow", 320, 2)
    assert FlowVoiceConfig(stacked_frames=1).step_samples == 160


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_dim": 325}, "model_dim 325 is not an even multiple of heads 5"),
        ({"text_dim": 190}, "text_dim 190 is not an even multiple of text_heads 2"),
        ({"text_kernel": 4}, "text_kernel 4 is even"),
        ({"codebooks": 1, "code_frame_samples": 500}, "code_frame_samples 500 is no multiple of the 320 of a step"),
        ({"kind": "unified"}, "'flow'"),
        ({"layers": 0}, "greater than 0"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FlowVoiceConfig.model_validate(values)


def test_a_voice_without_codes_may_have_any_frame_of_codes() -> None:
    assert FlowVoiceConfig(code_frame_samples=500).codebooks == 0


def test_all_faults_come_at_once() -> None:
    with pytest.raises(ValidationError, match=r"model_dim 325.*; text_kernel 4"):
        FlowVoiceConfig(model_dim=325, text_kernel=4)

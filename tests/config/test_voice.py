"""A voice of either kind, told apart by its kind."""

import pytest
from pydantic import ValidationError

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.unified import ModelConfig
from amhctl.config.voice import read_voice_config


def test_the_kind_decides_and_none_is_a_unified_voice() -> None:
    assert read_voice_config({}) == ModelConfig()
    assert read_voice_config({"kind": "unified", "layers": 2}) == ModelConfig(layers=2)
    assert read_voice_config({"kind": "flow", "layers": 2}) == FlowVoiceConfig(layers=2)


@pytest.mark.parametrize("values", [{"kind": "none"}, {"kind": "flow", "number_mel_codes": 10}, {"layers": 0}])
def test_what_is_of_neither_kind_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read_voice_config(values)  # type: ignore[arg-type]

"""A log-mel spectrogram: its band and its window fit."""

import pytest
from pydantic import ValidationError

from amhctl.config.mel import MelConfig


@pytest.mark.parametrize(
    "values", [{"low_hertz": 5_000.0, "high_hertz": 4_000.0}, {"sample_rate": 8_000}, {"window_samples": 2_048}]
)
def test_what_cannot_be_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        MelConfig.model_validate(values)

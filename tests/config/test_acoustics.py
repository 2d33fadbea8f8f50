"""What is measured of a recording: frames by the hop, pitch within reach of the sample rate."""

import pytest
from pydantic import ValidationError

from amhctl.config.acoustics import AcousticsConfig


def test_frames_cover_every_sample() -> None:
    config = AcousticsConfig()
    assert [config.frames_of(samples) for samples in (1, 160, 161, 16_000)] == [1, 1, 2, 100]
    assert config.frame_rate == 100.0
    assert config.width == 81


@pytest.mark.parametrize("values", [{"pitch_floor": 500.0}, {"pitch_ceiling": 5_000.0}, {"pitch_floor": 0.0}])
def test_an_impossible_pitch_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        AcousticsConfig(**values)

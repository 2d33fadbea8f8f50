"""The shape of a vocoder: the spectrogram of the voices that draw it, every sample covered."""

import pytest
from pydantic import ValidationError

from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.vocoder import VocoderConfig


def test_by_default_it_is_made_for_what_code_stores_measure() -> None:
    assert VocoderConfig().mel == AcousticsConfig().mel


@pytest.mark.parametrize("values", [{"synthesis_fft_samples": 318}, {"synthesis_fft_samples": 641}, {"blocks": 0}])
def test_what_cannot_be_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        VocoderConfig.model_validate(values)

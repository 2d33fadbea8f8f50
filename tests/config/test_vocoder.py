"""The shape of a vocoder: the spectrogram of the voices that draw it, every sample covered."""

import pytest
from pydantic import ValidationError

from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig


def test_by_default_it_is_made_for_what_code_stores_measure() -> None:
    assert VocoderConfig().mel == AcousticsConfig().mel


@pytest.mark.parametrize("values", [{"synthesis_fft_samples": 318}, {"synthesis_fft_samples": 641}, {"blocks": 0}])
def test_what_cannot_be_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        VocoderConfig.model_validate(values)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"steps": 10, "adversarial_steps": 8, "discriminator_steps": 3}, "more than steps"),
        ({"discriminator_periods": (), "discriminator_windows": ()}, "needs a discriminator"),
        ({"ema_decay": 1.0}, "less than 1"),
    ],
)
def test_training_that_cannot_be_is_refused(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        VocoderTrainingConfig.model_validate(values)


def test_every_setting_says_what_it_is() -> None:
    for document in (VocoderConfig, VocoderTrainingConfig):
        assert set(document.model_fields) == set(document.describe())

"""The shape of a DAC: the official one by default, contradictions refused."""

import json

import pytest
from pydantic import BaseModel, ValidationError

from amhctl.config.dac import DacCodecConfig, DacTrainingConfig


def test_the_default_is_the_official_24_khz_model() -> None:
    shape = DacCodecConfig()
    assert (shape.sample_rate, shape.frame_samples, shape.n_codebooks) == (24_000, 320, 32)
    assert DacCodecConfig.model_validate(json.loads(shape.model_dump_json())) == shape


@pytest.mark.parametrize("document", [DacCodecConfig, DacTrainingConfig])
def test_every_setting_says_what_it_is(document: type[BaseModel]) -> None:
    assert set(document.model_fields) == set(document.describe())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("document", "values", "fault"),
    [
        (DacCodecConfig, {"encoder_rates": (2, 4)}, "the same product"),
        (DacCodecConfig, {"encoder_rates": (320, 1)}, "greater than or equal to 2"),
        (DacCodecConfig, {"decoder_dim": 8}, "halved 4 times"),
        (DacCodecConfig, {"codebook_dim": (8, 8)}, "one for each"),
        (DacTrainingConfig, {"discriminator_periods": (), "discriminator_windows": ()}, "name a discriminator"),
    ],
)
def test_what_cannot_be_is_refused(document: type[BaseModel], values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        document.model_validate(values)

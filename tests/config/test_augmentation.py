"""Augmentation: nothing is changed by default, ranges that fall are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from amhctl.config.augmentation import AugmentConfig


def test_every_setting_says_what_it_is() -> None:
    assert set(AugmentConfig.model_fields) == set(AugmentConfig.describe())


def test_nothing_is_changed_by_default() -> None:
    config = AugmentConfig()
    assert (config.speed, config.semitones, config.noise_share, config.room_share) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "values", [{"noise_ratios": (30.0, 10.0)}, {"room_decays": (0.0, 0.5)}, {"room_decays": (0.5, 0.1)}, {"speed": 0.5}]
)
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AugmentConfig.model_validate(values)


def test_any_strength_changes_something_and_ranges_alone_do_not() -> None:
    assert not AugmentConfig(noise_ratios=(1.0, 2.0), rooms=Path("rooms")).changes_anything
    for strength in ("speed", "semitones", "noise_share", "room_share"):
        assert AugmentConfig.model_validate({strength: 0.1}).changes_anything

"""The numbers of a recogniser: Whisper's by default, and such as a network can have."""

import pytest
from pydantic import ValidationError

from amhctl.config.recogniser import RecogniserConfig, RecogniserTrainingConfig


def test_the_default_is_the_size_of_whisper_tiny() -> None:
    assert RecogniserConfig().model_dump() == {"width": 384, "heads": 6, "blocks": 4}


@pytest.mark.parametrize("key", ["width", "heads", "blocks"])
@pytest.mark.parametrize("value", [0, -1, 10**9, "many", None])
def test_impossible_sizes_are_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        RecogniserConfig.model_validate({key: value})


@pytest.mark.parametrize(("width", "heads"), [(384, 7), (16, 3), (4, 8)])
def test_the_heads_divide_the_width(width: int, heads: int) -> None:
    with pytest.raises(ValidationError, match=f"width {width} is not a multiple of heads {heads}"):
        RecogniserConfig(width=width, heads=heads)


def test_sines_and_cosines_need_an_even_width_above_two() -> None:
    assert RecogniserConfig(width=4, heads=1).width == 4
    for width in (2, 5):
        with pytest.raises(ValidationError, match="width"):
            RecogniserConfig(width=width, heads=1)


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0},
        {"batch_seconds": 0},
        {"ema_decay": 1.0},
        {"dropout": 1.0},
        {"time_masks": -1},
        {"keep": "first"},
        {"precision": "fp16"},
        {"augment": {"speed": 0.5}},
        {"learning_rate": 0},
        {"invented": 1},
    ],
)
def test_training_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RecogniserTrainingConfig.model_validate(values)


def test_recordings_are_varied_by_default() -> None:
    assert RecogniserTrainingConfig().augment.changes_anything


def test_every_setting_says_what_it_is() -> None:
    for document in (RecogniserConfig, RecogniserTrainingConfig):
        assert set(document.model_fields) == set(document.describe())

"""The schema: every number described, every contradiction refused, the official shape by default."""

import json
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from amhctl.config import schema
from amhctl.config.load import load_run_config, preset_names
from amhctl.config.schema import MelCodecConfig, ModelConfig, RunConfig

DOCUMENTS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == schema.__name__
]


def fields() -> Iterator[tuple[str, str | None]]:
    for document in DOCUMENTS:
        for name, field in document.model_fields.items():
            yield f"{document.__name__}.{name}", field.description


def test_every_setting_says_what_it_is() -> None:
    sections = {f"RunConfig.{name}" for name in RunConfig.model_fields} | {"MelCodecConfig.mel"}
    assert [name for name, description in fields() if not description and name not in sections] == []


def test_a_round_trip_through_json_changes_nothing() -> None:
    config = RunConfig()
    assert RunConfig.model_validate(json.loads(config.model_dump_json())) == config


def test_the_model_is_the_official_one_by_default() -> None:
    model = ModelConfig()
    assert (model.model_dim, model.layers, model.heads, model.codebooks) == (1280, 24, 20, 1)
    assert (model.number_mel_codes, model.start_mel_token, model.stop_mel_token) == (8194, 8192, 8193)
    assert model.alignment is None


def test_a_voice_from_nothing_decodes_at_the_positions_of_its_training() -> None:
    assert ModelConfig().position_rule == "aligned"
    for name in preset_names():
        model = load_run_config(preset=name, project=None, environment={}).config.model
        assert getattr(model, "position_rule", "aligned") == "aligned", name


def test_the_codec_has_twenty_five_frames_a_second_by_default() -> None:
    codec = MelCodecConfig()
    assert codec.mel.sample_rate / codec.frame_samples == 25
    assert (codec.codebooks, codec.codebook_size) == (8, 1024)


@pytest.mark.parametrize(
    ("document", "values"),
    [
        (ModelConfig, {"heads": 3}),
        (ModelConfig, {"layers": 0}),
        (ModelConfig, {"text_dropout": 0.1}),
        (RunConfig, {"training": {"betas": [0.9]}}),
        (RunConfig, {"text": {"units": "letters"}}),
    ],
)
def test_what_cannot_be_is_refused(document: type[BaseModel], values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        document.model_validate(values)

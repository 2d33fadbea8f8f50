"""The shape of a UnifiedVoice: the official one by default, contradictions refused."""

import pytest
from pydantic import ValidationError

from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig


def test_the_model_is_the_official_one_by_default() -> None:
    model = ModelConfig()
    assert (model.model_dim, model.layers, model.heads, model.codebooks) == (1280, 24, 20, 1)
    assert (model.number_mel_codes, model.start_mel_token, model.stop_mel_token) == (8194, 8192, 8193)
    assert model.alignment is None
    assert model.condition_module == ConformerConfig()
    assert model.emo_condition_module == ConformerConfig(linear_units=1_024, attention_heads=4, num_blocks=4)


@pytest.mark.parametrize("values", [{"heads": 3}, {"layers": 0}, {"text_dropout": 0.1}])
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelConfig.model_validate(values)


@pytest.mark.parametrize("document", [ModelConfig, ConformerConfig, AlignmentConfig])
def test_every_setting_says_what_it_is(document: type[ModelConfig]) -> None:
    assert set(document.model_fields) == set(document.describe())

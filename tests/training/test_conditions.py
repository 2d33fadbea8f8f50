"""Twin of ``training/conditions.py``."""

import pytest

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig
from amhctl.core.errors import ConfigError
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.conditions import require_conditions, require_speeds

WITHOUT_EMOTION = ModelConfig(emo_condition_module=None)


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("emotion_from_target", WITHOUT_EMOTION),
        ("emotion_from_target", FlowVoiceConfig()),
        ("condition_dropout", FlowVoiceConfig()),
        ("distil_guidance", ModelConfig()),
    ],
)
def test_what_would_change_nothing_is_refused(key: str, model: ModelConfig | FlowVoiceConfig) -> None:
    with pytest.raises(ConfigError) as caught:
        require_conditions(TrainingConfig.model_validate({key: 0.5}), model)
    assert caught.value.subject == f"training.{key}"
    assert f"--set training.{key}=0" in caught.value.hint
    require_conditions(TrainingConfig(), model)


def test_a_voice_without_an_emotion_vector_has_none_to_set_apart() -> None:
    stages = ({"name": "apart", "speaker_adversary": 0.5},)
    config = TrainingConfig.model_validate({"stages": stages})
    for model in (WITHOUT_EMOTION, FlowVoiceConfig()):
        with pytest.raises(ConfigError, match="no emotion") as caught:
            require_conditions(config, model)
        assert caught.value.subject == "training.stages"
    require_conditions(config, ModelConfig())


def test_a_voice_is_told_what_it_can_hear() -> None:
    require_conditions(TrainingConfig(emotion_from_target=0.75, condition_dropout=0.1), ModelConfig())
    require_conditions(TrainingConfig(condition_dropout=0.1), WITHOUT_EMOTION)


def test_speeds_are_told_to_voices_that_have_no_durations_to_scale() -> None:
    config = TrainingConfig(speed_share=0.5)
    for model in (FlowVoiceConfig(), ModelConfig(alignment=AlignmentConfig())):
        with pytest.raises(ConfigError, match="explicit durations") as caught:
            require_conditions(config, model)
        assert caught.value.subject == "training.speed_share"
    require_conditions(config, ModelConfig())


def test_speeds_of_which_nothing_can_be_learnt_are_refused() -> None:
    encoder = ConformerConfig(output_size=8, linear_units=8, attention_heads=1, num_blocks=1)
    shape = ModelConfig(model_dim=8, heads=1, layers=1, condition_module=encoder, emo_condition_module=None)
    network = UnifiedVoice(shape)
    told = TrainingConfig(speed_share=0.5)
    require_speeds(told, network, (0.8, 1.2))
    for speeds in ((1.0, 1.0), None):
        with pytest.raises(ConfigError, match="all utterances have speed 1"):
            require_speeds(told, network, speeds)
    network.speed_emb.requires_grad_(False)
    with pytest.raises(ConfigError, match="speed table is frozen") as caught:
        require_speeds(told, network, (0.8, 1.2))
    assert '"speed"' in caught.value.hint
    require_speeds(TrainingConfig(), network, None)

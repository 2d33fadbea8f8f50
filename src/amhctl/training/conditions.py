"""Settings of what a voice is told in training, refused where they would change nothing. Knows no data and no loop."""

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ConfigError


def require_conditions(config: TrainingConfig, model: ModelConfig | FlowVoiceConfig) -> None:
    """Refuse settings of conditions that the voice does not have.

    Raises
    ------
    ConfigError
        If a voice without an emotion branch is to hear the target's emotion, or a FlowVoice is to be told less.
    """
    for key in ("emotion_from_target", "condition_dropout"):
        if getattr(config, key) == 0.0:
            continue
        if isinstance(model, FlowVoiceConfig):
            raise ConfigError(
                "a voice of kind flow is told its speaker by an embedding and has no emotion vector",
                subject=f"training.{key}",
                hint=f"--set training.{key}=0",
            )
        if key == "emotion_from_target":
            require_emotion(model, f"training.{key}")


def require_emotion(model: ModelConfig, key: str) -> None:
    """Refuse a setting of the emotion branch where there is none.

    Raises
    ------
    ConfigError
        If the voice has none.
    """
    if model.emo_condition_module is None:
        raise ConfigError(
            "this voice has no emotion branch (model.emo_condition_module)",
            subject=key,
            hint=f"--set {key}=0, or train a voice with one; that of IndexTTS-2 has one",
        )

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
        If a voice without an emotion branch is to hear the target's emotion or to have it set apart from its speaker,
        a FlowVoice is to be told less, or a UnifiedVoice is to learn guidance.
    """
    if config.tells_speakers:
        if isinstance(model, FlowVoiceConfig):
            raise ConfigError(
                "a voice of kind flow has no emotion vector from which its speaker could be set apart",
                subject="training.stages",
                hint="leave speaker_adversary out of the stages",
            )
        if model.emo_condition_module is None:
            raise ConfigError(
                "this voice has no emotion branch (model.emo_condition_module)",
                subject="training.stages",
                hint="leave speaker_adversary out of the stages, or train a voice with an emotion branch",
            )
    if config.distil_guidance and not isinstance(model, FlowVoiceConfig):
        raise ConfigError(
            "only a voice of kind flow can learn the guidance of its base",
            subject="training.distil_guidance",
            hint="--set training.distil_guidance=0",
        )
    for key in ("emotion_from_target", "condition_dropout"):
        if getattr(config, key) == 0.0:
            continue
        if isinstance(model, FlowVoiceConfig):
            raise ConfigError(
                "a voice of kind flow is told its speaker by an embedding and has no emotion vector",
                subject=f"training.{key}",
                hint=f"--set training.{key}=0",
            )
        if key == "emotion_from_target" and model.emo_condition_module is None:
            raise ConfigError(
                "this voice has no emotion branch (model.emo_condition_module)",
                subject=f"training.{key}",
                hint=f"--set training.{key}=0, or train a voice with one; that of IndexTTS-2 has one",
            )

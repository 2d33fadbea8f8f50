"""Settings of what a voice is told in training, refused where they would change nothing. Knows no data and no loop."""

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ConfigError
from amhctl.model.unified_voice import UnifiedVoice


def require_conditions(config: TrainingConfig, model: ModelConfig | FlowVoiceConfig) -> None:
    """Refuse settings of conditions that the voice does not have.

    Raises
    ------
    ConfigError
        If a voice without an emotion branch is to hear the target's emotion or to have it set apart from its speaker,
        a FlowVoice is to be told less, a UnifiedVoice is to learn guidance, or a voice with explicit durations is to be
        told how fast it speaks.
    """
    if config.has_speaker_adversary:
        if isinstance(model, FlowVoiceConfig):
            raise ConfigError(
                "a FlowVoice has no emotion vector from which the speaker could be removed",
                subject="training.stages",
                hint="omit speaker_adversary in the stages",
            )
        if model.emo_condition_module is None:
            raise ConfigError(
                "this voice has no emotion branch (model.emo_condition_module)",
                subject="training.stages",
                hint="omit speaker_adversary in the stages, or train a voice with an emotion branch",
            )
    if config.distil_guidance and not isinstance(model, FlowVoiceConfig):
        raise ConfigError(
            "guidance distillation is for a FlowVoice only",
            subject="training.distil_guidance",
            hint="--set training.distil_guidance=0",
        )
    if config.speed_share and (isinstance(model, FlowVoiceConfig) or model.alignment is not None):
        raise ConfigError(
            "this voice has explicit durations, which `speak --speed` scales: it needs no speed conditioning",
            subject="training.speed_share",
            hint="--set training.speed_share=0",
        )
    for key in ("emotion_from_target", "condition_dropout"):
        if getattr(config, key) == 0.0:
            continue
        if isinstance(model, FlowVoiceConfig):
            raise ConfigError(
                "a FlowVoice is conditioned on a speaker embedding and has no emotion vector",
                subject=f"training.{key}",
                hint=f"--set training.{key}=0",
            )
        if key == "emotion_from_target" and model.emo_condition_module is None:
            raise ConfigError(
                "this voice has no emotion branch (model.emo_condition_module)",
                subject=f"training.{key}",
                hint=f"--set training.{key}=0, or train a voice that has one, such as IndexTTS-2",
            )


def require_speeds(config: TrainingConfig, network: UnifiedVoice, speeds: tuple[float, float] | None) -> None:
    """Refuse to tell speeds of which nothing can be learnt.

    Parameters
    ----------
    config : TrainingConfig
        Of the run.
    network : UnifiedVoice
        The voice, of which is settled what learns.
    speeds : tuple[float, float] | None
        Between which speeds its utterances lie; None where none is told.

    Raises
    ------
    ConfigError
        If the table of speeds is frozen, or all utterances are spoken at one speed.
    """
    if not config.speed_share:
        return
    if not network.speed_emb.weight.requires_grad:
        raise ConfigError(
            "training.speed_share is set, but the speed table is frozen",
            subject="training.speed_share",
            hint="add the part speed to training.unfreeze; with adapters, together with the other parts that are "
            "trained completely: "
            '--set \'training.unfreeze=["text", "codes", "speed"]\'',
        )
    if speeds is None or speeds[0] == speeds[1]:
        raise ConfigError(
            "all utterances have speed 1: each speaker has only one clip, or always speaks at the same speed",
            subject="training.speed_share",
            hint="--set training.speed_share=0, or train with more clips of each speaker",
        )

"""Stages of a training run: until when each lasts, what it freezes, and whether it sets speaker and emotion apart."""

from collections.abc import Sequence

from pydantic import Field

from amhctl.config.document import Document


class TrainingStage(Document):
    """One stage of a run."""

    name: str = Field(min_length=1)
    """Name in the journal and on the screen, such as ``base``, ``apart`` or ``fine``."""
    until: int = Field(0, ge=0)
    """Last step of the stage; 0 (only for the last stage) is the end of the run."""
    freeze: tuple[str, ...] = ()
    """Frozen parameters in this stage, in addition to ``training.freeze``: named parts of the voice, or patterns of
    parameter names."""
    speaker_adversary: float = Field(0.0, ge=0)
    """Weight of the reversed gradient of a speaker classifier on the emotion vector of a UnifiedVoice, which removes
    speaker information from that vector; it grows from 0 to this value within the stage. If any stage has one, the
    classifier is trained in all stages."""


def find_stage_faults(stages: Sequence[TrainingStage], steps: int) -> list[str]:
    """Return in words what is wrong with the stages of a run of so many steps."""
    faults = []
    names = [stage.name for stage in stages]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"two stages have the name {twice[0]}")
    begun = 0
    for stage in stages[:-1]:
        if stage.until <= begun:
            faults.append(f"stage {stage.name} ends at step {stage.until}, which is not after step {begun}")
        begun = max(begun, stage.until)
    if stages and stages[-1].until:
        faults.append(f"stage {names[-1]} is the last and lasts to the end of the run: omit its until")
    if begun >= steps:
        faults.append(
            f"stage {names[-1]} would begin after step {begun}, but the run has {steps} steps (training.steps)"
        )
    return faults

"""What a run that is resumed begins with: the state of its checkpoint, and its best voice where that is still sound."""

from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.model.soundness import read_voice
from amhctl.training.checkpoints import SoundCheckpoint
from amhctl.training.run import Run
from amhctl.training.state import RunState, Trainable, load_state

RULES = Rules(
    Rule(
        "R009",
        Severity.WARNING,
        "best voice lost",
        "The best voice of a resumed run is missing or damaged. The next validation chooses the best voice again.",
    ),
)


def resume(run: Run, parts: Trainable, began: SoundCheckpoint) -> tuple[RunState, tuple[Finding, ...]]:
    """Put the values of a checkpoint into the parts of a run; return how far it was, and what was found damaged.

    Raises
    ------
    CheckpointError
        If the checkpoint is of another run.
    TrainingError
        If the run is to have fewer steps than it has done.
    """
    state = load_state(began.checkpoint, parts, run.identity)
    if state.step > run.config.steps:
        raise TrainingError(
            f"the run has done {state.step} steps, more than training.steps, {run.config.steps}",
            subject=str(run.folder.root),
            hint=f"set more steps: --set training.steps={2 * state.step}",
        )
    if state.best is None:
        return state, began.findings
    try:
        read_voice(run.folder.best, kind=run.identity.kept)
    except (CheckpointError, OSError) as error:
        reason = error.message if isinstance(error, CheckpointError) else error.strerror or str(error)
        hint = "the next validation chooses the best voice again"
        lost = RULES.finding("R009", str(run.folder.best), reason, hint)
        return state.model_copy(update={"best": None, "stale": 0}), (*began.findings, lost)
    return state, began.findings

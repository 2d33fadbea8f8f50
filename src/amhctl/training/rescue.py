"""What a run has, and can do, when the machine runs out of room or memory."""

from pathlib import Path

from amhctl.core.shortage import WayOut
from amhctl.training.checkpoints import Checkpoints


def way_out_of(steps: Checkpoints, *, go_on: str, best: Path | None, lighter: str) -> WayOut:
    """Return what a run has saved and how it continues.

    Parameters
    ----------
    steps : Checkpoints
        Of the run.
    go_on : str
        The words that make it continue.
    best : Path | None
        The best voice so far, from which a new run can begin; None if there is none.
    lighter : str
        The values that make a new run take less memory.
    """
    saved = steps.saved()
    start = f" with --base {best}, which keeps the training so far," if best is not None and best.is_dir() else ""
    return WayOut(
        sound=f"{saved[-1].name} is saved" if saved else "no checkpoint has been saved yet",
        again=f"then {go_on}" if saved else "then start again",
        lighter=f"give the run more memory, or start a new one{start} with {lighter}",
    )

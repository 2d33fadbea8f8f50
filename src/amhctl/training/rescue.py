"""What a run says when the machine runs out of room or memory: what is still sound, and how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from amhctl.core.errors import TrainingError
from amhctl.core.shortage import Shortage, shortage_of
from amhctl.training.state import RunFolder


@contextmanager
def explain_shortages(folder: RunFolder) -> Iterator[None]:
    """Turn what the system or a library says of a full disk or too little memory into an error of the run.

    Raises
    ------
    TrainingError
        With what of the run is sound and how to go on.
    """
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        shortage = shortage_of(error)
        if shortage is None:
            raise
        raise _explained(folder, shortage, error) from error


def _explained(folder: RunFolder, shortage: Shortage, error: BaseException) -> TrainingError:
    saved = folder.steps.saved()
    sound = f"{saved[-1].name} is saved" if saved else "no checkpoint has been saved yet"
    go_on = f"`amhctl train --resume {folder.root}` goes on" if saved else "start again"
    if shortage == "disk":
        return TrainingError(
            f"the disk is full; {sound}",
            subject=str(getattr(error, "filename", None) or folder.root),
            hint=f"make room, or keep less with --set training.keep_checkpoints=1; then {go_on}",
        )
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    again = f" --base {folder.best}, which keeps what was learnt," if folder.best.is_dir() else ""
    return TrainingError(
        f"there is too little memory ({reason}); {sound}",
        subject=str(folder.root),
        hint=f"give the run more memory or fewer training.workers, and {go_on}; or begin a new run with{again} fewer "
        "training.batch_frames and as many times more training.accumulation",
    )

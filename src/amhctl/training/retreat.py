"""The way back to a run's last good state, when its weights are at fault: a checkpoint, or what the run began with."""

from torch import Tensor

from amhctl.core.errors import CheckpointError
from amhctl.model.soundness import read_voice
from amhctl.training.checkpoints import Checkpoints
from amhctl.training.state import Trainable, load_parts, load_start


class Retreat:
    """What a run can go back to.

    Parameters
    ----------
    steps : Checkpoints
        Of the run.
    parts : Trainable
        Its parts as they are when it begins or continues.
    resumed : int | None
        The step it continues from; None for a new run, whose weights are then kept in memory until one is saved.
    """

    def __init__(self, steps: Checkpoints, parts: Trainable, resumed: int | None) -> None:
        self._steps = steps
        self._parts = parts
        self.resumed = resumed
        self._start: dict[str, Tensor] | None = None
        if resumed is None:
            state = parts.model.state_dict()
            self._start = {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}

    def forget_start(self) -> None:
        """Free the memory of the weights the run began with: there is a checkpoint now."""
        self._start = None

    def go_back(self, good: int | None) -> str:
        """Put the good state's weights, average and moments back; return in words what it is.

        Parameters
        ----------
        good : int | None
            Step of the checkpoint that is good; None if none has been saved since the run began or was resumed.

        Raises
        ------
        CheckpointError
            If no checkpoint can be read.
        TrainingError
            If there is none.
        """
        step = self.resumed if good is None else good
        if step is None and self._start is not None:
            load_start(self._start, self._parts)
            return "the initial weights"
        folder = self._steps.place(step or 0)
        try:
            checkpoint = read_voice(folder, kind="training")
        except (CheckpointError, OSError):
            # Damaged or taken away since: the newest that is sound will do.
            checkpoint = self._steps.newest_sound().checkpoint
        load_parts(checkpoint, self._parts)
        return checkpoint.folder.name

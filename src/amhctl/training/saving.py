"""What a run leaves on the disk: training checkpoints and voices, copied at once and written behind the steps."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from amhctl.training.export import Conditions, export_voice
from amhctl.training.network_tensors import kept_tensors
from amhctl.training.processes import Processes
from amhctl.training.run import Run
from amhctl.training.state import RunState, Trainable, copy_state
from amhctl.training.writer import Job, Writer


class Saver:
    """Saves what a run is now; one process writes, and of shards all take part in the copy.

    Parameters
    ----------
    run : Run
        What is fixed.
    parts : Trainable
        What changes.
    conditions : Conditions
        How it computes.
    processes : Processes
        Those that share the work.
    """

    def __init__(self, run: Run, parts: Trainable, conditions: Conditions, processes: Processes) -> None:
        self._run = run
        self._parts = parts
        self._conditions = conditions
        self._processes = processes
        self._writer = Writer(in_background=run.config.background_saves)

    def save(self, state: RunState, *, retreat: int | None) -> None:
        """Write a training checkpoint and drop the oldest ones.

        Parameters
        ----------
        state : RunState
            How far the run is.
        retreat : int | None
            Step of the checkpoint that the run would go back to, which stays.
        """
        self._submit(partial(self._copy_checkpoint, state, retreat))

    def export(self, folder: Path, step: int, metrics: dict[str, Any]) -> None:
        """Write the averaged weights of a step as a voice, with what was measured of it."""
        self._submit(partial(self._copy_voice, folder, step, metrics))

    def wait(self) -> None:
        """Return when all that was saved is on the disk.

        Raises
        ------
        BaseException
            What went wrong with a write.
        """
        self._writer.wait()

    def close(self) -> None:
        """Let what is being written be finished, and begin nothing more."""
        self._writer.close()

    def _submit(self, copy: Callable[[], Job]) -> None:
        if self._processes.leads:
            self._writer.submit(copy)
        elif self._parts.shards.parameters:
            copy()

    def _copy_checkpoint(self, state: RunState, retreat: int | None) -> Job:
        steps, config = self._run.folder.steps, self._run.config
        write = copy_state(steps.place(state.step), self._parts, state, self._run.identity, self._conditions)

        def write_and_prune() -> None:
            write()
            best = None if state.best is None else state.best.step
            steps.prune(config.keep_checkpoints, newest=state.step, best=best, retreat=retreat)

        return write_and_prune

    def _copy_voice(self, folder: Path, step: int, metrics: dict[str, Any]) -> Job:
        identity, conditions = self._run.identity, self._conditions
        average, shards = self._parts.average.model, self._parts.shards
        tensors = kept_tensors(average, identity.adapter, whole_voice=identity.kept == "voice", shards=shards)
        copied = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}

        def write() -> None:
            export_voice(folder, identity, copied, step=step, metrics=metrics, conditions=conditions)

        return write

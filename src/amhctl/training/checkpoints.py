"""The training checkpoints of a run: named by step, the newest few kept, the newest sound one to go on from.

``step-NNNNNNNN/`` are folders of kind ``training``. Knows nothing of what is in them.
"""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.store import Check, LoadedCheckpoint, read_checkpoint
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.temporaries import discard, sweep

RULES = (
    Rule(
        "R007",
        Severity.WARNING,
        "damaged checkpoint passed over",
        "The newest training checkpoint cannot be read, so the run goes on from the one before it, which is sound; the "
        "steps between are taken again. Look for the cause: a full or failing disk, or a copy that was cut short.",
    ),
)

_NAME = re.compile(r"step-(\d+)")


@dataclass(frozen=True, slots=True)
class SoundCheckpoint:
    """The checkpoint to go on from.

    Attributes
    ----------
    checkpoint : LoadedCheckpoint
        It, verified.
    findings : tuple[Finding, ...]
        One for each newer checkpoint that is damaged, naming both.
    """

    checkpoint: LoadedCheckpoint
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The folder that holds the checkpoints of a run.

    Attributes
    ----------
    root : Path
        The folder.
    check : Check | None
        The rules of what they are checkpoints of.
    """

    root: Path
    check: Check | None = None

    def place(self, step: int) -> Path:
        """Return the place of the checkpoint of a step."""
        return self.root / f"step-{step:08d}"

    def saved(self) -> tuple[Path, ...]:
        """Return the checkpoints, oldest first."""
        return tuple(sorted((path for path in self.root.glob("step-*") if _NAME.fullmatch(path.name)), key=_step))

    def newest_sound(self, *, before: Iterable[Path] = ()) -> SoundCheckpoint:
        """Return the newest checkpoint that can be read, whole.

        Parameters
        ----------
        before : Iterable[Path]
            Where older ones may lie, newest first.

        Raises
        ------
        TrainingError
            If there is none at all.
        CheckpointError
            If each of them is damaged.
        """
        newest_first = [*reversed(self.saved()), *(folder for folder in before if folder.is_dir())]
        if not newest_first:
            raise TrainingError(
                "no checkpoint to resume from",
                subject=str(self.root.parent),
                hint="start the run anew with -o and --force",
            )
        damaged: list[tuple[Path, str]] = []
        for folder in newest_first:
            try:
                checkpoint = read_checkpoint(folder, kind="training", check=self.check)
            except (CheckpointError, OSError) as error:
                reason = error.message if isinstance(error, CheckpointError) else error.strerror or str(error)
                damaged.append((folder, reason))
                continue
            hint = f"the run goes on from {folder}, which is sound"
            return SoundCheckpoint(
                checkpoint, tuple(Finding("R007", Severity.WARNING, str(place), why, hint) for place, why in damaged)
            )
        raise CheckpointError(
            f"no checkpoint of the run can be read: {'; '.join(f'{place.name}: {why}' for place, why in damaged)}",
            subject=str(self.root.parent),
            hint="restore one from a copy, or start a new run from the best weights with --base",
        )

    def prune(self, keep: int, *, newest: int, also: int | None = None) -> None:
        """Remove all but the newest ``keep`` checkpoints up to a step that has just been saved, and that of ``also``.

        Those behind it are of a future that the run went back from, and what killed processes left half-written is
        nothing.
        """
        saved = self.saved()
        past = [folder for folder in saved if _step(folder) <= newest]
        future = [folder for folder in saved if _step(folder) > newest]
        # Earlier versions left what they had half-written under names of that last kind.
        for folder in (*past[:-keep], *future, *self.root.glob(".step-*")):
            if also is None or folder != self.place(also):
                discard(folder)
        sweep(self.root)

    def clear(self) -> None:
        """Remove them all."""
        shutil.rmtree(self.root, ignore_errors=True)


def _step(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))

"""The training checkpoints of a run, named by step: the newest few and the best are kept; which of them to resume from.

``step-NNNNNNNN/`` are folders of kind ``training``. Knows nothing of what is in them.
"""

import re
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.store import Check, LoadedCheckpoint, read_checkpoint
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.temporaries import discard, sweep

RULES = Rules(
    Rule(
        "R007",
        Severity.WARNING,
        "damaged checkpoint skipped",
        "The newest training checkpoint cannot be read, so the run resumes from the previous undamaged one; the "
        "steps after it are repeated. Find the cause: a full or failing disk, or a truncated copy.",
    ),
)

_NAME = re.compile(r"step-(\d+)")


@dataclass(frozen=True, slots=True)
class SoundCheckpoint:
    """The checkpoint to continue from.

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
        return tuple(sorted((path for path in self.root.glob("step-*") if _NAME.fullmatch(path.name)), key=step_of))

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
                hint="start the run again with -o and --force",
            )
        damaged: list[tuple[Path, str]] = []
        for folder in newest_first:
            try:
                checkpoint = read_checkpoint(folder, kind="training", check=self.check)
            except (CheckpointError, OSError) as error:
                reason = error.message if isinstance(error, CheckpointError) else error.strerror or str(error)
                damaged.append((folder, reason))
                continue
            hint = f"the run resumes from {folder}, which is undamaged"
            return SoundCheckpoint(
                checkpoint, tuple(RULES.finding("R007", str(place), why, hint) for place, why in damaged)
            )
        raise CheckpointError(
            f"no checkpoint of the run can be read: {'; '.join(f'{place.name}: {why}' for place, why in damaged)}",
            subject=str(self.root.parent),
            hint="restore one from a copy, or start a new run from the best weights with --base",
        )

    def prune(self, keep: int, *, newest: int, best: int | None = None, retreat: int | None = None) -> None:
        """Remove all but the newest ``keep`` checkpoints up to a step that has just been saved, the best and a retreat.

        Those after it are of a future that the run went back from, and what killed processes left incomplete is
        nothing.

        Parameters
        ----------
        keep : int
            How many, one or more.
        newest : int
            The step that has just been saved.
        best : int | None
            The step of the best validation, if there was one.
        retreat : int | None
            The step that the run would go back to; it may be one of that future.
        """
        saved = {step_of(folder): folder for folder in self.saved()}
        past = [step for step in saved if step <= newest]
        kept = {*reasons_to_keep(past, newest=keep, best=best), retreat}
        # Earlier versions left what they had incomplete under names of that last kind.
        for folder in (*(saved[step] for step in saved if step not in kept), *self.root.glob(".step-*")):
            discard(folder)
        sweep(self.root)

    def clear(self) -> None:
        """Remove them all."""
        shutil.rmtree(self.root, ignore_errors=True)


def reasons_to_keep(
    steps: Collection[int],
    *,
    newest: int,
    every: int | None = None,
    best: int | None = None,
    sound: int | None = None,
    retreat: int | None = None,
) -> dict[int, tuple[str, ...]]:
    """Return the steps whose checkpoints stay, in their order, and why each does; every other one may go.

    Parameters
    ----------
    steps : Collection[int]
        The steps that were saved.
    newest : int
        How many of the newest stay, one or more.
    every : int | None
        Those whose step is a multiple of it stay.
    best : int | None
        The step of the best validation: it stays.
    sound : int | None
        The newest step whose checkpoint can be read: it stays.
    retreat : int | None
        The step that the run would go back to: it stays.
    """
    reasons: dict[int, tuple[str, ...]] = {}
    last = frozenset(sorted(steps)[-newest:])
    for step in sorted(steps):
        why = {
            "newest": step in last,
            "newest undamaged": step == sound,
            "best": step == best,
            "needed for a rollback": step == retreat,
            f"every {every}": every is not None and step % every == 0,
        }
        if found := tuple(reason for reason, holds in why.items() if holds):
            reasons[step] = found
    return reasons


def step_of(folder: Path) -> int:
    """Return the step by which a training checkpoint's folder is named."""
    return int(folder.name.removeprefix("step-"))

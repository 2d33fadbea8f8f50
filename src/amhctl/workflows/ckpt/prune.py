"""``ckpt prune``: remove old training checkpoints of a run, and never one that the run could need."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import CHECKPOINT, read_manifest
from amhctl.checkpoint.store import verify_checkpoint
from amhctl.codec.soundness import KNOWN_VERSIONS
from amhctl.codec.soundness import find_faults as codec_faults
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.temporaries import discard, sweep
from amhctl.model.soundness import find_faults as voice_faults
from amhctl.training.checkpoints import Checkpoints, reasons_to_keep, step_of
from amhctl.training.state import read_state

RULES = Rules(
    Rule(
        "C027",
        Severity.WARNING,
        "not a training checkpoint",
        "An entry with the name of a training checkpoint is a link, or has unexpected content: `ckpt prune` does not "
        "touch it.",
    ),
    Rule(
        "C028",
        Severity.WARNING,
        "training checkpoint damaged",
        "A training checkpoint that is newer than the newest undamaged one cannot be read: the run would resume from "
        "the undamaged one, which `ckpt prune` keeps.",
    ),
)


@dataclass(frozen=True, slots=True)
class PruneRunRequest:
    """What to keep.

    Attributes
    ----------
    run : Path
        The folder of a voice's, codec's or vocoder's run.
    keep : int
        How many of the newest checkpoints stay, one or more.
    every : int | None
        Those whose step is a multiple of it stay as well.
    dry_run : bool
        Tell what would go, and remove nothing.
    """

    run: Path
    keep: int = 2
    every: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SavedStep:
    """A training checkpoint: its step and place, its size in bytes, and why it stays; no reasons, and it goes."""

    step: int
    folder: Path
    size: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PruneRunReport(Report):
    """What stays and what went, or would go."""

    run: Path
    steps: tuple[SavedStep, ...]
    findings: tuple[Finding, ...]
    dry_run: bool

    @property
    def removed(self) -> tuple[SavedStep, ...]:
        """What went, or would go."""
        return tuple(each for each in self.steps if not each.reasons)

    def payload(self) -> dict[str, object]:
        """Return ``run``, ``dry_run``, ``kept``, ``removed`` and ``freed_bytes``."""
        shown = {each: {"step": each.step, "path": str(each.folder), "bytes": each.size} for each in self.steps}
        return {
            "run": str(self.run),
            "dry_run": self.dry_run,
            "kept": [{**shown[each], "reasons": list(each.reasons)} for each in self.steps if each.reasons],
            "removed": [shown[each] for each in self.removed],
            "freed_bytes": sum(each.size for each in self.removed),
        }

    def lines(self) -> Iterable[str]:
        """Return a line a checkpoint, and what is freed."""
        gone = "would go" if self.dry_run else "removed"
        for each in self.steps:
            fate = f"kept: {', '.join(each.reasons)}" if each.reasons else gone
            yield f"{each.folder.name:<16}{each.size / 1e6:>10.1f} MB  {fate}"
        freed = sum(each.size for each in self.removed) / 1e6
        yield f"{len(self.removed)} of {len(self.steps)} {gone}, {freed:.1f} MB"


def run(request: PruneRunRequest, progress: Progress) -> PruneRunReport:
    """Remove the training checkpoints of a run that are neither new, nor the best, nor asked for.

    The folder of the best voice is not touched.

    Raises
    ------
    CheckpointError
        If the folder is no run's, or none of its checkpoints can be read: then all of them stay.
    InUseError
        If the run is going on.
    """
    places = Checkpoints(request.run / "checkpoints")
    if not places.root.is_dir():
        hint = "give the folder of a run, as `amhctl train -o RUN` made it"
        raise CheckpointError("there are no training checkpoints", subject=str(request.run), hint=hint)
    with nullcontext() if request.dry_run else hold(request.run / LOCK_FILE, what="the run"):
        ours, findings = _separate(places.saved())
        sound, damaged = _find_sound(ours, request.run, progress)
        state = None if sound is None else read_state(sound)
        reasons = reasons_to_keep(
            [step_of(folder) for folder in ours],
            newest=request.keep,
            every=request.every,
            best=None if state is None or state.best is None else state.best.step,
            sound=None if sound is None else step_of(sound),
            retreat=None if state is None else state.good,
        )
        steps = tuple(
            SavedStep(step_of(folder), folder, _size_of(folder), reasons.get(step_of(folder), ())) for folder in ours
        )
        report = PruneRunReport(request.run, steps, (*findings, *damaged), request.dry_run)
        if not request.dry_run:
            for each in report.removed:
                discard(each.folder)
            sweep(places.root)
    return report


def _separate(folders: Iterable[Path]) -> tuple[list[Path], list[Finding]]:
    """Return the folders that are training checkpoints, and a finding for each that is none."""
    ours, findings = [], []
    for folder in folders:
        if folder.is_symlink():
            fault = "a link"
        elif not folder.is_dir():
            fault = "no folder"
        elif not CHECKPOINT.recognises(folder):
            fault = "it has no manifest.json of a checkpoint"
        elif strangers := list(CHECKPOINT.strangers(folder)):
            fault = f"it has an unexpected file: {strangers[0]}"
        else:
            ours.append(folder)
            continue
        findings.append(RULES.finding("C027", str(folder), fault, "check it, and delete it by hand"))
    return ours, findings


def _find_sound(folders: list[Path], run: Path, progress: Progress) -> tuple[Path | None, list[Finding]]:
    """Return the newest checkpoint that can be read, and a finding for each newer one that cannot."""
    damaged: list[Finding] = []
    for folder in reversed(folders):
        progress.say(f"verifying {folder.name}")
        try:
            is_codec = read_manifest(folder).model_version in KNOWN_VERSIONS
            check = codec_faults if is_codec else voice_faults
            manifest = verify_checkpoint(folder, kind="training", check=check).manifest
            if manifest.training.get("step") != step_of(folder):
                raise CheckpointError(f"it is of step {manifest.training.get('step')}", subject=str(folder))
        except (CheckpointError, OSError) as error:
            reason = error.message if isinstance(error, CheckpointError) else error.strerror or str(error)
            damaged.append(RULES.finding("C028", str(folder), reason, "find the cause, such as a full disk"))
            continue
        return folder, damaged
    if damaged:
        raise CheckpointError(
            "none of the checkpoints can be read, so nothing is removed",
            subject=str(run),
            hint="restore one from a copy, or start a new run from the best weights with --base",
            findings=tuple(damaged),
        )
    return None, []


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())

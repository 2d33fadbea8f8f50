"""``data clean``: the recordings of a manifest without their noise, measured before and after."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from amhctl.audio.deepfilternet import open_deepfilternet
from amhctl.checks import cleaning
from amhctl.checks.cleaned_copy import (
    CLEANED_COPY,
    LOG,
    MANIFEST,
    CleanedCopy,
    can_go_on,
    write_cleaned_copy,
)
from amhctl.checks.cleaning import CleaningGoal
from amhctl.core.findings import Finding
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.outputs import PAGE, require_output_file, require_output_folder, require_output_place
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.corpus.records import iter_audio
from amhctl.evaluation.naturalness import NOTE, score_apart
from amhctl.pages.cleaning import write_cleaning_page

RULES = cleaning.RULES


@dataclass(frozen=True, slots=True)
class CleanDataRequest:
    """What to clean, where to, how far, and where a page about it should go."""

    manifest: Path
    output: Path
    attenuation: float | None = None
    report: Path | None = None
    workers: int = 1
    force: bool = False


@dataclass(frozen=True, slots=True)
class CleanDataReport(Verdict):
    """What was cleaned, and what became of it.

    Attributes
    ----------
    copy : CleanedCopy
        What is in the folder.
    enhancer : str
        What cleaned it.
    page : Path | None
        The report, if one was wanted.
    """

    copy: CleanedCopy
    enhancer: str
    page: Path | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every clip that was kept as it was or left out, and why."""
        return tuple(finding for clip in self.copy.clips if (finding := clip.finding) is not None)

    def payload(self) -> dict[str, object]:
        """Return places, counts, and the mean of each measurement before and after."""
        return {
            "manifest": str(self.copy.folder / MANIFEST),
            "log": str(self.copy.folder / LOG),
            "report": None if self.page is None else str(self.page),
            "enhancer": self.enhancer,
            "records": self.copy.records,
            "cleaned": self.copy.counts.get("", 0),
            "new": self.copy.new,
            "counts": {code: count for code, count in self.copy.counts.items() if code},
            "before": self.copy.means("before"),
            "after": self.copy.means("after"),
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        counts = self.copy.counts
        kept = self.copy.records - counts.get("", 0)
        yield (
            f"{self.copy.folder / MANIFEST}: {counts.get('', 0)} recordings cleaned, {kept} kept as they were, "
            f"{counts.get('D100', 0)} left out; {self.copy.new} of them now"
        )
        before, after = self.copy.means("before"), self.copy.means("after")
        if before and after:
            yield f"DNSMOS P.808 {before['p808']:.2f} → {after['p808']:.2f}, overall {before['overall']:.2f} → " + (
                f"{after['overall']:.2f} ({NOTE})"
            )
            yield (
                f"speech level {before['level']:.1f} → {after['level']:.1f} dBFS, "
                f"bandwidth {before['bandwidth']:.0f} → {after['bandwidth']:.0f} Hz"
            )
        titles = {rule.code: rule.title for rule in RULES}
        for code, count in counts.items():
            if code:
                yield f"{code} {titles[code]}: {count}"
        if self.page is not None:
            yield f"report: {self.page}"


def run(request: CleanDataRequest, progress: Progress) -> CleanDataReport:
    """Clean the recordings of a manifest; what a stopped run has done is resumed.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, or no recording of it.
    FileExistsRefused
        If the folder has other content, or the page exists, and is not to be replaced.
    MissingExtra
        If the weights of the enhancer are not installed.
    CheckpointError
        If they are not those that are known.
    InUseError
        If another process writes the folder.
    """
    output, manifest = request.output, request.manifest
    goal = CleaningGoal(open_deepfilternet, score_apart, request.attenuation)
    if request.report is not None:
        require_output_file(request.report, PAGE, force=request.force, sources=(manifest,))
    recordings = iter_audio(manifest) if output.exists() else ()
    sources = chain((manifest,), recordings)
    goes_on = False
    if not request.force and CLEANED_COPY.recognises(output):
        require_output_place(output)
        goes_on = can_go_on(output, manifest, goal)
    if not goes_on:
        require_output_folder(output, CLEANED_COPY, force=request.force, sources=sources)
    goal.enhancer()
    with hold(output / LOCK_FILE, what="the cleaned copy"):
        copy = write_cleaned_copy(
            manifest, output, goal, progress, workers=request.workers, restart=request.force and not goes_on
        )
    if request.report is not None:
        title = f"Cleaning of {'/'.join(manifest.resolve().parts[-2:])}"
        write_cleaning_page(request.report, title, copy, manifest, goal.enhancer(), progress)
    enhancer = goal.enhancer()
    return CleanDataReport(copy, f"{enhancer.name} {enhancer.version}", request.report)

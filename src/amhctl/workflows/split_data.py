"""``data split``: a manifest with a leak-free train, valid and test split."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.core.files import refuse_existing
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.data.records import Record, move_record, read_records, write_records
from amhctl.data.splits import SPLITS, SplitShares, assign_splits

RULES = (
    Rule("D070", Severity.WARNING, "empty split", "A split that was asked for got no record: there are too few texts."),
)


@dataclass(frozen=True, slots=True)
class SplitDataRequest:
    """What to split, in which shares, and where the new manifest goes."""

    manifest: Path
    output: Path | None = None
    valid: float = 0.05
    test: float = 0.05
    seed: int = 0
    by: Literal["text", "speaker"] = "text"
    every_speaker: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class SplitDataReport:
    """How many records and hours each split has."""

    manifest: Path
    records: Mapping[str, int]
    hours: Mapping[str, float]
    speakers: Mapping[str, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True: an empty split is a warning."""
        return True

    def payload(self) -> dict[str, object]:
        """Return the splits."""
        splits = {
            name: {"records": self.records[name], "hours": self.hours[name], "speakers": self.speakers[name]}
            for name in self.records
        }
        return {"manifest": str(self.manifest), "splits": splits}

    def lines(self) -> Iterable[str]:
        """Return the splits for people."""
        yield str(self.manifest)
        for name in self.records:
            yield (f"{name}: {self.records[name]} records, {self.hours[name]:.3f} h, {self.speakers[name]} speakers")


def run(request: SplitDataRequest, progress: Progress) -> SplitDataReport:
    """Split a manifest into a new one.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, or the shares leave nothing for training.
    FileExistsRefused
        If the new manifest exists and is not to be replaced.
    """
    shares = SplitShares(request.valid, request.test)
    output = request.output or request.manifest.with_suffix(".split.jsonl")
    refuse_existing(output, force=request.force)
    records = read_records(request.manifest)
    progress.say(f"splitting {len(records)} records")
    assigned = assign_splits(records, shares, seed=request.seed, by=request.by, every_speaker=request.every_speaker)
    write_records(
        output,
        [move_record(record, request.manifest.parent, output.parent) for record in assigned],
        force=request.force,
    )
    wanted = {"train": 1.0, "valid": shares.valid, "test": shares.test}
    counts = Counter(record.split for record in assigned)
    findings = tuple(
        Finding("D070", Severity.WARNING, name, "the split is empty", "choose a larger share or another --seed")
        for name in SPLITS
        if wanted[name] > 0 and not counts[name]
    )
    return SplitDataReport(
        manifest=output,
        records={name: counts[name] for name in SPLITS},
        hours={name: _hours(assigned, name) for name in SPLITS},
        speakers={name: len({record.speaker for record in assigned if record.split == name}) for name in SPLITS},
        findings=findings,
    )


def _hours(records: tuple[Record, ...], split: str) -> float:
    return sum(record.duration or 0.0 for record in records if record.split == split) / 3600

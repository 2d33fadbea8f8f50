"""``data split``: a manifest with a leak-free train, valid and test split."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.outputs import JSON, require_output_file
from amhctl.core.progress import Progress
from amhctl.data.records import Record, Split, audio_path, iter_records, portable_path, write_records
from amhctl.data.splits import SPLITS, SplitShares, assign_splits, parse_disjoint

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
    disjoint: tuple[str, ...] = ("text",)
    every_speaker: bool = False
    redraw: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Placed:
    """What decides where an utterance goes; all of a long manifest that is held in memory."""

    text: str
    speaker: str
    session: str
    split: Split | Literal[""]
    duration: float


@dataclass(frozen=True, slots=True)
class SplitDataReport:
    """How many records and hours each split has."""

    manifest: Path
    records: Mapping[str, int]
    hours: Mapping[str, float]
    speakers: Mapping[str, int]
    kept: int
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
        return {"manifest": str(self.manifest), "splits": splits, "kept": self.kept}

    def lines(self) -> Iterable[str]:
        """Return the splits for people."""
        yield str(self.manifest)
        for name in self.records:
            yield (f"{name}: {self.records[name]} records, {self.hours[name]:.3f} h, {self.speakers[name]} speakers")
        if self.kept:
            yield f"{self.kept} records had a split and kept it; draw all anew with --redraw"


def run(request: SplitDataRequest, progress: Progress) -> SplitDataReport:
    """Split a manifest into a new one.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, the shares leave nothing for training, or what no splits are to share cannot be
        had of this manifest.
    FileExistsRefused
        If the new manifest exists and is not to be replaced.
    """
    shares = SplitShares(request.valid, request.test)
    output = request.output or request.manifest.with_suffix(".split.jsonl")
    require_output_file(output, JSON, force=request.force, sources=(request.manifest,))
    placed = [_placed(record) for record in iter_records(request.manifest)]
    progress.say(f"splitting {len(placed)} records")
    splits = assign_splits(
        placed,
        shares,
        seed=request.seed,
        disjoint=parse_disjoint(request.disjoint),
        every_speaker=request.every_speaker,
        redraw=request.redraw,
    )
    folder = request.manifest.parent
    assigned = (
        record.model_copy(update={"split": split, "audio": portable_path(audio_path(record, folder), output.parent)})
        for record, split in zip(iter_records(request.manifest), splits, strict=True)
    )
    write_records(output, assigned, force=request.force)
    return _report(output, placed, splits, {"train": 1.0, **dict(shares.held_out())}, redraw=request.redraw)


def _placed(record: Record) -> _Placed:
    # Names recur in every record of a speaker: one copy of each is enough.
    speaker, session = sys.intern(record.speaker), sys.intern(record.session)
    return _Placed(record.text, speaker, session, record.split, record.duration or 0.0)


def _report(
    output: Path, placed: Sequence[_Placed], splits: Sequence[Split], wanted: Mapping[str, float], *, redraw: bool
) -> SplitDataReport:
    counts = Counter(splits)
    findings = tuple(
        Finding("D070", Severity.WARNING, name, "the split is empty", "choose a larger share or another --seed")
        for name in SPLITS
        if name in wanted and not counts[name]
    )
    pairs = tuple(zip(placed, splits, strict=True))
    return SplitDataReport(
        manifest=output,
        records={name: counts[name] for name in SPLITS},
        hours={name: sum(item.duration for item, split in pairs if split == name) / 3600 for name in SPLITS},
        speakers={name: len({item.speaker for item, split in pairs if split == name}) for name in SPLITS},
        kept=0 if redraw else sum(item.split != "" for item in placed),
        findings=findings,
    )

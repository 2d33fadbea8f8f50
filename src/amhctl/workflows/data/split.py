"""``data split``: a manifest with a leak-free train, valid and test split."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import JSON, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.records import Record, Split, audio_path, iter_records, portable_path, write_records
from amhctl.corpus.split_balance import SplitShares
from amhctl.corpus.split_groups import parse_disjoint
from amhctl.corpus.splits import SPLITS, assign_splits

RULES = Rules(
    Rule("D070", Severity.WARNING, "empty split", "A requested split has no records: there are too few texts."),
    Rule(
        "D075",
        Severity.WARNING,
        "split size differs from the request",
        "The size of a split differs from the request by more than two percentage points and more than half a "
        "record: --disjoint keeps too many records together, or they had their split already.",
    ),
)
_SHARE_SLACK = 0.02


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
    duration: float | None


@dataclass(frozen=True, slots=True)
class SplitDataReport(Report):
    """How many records and hours each split has; ``untimed`` are the records whose length no hour counts."""

    manifest: Path
    records: Mapping[str, int]
    hours: Mapping[str, float]
    untimed: Mapping[str, int]
    speakers: Mapping[str, int]
    kept: int
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        """Return the splits."""
        splits = {
            name: {
                "records": self.records[name],
                "hours": self.hours[name],
                "untimed": self.untimed[name],
                "speakers": self.speakers[name],
            }
            for name in self.records
        }
        return {"manifest": str(self.manifest), "splits": splits, "kept": self.kept}

    def lines(self) -> Iterable[str]:
        """Return the splits for people."""
        yield str(self.manifest)
        for name in self.records:
            yield f"{name}: {self.records[name]} records, {self._length(name)}, {self.speakers[name]} speakers"
        if self.kept:
            yield f"{self.kept} records had a split and kept it; --redraw assigns all of them again"

    def _length(self, name: str) -> str:
        hours, untimed = self.hours[name], self.untimed[name]
        if untimed and untimed == self.records[name]:
            return "of unknown length"
        return f"{hours:.3f} h" + (f" and {untimed} of unknown length" if untimed else "")


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
    return _Placed(record.text, speaker, session, record.split, record.duration)


def _report(
    output: Path, placed: Sequence[_Placed], splits: Sequence[Split], wanted: Mapping[str, float], *, redraw: bool
) -> SplitDataReport:
    counts = Counter(splits)
    findings = tuple(
        RULES.finding("D070", name, "the split is empty", "choose a larger fraction or another --seed")
        for name in SPLITS
        if name in wanted and not counts[name]
    )
    kept = 0 if redraw else sum(item.split != "" for item in placed)
    findings += tuple(_uneven(wanted, counts, len(placed), kept))
    pairs = tuple(zip(placed, splits, strict=True))
    durations = {name: [item.duration for item, split in pairs if split == name] for name in SPLITS}
    known = {name: [value for value in values if value is not None] for name, values in durations.items()}
    return SplitDataReport(
        manifest=output,
        records={name: counts[name] for name in SPLITS},
        hours={name: sum(known[name]) / 3600 for name in SPLITS},
        untimed={name: len(durations[name]) - len(known[name]) for name in SPLITS},
        speakers={name: len({item.speaker for item, split in pairs if split == name}) for name in SPLITS},
        kept=kept,
        findings=findings,
    )


def _uneven(wanted: Mapping[str, float], counts: Mapping[Split, int], total: int, kept: int) -> Iterable[Finding]:
    """Yield a finding for each held-out split whose share is not the one that was asked for."""
    hint = (
        "records with the same text, speaker or session stay in one split: require less with "
        "--disjoint, or add recordings"
    )
    if kept:
        hint = f"{kept} records had a split already: --redraw assigns all of them again"
    for name in SPLITS[1:]:
        off = counts[name] - wanted.get(name, 0.0) * total
        if counts[name] and abs(off) > max(_SHARE_SLACK * total, 0.5):
            asked = f"{wanted.get(name, 0.0):.1%} were requested"
            message = f"{counts[name]} of {total} records are {counts[name] / total:.1%}, {asked}"
            yield RULES.finding("D075", name, message, hint)

"""Is every byte of a code store the one that was written? Reads everything, decodes nothing, knows no codec."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.codes.alignment import read_alignment
from amhctl.codes.catalogue import StoreCatalogue
from amhctl.codes.document import read_document
from amhctl.codes.index import index_file
from amhctl.codes.layout import Layout
from amhctl.codes.parts import part_names, scan_part
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress

RULES = Rules(
    Rule("X107", Severity.ERROR, "damaged data", "The data of an utterance do not have the digest in the index."),
    Rule(
        "X113",
        Severity.ERROR,
        "damaged index line",
        "A line of a shard's index cannot be read; other commands refuse the store until it is repaired.",
    ),
    Rule(
        "X114",
        Severity.ERROR,
        "data missing",
        "The index lists an utterance, but the files are too short for its data or those of an earlier one: it is "
        "skipped when the store is read.",
    ),
    Rule(
        "X115",
        Severity.INFO,
        "unfinished end",
        "An interrupted extraction left bytes after the last complete utterance of a shard; they are ignored, and "
        "the next extraction removes them.",
    ),
    Rule(
        "X116",
        Severity.WARNING,
        "utterance in two shards",
        "Two shards of the store hold different data under one id; those of the first shard are used.",
    ),
    Rule(
        "X117",
        Severity.ERROR,
        "alignment does not match",
        "The durations of an aligned utterance do not add up to its frames, or the store does not hold it: it was "
        "encoded again after the alignment.",
    ),
)

_EXTRACT_AGAIN = "run `amhctl codes extract` on the store again: it encodes damaged utterances again"


@dataclass(frozen=True, slots=True)
class StoreVerification:
    """What a store holds, and all that is wrong with its bytes.

    Attributes
    ----------
    parts : tuple[str, ...]
        Names of its parts.
    utterances : int
        How many whole utterances it has.
    shared : int
        How many of them have the data of another.
    bytes : int
        Bytes of codes and features.
    findings : tuple[Finding, ...]
        Every fault.
    """

    parts: tuple[str, ...]
    utterances: int
    shared: int
    bytes: int
    findings: tuple[Finding, ...]


def verify_store(folder: Path, progress: Progress) -> StoreVerification:
    """Compare every utterance of a store with its digest, and its files with its indices.

    Raises
    ------
    DatasetError
        If there is no store, or it is of another format.
    """
    layout = read_document(folder).layout
    names = part_names(folder)
    findings: list[Finding] = []
    held = StoreCatalogue(folder)
    for part in names:
        findings += _scan(held, part, layout)
    progress.start("verifying", len(held), "utterance")
    places: set[tuple[str, int]] = set()
    for id_ in held:
        data = held.data(id_)
        places.add((data.part, data.codes_offset))
        if not layout.is_intact(folder, data):
            findings.append(RULES.finding("X107", id_, "the data are damaged", _EXTRACT_AGAIN))
        progress.advance()
    progress.finish()
    findings += _judge_alignment(held)
    size = sum(file.stat().st_size for part in names for file in layout.files(folder, part) if file.exists())
    return StoreVerification(names, len(held), len(held) - len(places), size, tuple(findings))


def _scan(held: StoreCatalogue, part: str, layout: Layout) -> list[Finding]:
    """Take in a part's readable utterances; return what is wrong with its index and the ends of its files."""
    digests_elsewhere: dict[str, str] = {}
    findings: list[Finding] = []
    index = index_file(held.folder, part)
    index_end = 0
    data_ends = (0,) * len(layout.columns)
    broken = False
    for line in scan_part(held.folder, part, layout):
        subject = f"{index.name}:{line.number}"
        index_end = line.offset + line.size
        if line.stored is None:
            findings.append(RULES.finding("X113", subject, "the line cannot be read", _EXTRACT_AGAIN))
            continue
        broken = broken or not line.has_data
        if broken:
            findings.append(RULES.finding("X114", line.stored.id, f"{subject}: data are missing", _EXTRACT_AGAIN))
            continue
        if not held.add(line.stored):
            digests_elsewhere[line.stored.id] = line.stored.sha256
        data_ends = tuple(map(max, data_ends, line.ends))
    if not broken:
        ends = zip((index, *layout.files(held.folder, part)), (index_end, *data_ends), strict=True)
        findings += _find_unfinished(ends)
    for id_, sha256 in digests_elsewhere.items():
        if (first := held.data(id_)).sha256 != sha256:
            message = f"shards {first.part} and {part} hold different data"
            findings.append(RULES.finding("X116", id_, message, "extract into a new store with one number of shards"))
    return findings


def _find_unfinished(ends: Iterator[tuple[Path, int]]) -> Iterator[Finding]:
    for file, end in ends:
        rest = (file.stat().st_size if file.exists() else 0) - end
        if rest > 0:
            message = f"{rest} bytes after the last complete utterance"
            yield RULES.finding("X115", file.name, message, "nothing to do; the next extraction removes them")


def _judge_alignment(held: StoreCatalogue) -> Iterator[Finding]:
    file = held.folder / "alignment.npz"
    if not file.exists():
        return
    alignment = read_alignment(file)
    for id_ in alignment.ids:
        totals = [int(alignment.durations(id_).sum(dtype=np.int64))]
        frames = [held.data(id_).frames if id_ in held else 0]
        if alignment.is_acoustic:
            totals.append(int(alignment.acoustic_durations(id_).sum(dtype=np.int64)))
            frames.append(held.data(id_).acoustic_frames if id_ in held else 0)
        if totals != frames:
            aligned, stored = (" and ".join(map(str, counts)) for counts in (totals, frames))
            yield RULES.finding(
                "X117", id_, f"{aligned} aligned frames, {stored} in the store", "run: amhctl codes align"
            )

"""Every fault of a manifest: line by line, recording by recording, and across them all. Writes nothing.

Codes D001 to D009 are about lines, D010 to D029 about recordings (``audiochecks``), D030 to D049 about texts and their
match (``textchecks``), D050 onwards about the manifest as a whole. One waveform is in memory at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.data.audiochecks import Measurements, check_audio
from amhctl.data.records import Record, scan_manifest
from amhctl.data.splits import text_key
from amhctl.data.textchecks import check_rate, check_text
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer

RULES = (
    Rule("D001", Severity.ERROR, "line is no record", "The line is not JSON, or its keys are not those of a record."),
    Rule("D002", Severity.ERROR, "duplicate id", "Two records have the same id."),
    Rule(
        "D042",
        Severity.WARNING,
        "unusual speaking rate",
        "Syllables a second lie further from the speaker's median than 5 scaled median deviations (speakers with 20 "
        "clips or more): often a wrong transcript.",
    ),
    Rule(
        "D050",
        Severity.ERROR,
        "same audio, other text",
        "Two records have the same samples and different texts: one transcript is wrong.",
    ),
    Rule("D051", Severity.WARNING, "duplicate recording", "Two records have the same samples and the same text."),
    Rule("D052", Severity.INFO, "repeated text", "A speaker says the same text in several recordings."),
    Rule(
        "D053",
        Severity.ERROR,
        "text in several splits",
        "The same text is in two of train, valid and test, so that what is measured was trained on.",
    ),
    Rule("D054", Severity.WARNING, "speaker with one clip", "There is no second clip to take a prompt from."),
)

_LINE_HINT = "mend the line; a manifest of another maker becomes one of ours by: amhctl data import jsonl"
_RATE_DEVIATIONS = 5.0
_FEWEST_FOR_RATE = 20
# The median absolute deviation of a normal distribution is this share of its standard deviation.
_MAD_SHARE = 0.6745


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record, what was measured on its recording, and how many syllables its text has when spoken."""

    record: Record
    measurements: Measurements | None
    syllables: int

    @property
    def rate(self) -> float | None:
        """Syllables a second of speech; None where either is unknown."""
        if self.measurements is None or self.syllables == 0 or self.measurements.speech_seconds <= 0:
            return None
        return self.syllables / self.measurements.speech_seconds


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """Everything found in a manifest."""

    records: tuple[CheckedRecord, ...]
    findings: tuple[Finding, ...]


def check_manifest(path: Path, frontend: Frontend, tokenizer: Tokenizer | None, progress: Progress) -> ManifestCheck:
    """Inspect a manifest, its recordings and texts.

    Raises
    ------
    DatasetError
        If the manifest cannot be read or holds no line.
    """
    findings: list[Finding] = []
    records: list[Record] = []
    first_line: dict[str, int] = {}
    lines = 0
    for line in scan_manifest(path):
        lines += 1
        if line.record is None:
            findings.append(_finding("D001", f"{path.name}:{line.number}", line.fault, _LINE_HINT))
            continue
        earlier = first_line.setdefault(line.record.id, line.number)
        if earlier != line.number:
            message = f"lines {earlier} and {line.number} have the same id"
            findings.append(_finding("D002", line.record.id, message, "rename one of them"))
        records.append(line.record)
    if not lines:
        raise DatasetError("the manifest holds no record", subject=str(path))
    checked = []
    progress.start("checking", len(records), "utterance")
    for record in records:
        result, found = _check_record(record, path.parent, frontend, tokenizer)
        checked.append(result)
        findings += found
        progress.advance()
    progress.finish()
    findings += [
        *_find_unusual_rates(checked),
        *_find_duplicate_audio(checked),
        *_find_repeated_texts(records),
        *_find_leaks(records),
        *_find_lone_speakers(records),
    ]
    return ManifestCheck(tuple(checked), tuple(findings))


def _check_record(
    record: Record, folder: Path, frontend: Frontend, tokenizer: Tokenizer | None
) -> tuple[CheckedRecord, tuple[Finding, ...]]:
    audio = check_audio(record, folder)
    text = check_text(record, frontend, tokenizer)
    findings = [*audio.findings, *text.findings]
    silent = any(finding.code == "D020" for finding in audio.findings)
    if audio.measurements is not None and text.syllables and not silent:
        findings += check_rate(record.id, text.syllables, audio.measurements.speech_seconds)
    return CheckedRecord(record, audio.measurements, text.syllables), tuple(findings)


def _find_unusual_rates(checked: Sequence[CheckedRecord]) -> Iterable[Finding]:
    rates: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for item in checked:
        if item.rate is not None:
            rates[item.record.speaker].append((item.record.id, item.rate))
    for clips in rates.values():
        if len(clips) < _FEWEST_FOR_RATE:
            continue
        logarithms = np.log([rate for _, rate in clips])
        median = float(np.median(logarithms))
        spread = float(np.median(np.abs(logarithms - median))) / _MAD_SHARE
        for (subject, rate), logarithm in zip(clips, logarithms, strict=True):
            if abs(logarithm - median) > _RATE_DEVIATIONS * max(spread, 0.05):
                message = f"{rate:.1f} syllables a second, the speaker's median is {np.exp(median):.1f}"
                yield _finding("D042", subject, message, "listen to it and compare the text")


def _find_duplicate_audio(checked: Sequence[CheckedRecord]) -> Iterable[Finding]:
    first: dict[str, Record] = {}
    for item in checked:
        if item.measurements is None:
            continue
        earlier = first.setdefault(item.measurements.digest, item.record)
        if earlier is item.record:
            continue
        same = text_key(earlier.text) == text_key(item.record.text)
        message = f"the same samples as {earlier.id}" + ("" if same else ", with another text")
        yield _finding("D051" if same else "D050", item.record.id, message, "keep the right one")


def _find_repeated_texts(records: Sequence[Record]) -> Iterable[Finding]:
    first: dict[tuple[str, str], Record] = {}
    for record in records:
        if key := text_key(record.text):
            earlier = first.setdefault((record.speaker, key), record)
            if earlier is not record:
                yield _finding("D052", record.id, f"the same text as {earlier.id} by the same speaker")


def _find_leaks(records: Sequence[Record]) -> Iterable[Finding]:
    first: dict[str, Record] = {}
    for record in records:
        key = text_key(record.text)
        if not key or not record.split:
            continue
        earlier = first.setdefault(key, record)
        if earlier.split != record.split:
            message = f"in {record.split}, and as {earlier.id} in {earlier.split}"
            yield _finding("D053", record.id, message, "split again: amhctl data split")


def _find_lone_speakers(records: Sequence[Record]) -> Iterable[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        counts[record.speaker] += 1
    for speaker, count in counts.items():
        if count < 2:
            yield _finding("D054", speaker, "the speaker has one clip only", "record more, or leave it out")


_SEVERITY = {rule.code: rule.severity for rule in RULES}


def _finding(code: str, subject: str, message: str, hint: str = "") -> Finding:
    return Finding(code, _SEVERITY[code], subject, message, hint)

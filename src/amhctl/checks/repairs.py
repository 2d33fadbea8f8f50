"""The repair of one recording: full scale, one channel, no offset, no noise if wanted, short edges, rate and loudness.

Knows no manifest. It runs in worker processes, so it takes and returns plain values only. What is written is checked
again as the original was: a copy that still has a fault that a repair should have taken away is no repaired copy.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from amhctl.audio import files, levels
from amhctl.audio.offset import HIGH_PASS_HERTZ, largest_offset, without_offset, without_rumble
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaning import Cleaned, Cleaning, CleaningGoal, clean_waveform
from amhctl.checks.measurements import Measurements
from amhctl.checks.recording import AudioLimits, check_audio
from amhctl.core.errors import AudioError, ScaleError
from amhctl.core.files import sha256_of_file
from amhctl.core.findings import Finding, Severity
from amhctl.corpus.records import Record, audio_path, read_audio

REPAIRABLE = frozenset({"D018", "D019", "D022", "D023", "D024", "D029", "D090"})
"""Codes of faults that a repair takes away."""
_LIMITS = AudioLimits()
_EDGE_SECONDS = 0.2
_LOUDNESS_CODES = ("D019", "D029")


@dataclass(frozen=True, slots=True)
class RepairGoal:
    """What repaired recordings are to be like.

    Attributes
    ----------
    level : float
        Speech level in dBFS.
    sample_rate : int | None
        Samples per second; None keeps each file's.
    strict : bool
        Whether a record with a warning that no repair takes away is left out.
    cleaning : CleaningGoal | None
        By what noise is taken out; None leaves it.
    """

    level: float = -24.0
    sample_rate: int | None = None
    strict: bool = False
    cleaning: CleaningGoal | None = None

    def refuses(self, finding: Finding) -> bool:
        """Return whether a repaired copy may not have this finding."""
        if finding.severity is Severity.ERROR or finding.code in REPAIRABLE:
            return True
        return self.strict and finding.severity is Severity.WARNING


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done to a recording.

    Attributes
    ----------
    code : str
        The finding that asked for it; empty if only the goal did.
    done : str
        What was done.
    before, after : float
        What was measured: full scale, channels, mean, seconds, samples per second, dBFS, or DNSMOS.
    """

    code: str
    done: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RepairJob:
    """A record of a manifest in ``folder``, its findings' codes, and where its copy goes: ``copies / name``."""

    record: Record
    codes: frozenset[str]
    folder: Path
    copies: Path
    name: str
    goal: RepairGoal


@dataclass(frozen=True, slots=True)
class RepairResult:
    """The record of a repaired copy and what was done and measured; or, without measurements, why there is none.

    ``cleaning`` is what was measured of it when noise was taken out.
    """

    record: Record
    changes: tuple[Change, ...] = ()
    measurements: Measurements | None = None
    code: str = ""
    reason: str = ""
    cleaning: Cleaning | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """A repaired waveform, what was done, and what came of taking noise out, if that was wanted."""

    waveform: Waveform
    changes: tuple[Change, ...]
    cleaned: Cleaned | None = None


def repair_recording(job: RepairJob) -> RepairResult:
    """Write a repaired copy of a recording, and check it; the source is only read.

    Raises
    ------
    OSError
        If the copy cannot be written.
    """
    try:
        original, opening = _open(job.record, job.folder)
        repaired = repair_waveform(original, job.codes, job.goal)
    except AudioError as error:
        return RepairResult(job.record, code="D010", reason=error.message)
    except OSError as error:
        return RepairResult(job.record, code="D010", reason=f"the file cannot be read: {error.strerror}")
    path, cleaned = job.copies / job.name, repaired.cleaned
    try:
        files.write(path, repaired.waveform)
    except AudioError as error:
        return RepairResult(job.record, code="D017", reason=error.message)
    values = {
        "audio": job.name,
        "offset": 0.0,
        "duration": float(repaired.waveform.duration),
        "processing": job.record.processing if cleaned is None else cleaned.processing(job.record.processing),
        "sha256": sha256_of_file(path),
    }
    record = job.record.model_copy(update=values)
    checked = check_audio(record, job.copies)
    refused = [finding for finding in checked.findings if job.goal.refuses(finding)]
    if refused or checked.measurements is None:
        path.unlink()
        return RepairResult(job.record, code=refused[0].code, reason=f"after its repair: {refused[0].message}")
    return RepairResult(
        record,
        (*opening, *repaired.changes),
        checked.measurements,
        cleaning=None if cleaned is None else cleaned.cleaning,
    )


def _open(record: Record, folder: Path) -> tuple[Waveform, list[Change]]:
    """Return a recording with one channel and a full scale of 1, and what had to be done for that."""
    path = audio_path(record, folder)
    changes: list[Change] = []
    channels = files.probe(path).channels
    if channels > 1:
        changes.append(Change("D024", "mixed down to one channel", channels, 1))
    try:
        return read_audio(record, folder), changes
    except ScaleError:
        scale = files.find_scale(path, offset=record.offset, duration=record.duration)
        changes.append(Change("D090", "divided by its full scale", scale, 1.0))
        return read_audio(record, folder, full_scale=scale), changes


def repair_waveform(waveform: Waveform, codes: frozenset[str], goal: RepairGoal) -> Repaired:
    """Return a recording as the goal wants it, and what was done.

    Parameters
    ----------
    waveform : Waveform
        The recording.
    codes : frozenset[str]
        Findings of the recording; those about its level name the change of the level.
    goal : RepairGoal
        What it is to be like.

    Raises
    ------
    AudioError
        If it is too short to be resampled.
    MissingExtra, CheckpointError
        If noise is to be taken out, and the enhancer cannot be opened.
    """
    changes: list[Change] = []
    repaired = _without_offset(waveform, goal.level, changes)
    cleaned = None
    if goal.cleaning is not None:
        # Before the edges are looked at: noise may hide where speech begins.
        cleaned = clean_waveform(repaired, goal.cleaning)
        repaired = cleaned.waveform
        changes += _list_changes(cleaned)
    repaired = _trimmed(repaired, changes)
    if goal.sample_rate is not None and goal.sample_rate != repaired.sample_rate:
        changes.append(Change("", "resampled", repaired.sample_rate, goal.sample_rate))
        repaired = resample(repaired, goal.sample_rate)
    levelled = _levelled(repaired, codes, goal.level, changes)
    return Repaired(levelled, tuple(changes), cleaned)


def _list_changes(cleaned: Cleaned) -> list[Change]:
    """Return what the log says of a cleaning: each measurement, of what was done or would have been."""
    cleaning = cleaned.cleaning
    done = f"kept, {cleaning.code}: {cleaning.reason}" if cleaning.code else cleaned.done
    before, after = asdict(cleaning.before), asdict(cleaning.after)
    return [Change("", f"{done} ({name})", before[name], after[name]) for name in before]


def _without_offset(waveform: Waveform, level: float, changes: list[Change]) -> Waveform:
    before = largest_offset(waveform)
    found = abs(before) > _LIMITS.largest_offset
    # A small one is raised with the speech: ALFFA's -0.001 in clips at -34 dBFS becomes -0.003 at -24.
    raised = found or abs(largest_offset(levels.set_speech_level(waveform, level))) > _LIMITS.largest_offset
    if not raised or waveform.duration < _LIMITS.shortest:
        return waveform
    filtered = without_offset(waveform)
    done = f"high-pass filter at {HIGH_PASS_HERTZ:g} Hz"
    changes.append(Change("D018" if found else "", done, before, largest_offset(filtered)))
    return filtered


def _trimmed(waveform: Waveform, changes: list[Change]) -> Waveform:
    """Return the recording with short edges; without an edge the level of its frames, and so the other edge, may move.

    Each round takes something away, so that this ends.
    """
    # As the check measures them.
    before, after = levels.silent_edges(without_rumble(waveform))
    cuts = [max(0.0, edge - _EDGE_SECONDS) if edge > _LIMITS.longest_silence else 0.0 for edge in (before, after)]
    if not any(cuts) or sum(cuts) >= waveform.duration:
        return waveform
    start, end = round(cuts[0] * waveform.sample_rate), round(cuts[1] * waveform.sample_rate)
    kept = replace(waveform, samples=np.ascontiguousarray(waveform.samples[start : waveform.samples.size - end]))
    for code, place, edge, cut in (("D022", "leading", before, cuts[0]), ("D023", "trailing", after, cuts[1])):
        if cut:
            changes.append(Change(code, f"{place} silence trimmed", edge, edge - cut))
    return _trimmed(kept, changes)


def _levelled(waveform: Waveform, codes: frozenset[str], level: float, changes: list[Change]) -> Waveform:
    before = levels.speech_level(waveform)
    levelled = levels.set_speech_level(waveform, level)
    reached = levels.speech_level(levelled)
    asking: Sequence[str] = [code for code in _LOUDNESS_CODES if code in codes] or [""]
    changes.extend(Change(code, "brought to a loudness", before, reached) for code in asking)
    return levelled

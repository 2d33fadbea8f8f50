"""A cleaned copy of a manifest and its recordings, made clip by clip so that it can be stopped and resumed.

Knows no samples, and never writes beside the source. The folder:

``cleaning.json``
    What the copy is of and by what: ``version``, ``manifest`` (SHA-256 of its bytes), ``enhancer``, ``fingerprint``,
    ``attenuation``. Written first: with other values the copy is not resumed.
``cleaning.jsonl``
    One clip a line: ``id``; ``source`` (SHA-256 of its recording's file); and either ``audio``, ``sha256``,
    ``duration``, ``processing`` of the copy, ``before`` and ``after`` (``p808``, ``overall``, ``level``,
    ``bandwidth``), ``lost`` (seconds of voice), ``code`` and ``reason`` (empty where it was cleaned), or ``code`` and
    ``reason`` alone where it was left out. Appended while the work continues, in the manifest's order at the end.
``audio``
    FLAC, 16 bit, mono, at its own rate and of its own length; a recording that was kept is its file, byte by byte,
    or that part of it that the record names.
``manifest.jsonl``
    The records, with the same ids, texts and splits. Written last.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from amhctl.audio import files
from amhctl.audio.longrecording import LONG_SECONDS
from amhctl.checks.cleaning import RULES, Cleaning, CleaningGoal, Quality, clean_waveform
from amhctl.core.documents import parse_json, read_json
from amhctl.core.errors import AudioError, DatasetError, FileExistsRefused
from amhctl.core.files import sha256_of_file, write_bytes_atomically, write_text_atomically
from amhctl.core.findings import Finding
from amhctl.core.lock import is_occupied
from amhctl.core.outputs import FolderKind
from amhctl.core.progress import Progress
from amhctl.corpus.recordings import file_name, is_whole, load_recording
from amhctl.corpus.records import Record, audio_path, read_audio, read_records, write_records
from amhctl.parallel.workers import map_in_order, open_pool

MANIFEST, STATE, LOG, AUDIO = "manifest.jsonl", "cleaning.json", "cleaning.jsonl", "audio"
CLEANED_COPY = FolderKind(
    "a cleaned copy", STATE, keys=frozenset({"manifest", "enhancer", "fingerprint"}), members=(LOG, MANIFEST, AUDIO)
)
_VERSION = 1
_AHEAD = 4
_CODES = frozenset(rule.code for rule in RULES)


@dataclass(frozen=True, slots=True)
class CleanedClip:
    """A clip of the copy, or one that was left out.

    Attributes
    ----------
    id : str
        Of the record.
    source : str
        SHA-256 of its recording's file; empty if that cannot be read.
    record : Record | None
        The copy's; None if it was left out.
    cleaning : Cleaning | None
        What was measured; None if it was left out.
    code, reason : str
        Why it was kept as it was, or left out; empty if it was cleaned.
    """

    id: str
    source: str
    record: Record | None
    cleaning: Cleaning | None
    code: str = ""
    reason: str = ""

    @property
    def finding(self) -> Finding | None:
        """The finding about it, if there is one."""
        return RULES.finding(self.code, self.id, self.reason) if self.code else None


@dataclass(frozen=True, slots=True)
class CleanedCopy:
    """What is in the folder now, in the manifest's order, and how many clips of it were done by this call."""

    folder: Path
    clips: tuple[CleanedClip, ...]
    new: int

    @property
    def counts(self) -> dict[str, int]:
        """How many clips were cleaned, under an empty code, and how many have each code."""
        return dict(sorted(Counter(clip.code for clip in self.clips).items()))

    @property
    def records(self) -> int:
        """How many records it holds."""
        return sum(clip.record is not None for clip in self.clips)

    def means(self, side: Literal["before", "after"]) -> dict[str, float]:
        """Return the mean of each measurement of the recordings, or of what the copy holds; none of no clip.

        A recording that was kept counts as it was on both sides.
        """
        found = [
            asdict(clip.cleaning.before if side == "before" or clip.code else clip.cleaning.after)
            for clip in self.clips
            if clip.cleaning is not None
        ]
        return {one.name: float(np.mean([each[one.name] for each in found])) for one in fields(Quality) if found}


@dataclass(frozen=True, slots=True)
class _Job:
    """A record of a manifest in ``folder``, and where its copy goes."""

    record: Record
    folder: Path
    output: Path
    goal: CleaningGoal


def can_go_on(output: Path, manifest: Path, goal: CleaningGoal) -> bool:
    """Return whether a folder holds a copy of this manifest by this enhancer, finished or not.

    Raises
    ------
    FileExistsRefused
        If it holds one of another manifest, or by another enhancer.
    MissingExtra, CheckpointError
        As opening the enhancer does.
    """
    path = output / STATE
    if not path.is_file():
        return False
    try:
        known = read_json(path)
    except ValueError:
        return False
    wanted = _state(manifest, goal)
    if not isinstance(known, dict) or not wanted.keys() <= known.keys():
        return False
    if other := [key for key in wanted if known[key] != wanted[key]]:
        raise FileExistsRefused(
            f"the folder holds a cleaned copy with a different {' and '.join(other)}",
            subject=str(output),
            hint="choose another folder, or pass --force to start again",
        )
    return True


def write_cleaned_copy(
    manifest: Path, output: Path, goal: CleaningGoal, progress: Progress, *, workers: int = 1, restart: bool = False
) -> CleanedCopy:
    """Clean the recordings of a manifest into a folder, resuming what is done there already.

    The caller holds the folder's lock. The result is the same however often the work was stopped, and whatever the
    number of workers.

    Parameters
    ----------
    manifest, output : Path
        From where to where.
    goal : CleaningGoal
        By what.
    progress : Progress
        Told of each clip.
    workers : int
        Processes.
    again : bool
        Whether to remove an earlier copy first.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, no recording of it can be, or a worker was killed.
    MissingExtra, CheckpointError
        As opening the enhancer does.
    OSError
        If something cannot be written; what was done stays, to continue with.
    """
    # Before anything is written: without its weights there is nothing to begin.
    state = _state(manifest, goal)
    records = read_records(manifest)
    if restart:
        _clear(output)
    is_new = not is_occupied(output)
    (output / AUDIO).mkdir(parents=True, exist_ok=True)
    write_text_atomically(output / STATE, f"{json.dumps(state, ensure_ascii=False, indent=2)}\n")
    done = {clip.id: clip for clip in _done(manifest, output, records)}
    # A line that a kill truncated, or one that no longer holds, goes.
    _write_log(output, list(done.values()))
    jobs = [_Job(record, manifest.parent, output, goal) for record in records if record.id not in done]
    progress.start("cleaning", len(jobs), "utterance")
    with open_pool(0 if workers <= 1 else workers) as pool, (output / LOG).open("a", encoding="utf-8") as log:
        for clip in map_in_order(pool, _clean_record, jobs, ahead=_AHEAD * max(1, workers)):
            log.write(_to_line(clip))
            log.flush()
            done[clip.id] = clip
            progress.advance(note=_note(clip))
    progress.finish()
    clips = tuple(done[record.id] for record in records)
    kept = [clip.record for clip in clips if clip.record is not None]
    if not kept:
        if is_new:
            _clear(output)
            (output / STATE).unlink(missing_ok=True)
        raise DatasetError(
            f"no recording can be cleaned ({clips[0].id}: {clips[0].reason})",
            subject=str(manifest),
            hint="`amhctl data check` lists all faults of the manifest",
        )
    _write_log(output, clips)
    write_records(output / MANIFEST, kept, force=True)
    return CleanedCopy(output, clips, len(jobs))


def _state(manifest: Path, goal: CleaningGoal) -> dict[str, object]:
    enhancer = goal.enhancer()
    return {
        "version": _VERSION,
        "manifest": sha256_of_file(manifest),
        "enhancer": f"{enhancer.name} {enhancer.version}",
        "fingerprint": enhancer.fingerprint,
        "attenuation": goal.attenuation,
    }


def _clear(output: Path) -> None:
    for name in (MANIFEST, LOG):
        (output / name).unlink(missing_ok=True)
    if (output / AUDIO).exists():
        shutil.rmtree(output / AUDIO)


def _clean_record(job: _Job) -> CleanedClip:
    """Write the copy of one recording; the source is only read."""
    record, source = job.record, ""
    try:
        path = audio_path(record, job.folder)
        part = files.locate(path, offset=record.offset, duration=record.duration)
        source = sha256_of_file(path)
        if part.duration > LONG_SECONDS:
            reason = f"{part.duration:.0f} s are too long to clean: split it first"
            return CleanedClip(record.id, source, None, None, "D100", reason)
        # Manifests round: what is a whole file but for that stays one, to the sample.
        whole = is_whole(record, files.probe(path).duration)
        waveform = read_audio(record.model_copy(update={"duration": None}) if whole else record, job.folder)
        cleaned = clean_waveform(waveform, job.goal)
        cleaning = cleaned.cleaning
        if cleaning.code:
            kept = load_recording(record, job.folder)
            content, suffix = kept.content, kept.suffix
        else:
            content, suffix = files.encode(cleaned.waveform, "flac"), ".flac"
    except AudioError as error:
        return CleanedClip(record.id, source, None, None, "D100", error.message)
    name = f"{AUDIO}/{file_name(record.id)}{suffix}"
    write_bytes_atomically(job.output / name, content)
    values = {
        "audio": name,
        "offset": 0.0,
        "duration": float(waveform.duration),
        "processing": cleaned.processing(record.processing),
        "sha256": sha256_of_file(job.output / name),
    }
    return CleanedClip(record.id, source, record.model_copy(update=values), cleaning, cleaning.code, cleaning.reason)


def _note(clip: CleanedClip) -> str:
    if clip.cleaning is None or clip.code:
        return f"{clip.id}: {clip.code}"
    return f"P.808 {clip.cleaning.before.p808:.2f} to {clip.cleaning.after.p808:.2f}"


def _to_line(clip: CleanedClip) -> str:
    value: dict[str, object] = {"id": clip.id, "source": clip.source}
    if clip.record is not None and clip.cleaning is not None:
        record, cleaning = clip.record, clip.cleaning
        value |= {
            "audio": record.audio,
            "sha256": record.sha256,
            "duration": record.duration,
            "processing": record.processing,
            "before": asdict(cleaning.before),
            "after": asdict(cleaning.after),
            "lost": cleaning.lost,
        }
    value |= {"code": clip.code, "reason": clip.reason}
    return f"{json.dumps(value, ensure_ascii=False)}\n"


def _write_log(output: Path, clips: tuple[CleanedClip, ...] | list[CleanedClip]) -> None:
    write_text_atomically(output / LOG, "".join(map(_to_line, clips)))


def _done(manifest: Path, output: Path, records: tuple[Record, ...]) -> Iterator[CleanedClip]:
    """Yield what the log holds of these records, where recording and copy are still what they were."""
    lines = _read_log(output / LOG)
    for record in records:
        value = lines.get(record.id)
        clip = None if value is None else _from_line(record, value)
        if clip is None or clip.record is None:
            # What was left out may have been corrected since.
            continue
        try:
            same = sha256_of_file(audio_path(record, manifest.parent)) == clip.source
            same = same and sha256_of_file(output / clip.record.audio) == clip.record.sha256
        except OSError:
            continue
        if same:
            yield clip


def _read_log(path: Path) -> dict[str, Mapping[str, Any]]:
    if not path.is_file():
        return {}
    lines: dict[str, Mapping[str, Any]] = {}
    for line in path.read_bytes().splitlines():
        try:
            value = parse_json(line)
        except ValueError:
            continue
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            lines[value["id"]] = value
    return lines


def _from_line(record: Record, value: Mapping[str, Any]) -> CleanedClip | None:
    """Return what a line says of a record; None if it says something else."""
    try:
        code, reason = str(value["code"]), str(value["reason"])
        if "audio" not in value or (code and code not in _CODES):
            return None
        copied = {key: value[key] for key in ("audio", "sha256", "duration", "processing")}
        made = Record.model_validate({**record.model_dump(), **copied, "offset": 0.0})
        old, new = (Quality(**{key: float(item) for key, item in value[side].items()}) for side in ("before", "after"))
        return CleanedClip(
            record.id, str(value["source"]), made, Cleaning(old, new, float(value["lost"]), code, reason), code, reason
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None

"""``amhctl speak --batch``: many texts, each into a file of its own, by several processes, resumable.

A batch is JSON Lines: an object with ``id`` and ``text`` in each line, and how it is to be spoken where it is not as
the command says. ``results.jsonl`` in the output folder has a line for each that is done; a batch that is started again
speaks only what is missing, failed or has changed.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TextIO

from amhctl.checkpoint.licences import require_commercial
from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import AmhctlError, DocumentError, FileExistsRefused, ShortageError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding
from amhctl.core.lock import hold
from amhctl.core.outputs import FileKind, require_output_files, require_output_place
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.report import Verdict
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import voice_path
from amhctl.inference.longtext import Role
from amhctl.parallel.workers import map_in_order, open_pool
from amhctl.text.lexicon import Lexicon
from amhctl.text.lexicon_file import read_lexicons
from amhctl.workflows.speak import write_speech as write_speech
from amhctl.workflows.speak_items import RULES, Item, read_items
from amhctl.workflows.speak_items import BatchRequest as BatchRequest
from amhctl.workflows.speak_items import choose_timing as choose_timing
from amhctl.workflows.speak_request import SpeakRequest, read_settings
from amhctl.workflows.speak_settings import batch_settings

RESULTS: Final = "results.jsonl"
_RESULTS = FileKind("results of a batch", re.compile(rb'\{"id": "[^"\n]{1,600}", "ok": (?:true|false), "digest": "'))
_KEPT_VOICES = 4
_OF_MAIN_VOICE = ("codec", "precision", "compiled")


@dataclass(frozen=True, slots=True)
class BatchReport(Verdict):
    """What became of a batch."""

    output: Path
    items: int
    spoken: int
    skipped: int
    failed: int
    seconds: float
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        """Return the keys of every report of ``speak``, and how many items were spoken, skipped and failed."""
        return {
            "output": str(self.output),
            "played_by": None,
            "seconds": round(self.seconds, 3),
            "realtime_factor": None,
            "segments": [],
            "checks": {"stopped": True, "attempts": [], "recogniser": None},
            "chapters": [],
            "files": [str(path) for path in self.files],
            "subtitles": None,
            "resumed": self.skipped,
            "precision": None,
            "batch": {
                "results": str(self.output / RESULTS),
                "items": self.items,
                "spoken": self.spoken,
                "skipped": self.skipped,
                "failed": self.failed,
            },
        }

    def lines(self) -> Iterable[str]:
        """Return one line: how many items were spoken, skipped and failed."""
        yield (
            f"{self.output / RESULTS}: {self.items} items, {self.spoken} spoken ({self.seconds:.1f} s), "
            f"{self.skipped} were there, {self.failed} failed"
        )


@dataclass(slots=True)
class _Room:
    """What a process speaks with; loaded when it is first needed."""

    common: SpeakRequest
    lexicon: Lexicon
    commercial: bool
    voices: dict[str, Role] = field(default_factory=dict)

    def role(self, name: str) -> Role:
        """Return a voice by name, as the common options and the cast know it."""
        if name not in self.voices:
            common, place = self.common, dict(self.common.cast).get(name, name or self.common.voice)
            own: dict[str, Any] = {} if name else {key: getattr(common, key) for key in _OF_MAIN_VOICE}
            voice = load_voice(place, device=common.device, **own).with_lexicon(self.lexicon)
            if self.commercial:
                require_commercial(voice.licences, voice.manifest.name)
            while len(self.voices) >= _KEPT_VOICES:
                del self.voices[next(iter(self.voices))]
            self.voices[name] = Role(voice)
        return self.voices[name]


_room: _Room | None = None


def run(request: BatchRequest, progress: Progress) -> BatchReport:
    """Speak a batch.

    Raises
    ------
    AmhctlError
        If the batch cannot be read, the folder cannot be written, the voice cannot be loaded, or the disk is full.
    """
    if request.subtitles:
        request = replace(request, subtitles=choose_timing(request.subtitles))
    require_output_place(request.output)
    _require_results(request.output / RESULTS)
    require_output_files(request.output, sources=(request.batch, voice_path(request.common.voice)))
    lexicons, commercial = read_settings(request.common)
    lexicon = read_lexicons(lexicons)
    request.output.mkdir(parents=True, exist_ok=True)
    with hold(request.output / ".lock", what="the batch"):
        items, findings = read_items(request, batch_settings(request.common, lexicon))
        done = _read_results(request.output)
        wanted = [item for item in items if not _is_done(item, done.get(item.id))]
        skipped = len(items) - len(wanted)
        # An item that is spoken again takes the place of what it was; another file of its name does not.
        fresh = () if request.common.force else (item for item in wanted if item.id not in done)
        strange = {item.id for item in fresh if any(path.exists() for path in item.files)}
        missing = [item for item in wanted if item.id not in strange]
        findings += (
            RULES.finding("S023", item.id, "the output already exists", "move it away, or pass --force")
            for item in wanted
            if item.id in strange
        )
        # What is wrong with the voice or the options concerns all items, and is said once.
        _prepare(request.common, lexicon, commercial)
        if missing:
            _known_room().role("").voice.require_options(request.common.options)
        progress.start("speaking", len(missing), "items")
        spoken, seconds = 0, 0.0
        arguments = (request.common, lexicon, commercial)
        with (
            (request.output / RESULTS).open("a", encoding="utf-8") as results,
            open_pool(request.workers, _prepare, arguments) as pool,
        ):
            begun = _begin(missing, results)
            for result in map_in_order(pool, _speak, begun, ahead=2 * max(1, request.workers)):
                done[result["id"]] = result
                _write(results, result)
                spoken += bool(result["ok"])
                seconds += result.get("seconds", 0.0)
                progress.advance(note=f"{seconds:.0f} s of speech")
                if not result["ok"]:
                    findings.append(RULES.finding("S023", result["id"], result["error"], result["hint"]))
        progress.finish()
        ordered = [done[item.id] for item in items if item.id in done]
        content = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in ordered)
        write_text_atomically(request.output / RESULTS, content)
    return BatchReport(
        output=request.output,
        items=len(items) + len(findings) - (len(wanted) - spoken),
        spoken=spoken,
        skipped=skipped,
        failed=len(findings),
        seconds=seconds,
        files=tuple(request.output / each["file"] for each in ordered if each["ok"]),
        findings=tuple(findings),
    )


def _require_results(path: Path) -> None:
    """Refuse a folder whose results are something else."""
    if path.is_dir() or (path.is_file() and not _RESULTS.recognises(path)):
        raise FileExistsRefused(
            f"{path.name} in the output folder is not {_RESULTS.name}", subject=str(path), hint="choose another folder"
        )


def _begin(items: Iterable[Item], results: TextIO) -> Iterator[Item]:
    """Yield items, each with a line in the results first: whoever is killed knows which files are of the batch."""
    for item in items:
        _write(results, {"id": item.id, "ok": False, "digest": item.digest, "error": "it was interrupted"})
        yield item


def _write(results: TextIO, result: Mapping[str, object]) -> None:
    results.write(json.dumps(result, ensure_ascii=False) + "\n")
    results.flush()


def _prepare(common: SpeakRequest, lexicon: Lexicon, commercial: bool) -> None:
    """Set up a process."""
    global _room
    if _room is None or (_room.common, _room.lexicon, _room.commercial) != (common, lexicon, commercial):
        _room = _Room(common, lexicon, commercial)


def _known_room() -> _Room:
    if _room is None:
        raise RuntimeError("the process was not set up")
    return _room


def _speak(item: Item) -> dict[str, Any]:
    """Speak an item and return its line of the results; a full disk ends the batch."""
    room = _known_room()
    result: dict[str, Any] = {"id": item.id, "ok": False, "digest": item.digest}
    try:
        cast = {name: room.role(name) for name, _ in room.common.cast} if item.request.input_format == "ssml" else {}
        report = write_speech(item.request, room.role(item.voice), cast, SilentProgress())
    except ShortageError:
        raise
    except AmhctlError as error:
        return {**result, "error": error.message, "hint": error.hint}
    return {
        **result,
        "ok": True,
        "file": item.output.name,
        **({} if item.request.subtitles is None else {"subtitles": item.request.subtitles.name}),
        "seconds": round(report.seconds, 3),
        "segments": len(report.segments),
        "findings": [asdict(finding) for finding in report.findings],
    }


def _is_done(item: Item, result: Mapping[str, Any] | None) -> bool:
    return (
        result is not None
        and bool(result.get("ok"))
        and result.get("digest") == item.digest
        and all(path.is_file() for path in item.files)
    )


def _read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the last line of each item in the results of an earlier run; lines that are none are left out."""
    found: dict[str, dict[str, Any]] = {}
    path = folder / RESULTS
    if not path.is_file():
        return found
    with path.open("rb") as stream:
        for raw in limited_lines(stream):
            try:
                entry = parse_json(raw or b"")
            except DocumentError:
                continue
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                found[entry["id"]] = entry
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        # A process was killed while it wrote: the next line begins on its own.
        with path.open("ab") as stream:
            stream.write(b"\n")
    return found

"""A render that can be stopped at any moment: samples on the disk, and a journal of what they say.

``NAME.unfinished`` beside the output is a folder with two files until the output is written:

``samples.pcm``
    16-bit little-endian mono samples, as far as they are final;
``journal.jsonl``
    one JSON object in a line: first what was asked for, then each segment with where to continue after it.

A line of the journal is written when its samples are on the disk. What was killed in the middle of either is cut off
when the render is continued.
"""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from amhctl.audio.pcm import encode_pcm
from amhctl.audio.spool import BYTES_PER_SAMPLE
from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import DocumentError, SynthesisError
from amhctl.core.files import canonical_json
from amhctl.core.findings import Finding, Severity
from amhctl.core.lock import hold
from amhctl.core.units import Seconds
from amhctl.inference.longtext import LineChunk, Position
from amhctl.inference.speech import SpokenSegment
from amhctl.inference.stitching import StitcherState
from amhctl.inference.wordtimes import TimedWord
from amhctl.text.lines import Line

FORMAT = 1
_SAMPLES, _JOURNAL = "samples.pcm", "journal.jsonl"
_DIGEST = 16
_SILENCE = bytes(1 << 20)


@dataclass(slots=True)
class Rendered:
    """What of a text is spoken.

    Attributes
    ----------
    segments : list[SpokenSegment]
        Its segments.
    chapters : list[tuple[str, Seconds]]
        Chapters and when each begins.
    findings : list[Finding]
        What was found.
    position : Position | None
        Where to continue; None at the beginning.
    digests : list[str]
        A digest of each line that was read for them.
    samples : int
        How long it is.
    is_whole : bool
        Whether nothing is missing.
    """

    segments: list[SpokenSegment] = field(default_factory=list)
    chapters: list[tuple[str, Seconds]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    position: Position | None = None
    digests: list[str] = field(default_factory=list)
    samples: int = 0
    is_whole: bool = False


def digest_line(line: Line) -> str:
    """Return a short digest of a line and of how it is said."""
    said = (line.text, line.before, line.paragraph, line.chapter, line.marks, *asdict(line.manner).values())
    said += line.shifts
    return hashlib.sha256(repr(said).encode()).hexdigest()[:_DIGEST]


class Journal:
    """The folder of a render that is under way; made by ``open_journal``.

    Parameters
    ----------
    folder : Path
        The folder.
    sample_rate : int
        Of its samples.
    lasts : bool
        Whether the render may be continued after the machine has stopped: each chunk then waits for the disk.
    """

    def __init__(self, folder: Path, sample_rate: int, *, lasts: bool = True) -> None:
        self._lasts = lasts
        self.folder = folder
        self.samples = folder / _SAMPLES
        self.rendered = Rendered()
        self._rate = sample_rate
        self._entries: list[dict[str, Any]] = []
        self._ends: list[int] = []

    @property
    def is_begun(self) -> bool:
        """Whether the journal has its first line: a process may be killed before it has."""
        with (self.folder / _JOURNAL).open("rb") as stream:
            return stream.readline().endswith(b"\n")

    def start(self, settings: dict[str, object]) -> None:
        """Begin anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.samples.write_bytes(b"")
        (self.folder / _JOURNAL).write_bytes(_line_of({"format": FORMAT, "settings": settings}))

    def restore(self, settings: dict[str, object], lines: Iterable[Line] | None) -> None:
        """Continue after what is on the disk, as far as it says the same.

        Parameters
        ----------
        settings : dict[str, object]
            What is asked for.
        lines : Iterable[Line] | None
            The text, which may have changed after a place; None for one that is part of the settings.

        Raises
        ------
        SynthesisError
            If the folder is of another request or another text.
        """
        header = self._load()
        if header != settings:
            differ = sorted(key for key in {*settings, *header} if settings.get(key) != header.get(key))
            raise self._refusal(f"an unfinished render has other settings: {', '.join(differ) or 'format'}")
        kept = len(self._entries)
        if lines is not None:
            kept = self._count_unchanged(lines)
        if self._entries and not kept:
            raise self._refusal("an unfinished render is of another text")
        self._keep(kept)

    def add(self, chunk: LineChunk, digests: list[str]) -> None:
        """Put a chunk on the disk, and then into the journal.

        Parameters
        ----------
        chunk : LineChunk
            What was spoken.
        digests : list[str]
            Digests of the lines that were read for it.
        """
        with self.samples.open("ab") as stream:
            _write_silence(stream, chunk.lead)
            stream.write(encode_pcm(chunk.waveform))
            self._settle(stream)
            samples = stream.tell() // BYTES_PER_SAMPLE
        entry = _describe(chunk, samples, digests)
        with (self.folder / _JOURNAL).open("ab") as stream:
            stream.write(_line_of(entry))
            self._settle(stream)
        self._take(entry)

    def _settle(self, stream: BinaryIO) -> None:
        stream.flush()
        if self._lasts:
            os.fsync(stream.fileno())

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _load(self) -> dict[str, object]:
        """Read the journal as far as it is whole and its samples are there, and return its settings."""
        there = self.samples.stat().st_size // BYTES_PER_SAMPLE if self.samples.exists() else 0
        header: dict[str, Any] = {}
        end = 0
        with (self.folder / _JOURNAL).open("rb") as stream:
            for number, raw in enumerate(limited_lines(stream)):
                try:
                    if raw is None or not raw.endswith(b"\n"):
                        break
                    entry = cast("dict[str, Any]", parse_json(raw))
                    end += len(raw)
                    if number == 0:
                        header = entry["settings"] if entry["format"] == FORMAT else {}
                    elif entry["samples"] > there:
                        break
                    else:
                        # Whatever a damaged line says is found here, not where it is used.
                        Journal(self.folder, self._rate)._take(entry)
                        self._entries.append(entry)
                        self._ends.append(end)
                except (DocumentError, KeyError, TypeError, ValueError, AttributeError):
                    break
        return header

    def _count_unchanged(self, lines: Iterable[Line]) -> int:
        """Return how many entries of the journal depend on nothing that has changed in the text."""
        known = [digest for entry in self._entries for digest in entry["digests"]]
        same, has_more = 0, False
        for line in lines:
            has_more = same == len(known)
            if has_more or digest_line(line) != known[same]:
                break
            same += 1
        kept = read = 0
        for entry in self._entries:
            read += len(entry["digests"])
            if read > same or (entry["last"] and has_more):
                break
            kept += 1
        return kept

    def _keep(self, count: int) -> None:
        """Cut off what is not kept."""
        ends = self._ends[count - 1] if count else self._header_bytes()
        os.truncate(self.folder / _JOURNAL, ends)
        for entry in self._entries[:count]:
            self._take(entry)
        with self.samples.open("ab") as stream:
            stream.truncate(self.rendered.samples * BYTES_PER_SAMPLE)
        self._entries, self._ends = [], []

    def _header_bytes(self) -> int:
        with (self.folder / _JOURNAL).open("rb") as stream:
            return len(stream.readline())

    def _take(self, entry: dict[str, Any]) -> None:
        """Take an entry into what is rendered."""
        done = self.rendered
        segment = _read_segment(entry["segment_said"])
        done.segments.append(segment)
        if entry["chapter"] is not None:
            done.chapters.append((entry["chapter"], segment.start))
        done.findings += (
            Finding(one["code"], Severity(one["severity"]), one["subject"], one["message"], one["hint"])
            for one in entry["findings"]
        )
        held = np.frombuffer(base64.b64decode(entry["held"]), dtype="<f4").astype(np.float32)
        done.position = Position(
            entry["line"],
            entry["segment"],
            entry["place"],
            StitcherState(held, entry["given"], entry["wanted"]),
            entry["letters"],
            entry["unspoken"],
        )
        done.digests += [str(digest) for digest in entry["digests"]]
        done.samples, done.is_whole = entry["samples"], entry["last"]

    def _refusal(self, message: str) -> SynthesisError:
        return SynthesisError(
            message,
            subject=str(self.folder),
            hint="repeat the former command to finish it, choose another output, or delete this folder",
        )


@contextmanager
def open_journal(
    folder: Path, settings: dict[str, object], sample_rate: int, lines: Iterable[Line] | None
) -> Iterator[Journal]:
    """Yield the journal of a render, continued where there is one.

    Parameters
    ----------
    folder : Path
        Where it is.
    settings : dict[str, object]
        What is asked for, as JSON values.
    sample_rate : int
        Of its samples.
    lines : Iterable[Line] | None
        The text, as ``Journal.restore`` wants it.

    Raises
    ------
    SynthesisError
        If the folder is of another request or another text, or holds something else.
    InUseError
        If another process renders it.
    """
    if folder.exists() and not (folder / _JOURNAL).is_file():
        strange = [each.name for each in folder.iterdir() if each.name not in (_SAMPLES, ".lock")]
        if not folder.is_dir() or strange:
            raise SynthesisError(
                "the folder for an unfinished render holds something else",
                subject=str(folder),
                hint="choose another output, or move it away",
            )
    # Settings that went through JSON once compare equal to those of the journal.
    settings = cast("dict[str, object]", parse_json(canonical_json(settings)))
    with hold(folder.with_name(f"{folder.name}.lock"), what="the render"):
        journal = Journal(folder, sample_rate)
        if (folder / _JOURNAL).is_file() and journal.is_begun:
            journal.restore(settings, lines)
        else:
            journal.start(settings)
        try:
            yield journal
        except BaseException:
            if not journal.rendered.segments:
                journal.discard()
            raise


def _line_of(entry: dict[str, Any]) -> bytes:
    return (json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _describe(chunk: LineChunk, samples: int, digests: list[str]) -> dict[str, Any]:
    position = chunk.position
    return {
        "samples": samples,
        "line": position.line,
        "segment": position.segment,
        "place": position.place,
        "given": position.stitcher.given,
        "wanted": position.stitcher.wanted,
        "held": base64.b64encode(position.stitcher.held.astype("<f4").tobytes()).decode(),
        "letters": position.letters,
        "unspoken": position.unspoken,
        "digests": digests,
        "chapter": chunk.chapter,
        "findings": [asdict(finding) for finding in chunk.findings],
        "segment_said": asdict(chunk.segment),
        "last": chunk.last,
    }


def _read_segment(entry: dict[str, Any]) -> SpokenSegment:
    words = tuple(TimedWord(**word) for word in entry["words"])
    marks = tuple((name, Seconds(time)) for name, time in entry["marks"])
    return SpokenSegment(**{**entry, "words": words, "marks": marks})


def _write_silence(stream: BinaryIO, samples: int) -> None:
    left = samples * BYTES_PER_SAMPLE
    while left > 0:
        stream.write(_SILENCE[: min(left, len(_SILENCE))])
        left -= len(_SILENCE)

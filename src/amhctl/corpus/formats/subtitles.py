"""Timed text: SubRip (.srt), WebVTT (.vtt) and lyrics (.lrc) cut a long recording into utterances. Knows no record.

A cue is what is said between two times. SubRip and WebVTT give both times (WebVTT: W3C Candidate Recommendation,
section 4); a voice tag of WebVTT (``<v Name>``) gives the speaker. Lyrics give the start alone: a line lasts until the
next one, the last until the recording ends, and a line without words only ends the one before. Other tags and styles
are no speech and are left out of the text.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.row import AUDIO_SUFFIXES, Row, find_recording, read_whole, walk_files

TIMED_SUFFIXES = (".lrc", ".srt", ".vtt")

_CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_CLOCK}\s+-->\s+{_CLOCK}(?:\s.*)?$")
_NO_CUE = re.compile(r"^(WEBVTT|NOTE|STYLE|REGION)(\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[^>]*>|\{\\[^}]*\}")
_LYRIC_TIME = re.compile(r"\[(\d+):(\d{2})(?:[.:](\d{1,3}))?\]")
_LYRIC_TAG = re.compile(r"^\[([a-z#]+):(.*)\]$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said between two times of a recording.

    Attributes
    ----------
    line : int
        Where it is in its file, from 1.
    start : float
        Seconds from the start of the recording.
    end : float | None
        Seconds; None is the end of the recording.
    text : str
        What is said; empty if the cue has no words.
    speaker : str
        Who says it; empty if nobody is named.
    fault : str
        Why this is no cue; empty if it is one.
    """

    line: int
    start: float
    end: float | None
    text: str
    speaker: str = ""
    fault: str = ""


def read_subtitles(source: Path) -> Iterator[Row]:
    """Yield the rows of a file of timed text, or of each one in a folder, beside whose recording it lies.

    Raises
    ------
    DatasetError
        If the source is a file of another kind.
    """
    if source.is_file():
        if source.suffix.lower() not in TIMED_SUFFIXES:
            raise DatasetError(
                "not a subtitle or label file", subject=str(source), hint=f"one of: {', '.join(TIMED_SUFFIXES)}"
            )
        yield from _of_file(source, source.parent)
        return
    for item in walk_files(source):
        if isinstance(item, Row):
            yield item
        elif item.suffix.lower() in TIMED_SUFFIXES:
            yield from _of_file(item, source)


def _of_file(path: Path, folder: Path) -> Iterator[Row]:
    recording = find_recording(path.parent, path.stem)
    if recording is None or recording.suffix.lower() not in AUDIO_SUFFIXES:
        yield Row(path.relative_to(folder).as_posix(), fault="no recording with the same name in the folder")
        return
    yield from timed_rows(recording, path, folder)


def timed_rows(recording: Path, timed: Path, folder: Path) -> Iterator[Row]:
    """Yield a row for each cue of a file of timed text; ids and subjects count from a folder."""
    subject = timed.relative_to(folder).as_posix()
    name = recording.relative_to(folder).with_suffix("").as_posix().replace("/", "-")
    text, fault = read_whole(timed)
    if fault:
        yield Row(subject, fault=fault)
        return
    cues = parse_lyrics(text) if timed.suffix.lower() == ".lrc" else parse_cues(text)
    if not cues:
        yield Row(subject, fault="the file has no times")
    for number, cue in enumerate(cues, start=1):
        values: dict[str, object] = {
            "id": f"{name}-{number:04d}",
            "audio": recording,
            "text": cue.text,
            "speaker": cue.speaker,
            "offset": cue.start,
        }
        if cue.end is not None:
            values["duration"] = round(cue.end - cue.start, 6)
        yield Row(f"{subject}:{cue.line}", values, fault=cue.fault)


def parse_cues(text: str) -> tuple[Cue, ...]:
    """Return the cues of a SubRip or WebVTT text, in its order.

    ``00:01:02,500 --> 00:01:04,000`` and the lines up to the next empty one are a cue.
    """
    cues: list[Cue] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = 0
    while start < len(lines):
        end = next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
        if end > start:
            cues += _cue_of_block(lines[start:end], start + 1)
        start = end + 1
    return tuple(cues)


def _cue_of_block(block: list[str], line: int) -> list[Cue]:
    at = next((index for index, content in enumerate(block) if "-->" in content), None)
    if at is None:
        if _NO_CUE.match(block[0]):
            return []
        return [Cue(line, 0.0, None, "", fault="a block without times")]
    times = _TIMES.match(block[at])
    if times is None:
        return [Cue(line + at, 0.0, None, "", fault=f"unreadable times: {block[at].strip()}")]
    fields = times.groups()
    first, last = _seconds(*fields[:4]), _seconds(*fields[4:])
    raw = " ".join(block[at + 1 :])
    voice = _VOICE.search(raw)
    said = " ".join(html.unescape(_TAG.sub("", raw)).split())
    fault = "" if last > first else "it ends before it begins"
    return [Cue(line + at, first, last, said, html.unescape(voice[1]).strip() if voice else "", fault)]


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    part = int(fraction.ljust(3, "0")) if fraction else 0
    # Whole milliseconds first: sums of fractions would not be the number that is written.
    return (((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + part) / 1000


def parse_lyrics(text: str) -> tuple[Cue, ...]:
    """Return the cues of a lyrics text, in the order of time; ``[offset:+500]`` makes all half a second earlier."""
    shift = 0.0
    timed: list[tuple[float, int, str]] = []
    faults: list[Cue] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        content, starts = line.strip(), []
        while found := _LYRIC_TIME.match(content):
            starts.append(_seconds(None, *found.groups()))
            content = content[found.end() :].lstrip()
        tag = _LYRIC_TAG.match(content)
        if starts:
            said = " ".join(re.sub(r"<\d+:\d{2}(?:[.:]\d{1,3})?>", " ", content).split())
            timed += [(start, number, said) for start in starts]
        elif tag and tag[1].lower() == "offset" and re.fullmatch(r"\s*[+-]?\d+\s*", tag[2]):
            shift = int(tag[2]) / 1000
        elif content and not tag:
            faults.append(Cue(number, 0.0, None, "", fault="a line without a time"))
    timed.sort(key=lambda item: item[0])
    ends = [*(item[0] for item in timed[1:]), None]
    cues = [
        _lyric(number, max(0.0, start - shift), None if end is None else max(0.0, end - shift), said)
        for (start, number, said), end in zip(timed, ends, strict=True)
        if said
    ]
    return (*cues, *faults)


def _lyric(line: int, start: float, end: float | None, said: str) -> Cue:
    fault = "" if end is None or end > start else "the next line begins at the same time"
    return Cue(line, round(start, 3), None if end is None else round(end, 3), said, "", fault)

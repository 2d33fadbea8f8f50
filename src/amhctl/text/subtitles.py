"""Subtitles: SubRip and WebVTT, read and written, and the TextGrid of Praat, written. Knows no voice.

Sources: WebVTT, W3C Candidate Recommendation, 2019; SubRip as players read it; the TextGrid chapter of Praat's manual.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from amhctl.core.errors import TextError

SubtitleFormat = Literal["srt", "vtt", "textgrid", "json"]

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[,.](\d{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG = re.compile(r"<[^<>\n]{0,200}>|\{\\[^{}\n]{0,200}\}")
_SKIPPED = ("NOTE", "STYLE", "REGION")
_MOST_CUES = 100_000


@dataclass(frozen=True, slots=True)
class Timed:
    """Something said from one time to another, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Cue(Timed):
    """A subtitle, and its words where their times are known."""

    words: tuple[Timed, ...] = ()
    place: str = ""
    """File and line that it was read from."""


def parse_subtitles(content: str, subject: str) -> tuple[Cue, ...]:
    """Return the cues of a SubRip or WebVTT file in the order of their times, without their tags.

    Cues without text are left out.

    Raises
    ------
    TextError
        If a time is none, a cue ends before it begins, or there is no cue or too many.
    """
    is_vtt = content.lstrip("\ufeff").startswith("WEBVTT")
    cues: list[Cue] = []
    for number, block in _blocks(content):
        if is_vtt and (block[0].startswith(_SKIPPED) or (number == 1 and block[0].startswith("WEBVTT"))):
            continue
        at = next((place for place, line in enumerate(block[:2]) if "-->" in line), None)
        if at is None:
            raise TextError(
                "a subtitle has no time",
                subject=f"{subject}:{number}",
                hint="write 00:00:01,000 --> 00:00:02,500 first",
            )
        start, end = _read_timing(block[at], f"{subject}:{number + at}")
        text = " ".join(_TAG.sub("", " ".join(block[at + 1 :])).split())
        text = html.unescape(text) if is_vtt else text
        if text:
            cues.append(Cue(start, end, text, place=f"{subject}:{number + at}"))
        if len(cues) > _MOST_CUES:
            raise TextError(f"more than {_MOST_CUES:,} subtitles", subject=subject, hint="divide the file")
    if not cues:
        raise TextError("the file has no subtitles", subject=subject, hint="give a SubRip or WebVTT file")
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _blocks(content: str) -> Iterator[tuple[int, list[str]]]:
    """Yield what stands between blank lines, with the number of its first line."""
    block: list[str] = []
    number = 0
    for number, line in enumerate(content.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            block.append(line.rstrip("\r"))
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number + 1 - len(block), block


def _read_timing(line: str, subject: str) -> tuple[float, float]:
    match = _TIMING.fullmatch(line)
    if match is None:
        raise TextError(
            f"{line.strip()[:60]!r} is no time of a subtitle",
            subject=subject,
            hint="write 00:00:01,000 --> 00:00:02,500",
        )
    start, end = (
        int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(part.ljust(3, "0")) / 1000
        for hours, minutes, seconds, part in (match.groups()[:4], match.groups()[4:])
    )
    if end <= start:
        raise TextError("a subtitle ends before it begins", subject=subject)
    return start, end


def format_srt(cues: Iterable[Cue]) -> Iterator[str]:
    """Yield the parts of a SubRip file."""
    for number, cue in enumerate(cues, 1):
        yield f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_plain(cue.text)}\n\n"


def format_vtt(cues: Iterable[Cue]) -> Iterator[str]:
    """Yield the parts of a WebVTT file, with the time of each word within its cue."""
    yield "WEBVTT\n\n"
    for cue in cues:
        text = html.escape(_plain(cue.text), quote=False)
        if cue.words:
            said = [f"<{_clock(word.start, '.')}>{html.escape(_plain(word.text), quote=False)}" for word in cue.words]
            # A time in a cue has to be later than that of the cue.
            said[0] = html.escape(_plain(cue.words[0].text), quote=False)
            text = " ".join(said)
        yield f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n\n"


def format_textgrid(cues: Sequence[Cue], duration: float) -> Iterator[str]:
    """Yield the parts of a TextGrid with a tier of segments, and one of words where their times are known."""
    tiers: list[tuple[str, list[Timed]]] = [("segments", list(cues))]
    if words := [word for cue in cues for word in cue.words]:
        tiers.append(("words", words))
    duration = max([duration, *(each.end for _, tier in tiers for each in tier)])
    yield f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = {duration:.6f}\ntiers? <exists>\n'
    yield f"size = {len(tiers)}\nitem []:\n"
    for number, (name, tier) in enumerate(tiers, 1):
        intervals = list(_fill(tier, duration))
        yield f'    item [{number}]:\n        class = "IntervalTier"\n        name = "{name}"\n'
        yield f"        xmin = 0\n        xmax = {duration:.6f}\n        intervals: size = {len(intervals)}\n"
        for place, each in enumerate(intervals, 1):
            text = _plain(each.text).replace('"', '""')
            yield f"        intervals [{place}]:\n            xmin = {each.start:.6f}\n"
            yield f'            xmax = {each.end:.6f}\n            text = "{text}"\n'


FORMATS: dict[str, Callable[[Iterable[Cue]], Iterator[str]]] = {"srt": format_srt, "vtt": format_vtt}
"""Formats of cues alone."""


def _fill(tier: Iterable[Timed], duration: float) -> Iterator[Timed]:
    """Yield intervals that leave nothing between them, as a tier wants."""
    done = 0.0
    for each in tier:
        start, end = round(max(each.start, done), 6), round(each.end, 6)
        if end <= start:
            continue
        if start > done:
            yield Timed(done, start, "")
        yield Timed(start, end, each.text)
        done = end
    if round(duration, 6) > done:
        yield Timed(done, round(duration, 6), "")


def _plain(text: str) -> str:
    """Return a text on one line: a line end would end its cue."""
    return " ".join(text.split())


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, whole = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}{point}{thousandths:03}"

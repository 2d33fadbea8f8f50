"""The items of a batch: lines of JSON, each a text and how it is spoken where it is not as the command says."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from amhctl.core.documents import limited_lines, parse_json
from amhctl.core.errors import AmhctlError, TextError
from amhctl.core.files import sha256_of_json
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.inference.catalog import bundled_voices
from amhctl.workflows.speak_request import FORMATS, SUBTITLE_SUFFIXES, AudioFormat, SpeakRequest

RULES = Rules(
    Rule(
        "S023",
        Severity.ERROR,
        "an item of a batch cannot be spoken",
        "A line of the batch is no item, or its text could not be spoken. All other items are spoken; after the line "
        "is corrected, the same command speaks only what is missing.",
    ),
)
_ID = re.compile(r"\w[\w.-]{0,99}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_NUMBERS = ("speed", "pitch", "energy", "volume", "pause")
_FORMATS: Final[dict[str, AudioFormat]] = {name: name for name in FORMATS}
_KEYS = frozenset({"id", "text", "ssml", "voice", "speaker", "seed", "format", "subtitles", *_NUMBERS})
_HINT = 'write {"id": …, "text": …} in each line'
_MOST_ITEMS = 1_000_000


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What ``amhctl speak --batch`` was asked.

    Attributes
    ----------
    batch : Path
        The items, as JSON Lines.
    output : Path
        Folder of the results.
    common : SpeakRequest
        How to speak what does not say so itself.
    subtitles : str
        Format in which each item gets the times of its words, such as ``srt``; empty for none.
    workers : int
        How many processes speak; 0 is this one.
    """

    batch: Path
    output: Path
    common: SpeakRequest
    subtitles: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a batch that can be spoken.

    Attributes
    ----------
    id : str
        Its name, and that of its files.
    voice : str
        Who speaks; empty for the voice of the command.
    output : Path
        Its sound file.
    request : SpeakRequest
        What is said and how.
    digest : str
        What its sound and its subtitles follow from.
    """

    id: str
    voice: str
    output: Path
    request: SpeakRequest
    digest: str

    @property
    def files(self) -> tuple[Path, ...]:
        """What is written."""
        return tuple(path for path in (self.output, self.request.subtitles) if path is not None)


def read_items(request: BatchRequest, settings: str) -> tuple[list[Item], list[Finding]]:
    """Return the items of a batch, and a finding for each line that is none.

    Parameters
    ----------
    request : BatchRequest
        The batch.
    settings : str
        A digest of what all items have in common.

    Raises
    ------
    TextError
        If the batch is missing or empty, or has too many items.
    """
    items: list[Item] = []
    findings: list[Finding] = []
    known: dict[str, int] = {}
    for number, raw in enumerate(_lines_of(request.batch), 1):
        if raw is not None and not raw.strip():
            continue
        try:
            item = _read_item(raw, request, settings)
            name = unicodedata.normalize("NFC", item.id).casefold()
            if name in known:
                raise TextError(f"the id {item.id!r} is that of line {known[name]} too")
            known[name] = number
            items.append(item)
        except AmhctlError as error:
            findings.append(RULES.finding("S023", f"{request.batch}:{number}", error.message, error.hint))
        if len(items) > _MOST_ITEMS:
            raise TextError(f"more than {_MOST_ITEMS:,} items", subject=str(request.batch), hint="divide the batch")
    if not items and not findings:
        raise TextError(
            "the batch is empty", subject=str(request.batch), hint='write {"id": …, "text": …} in each line'
        )
    return items, findings


def _lines_of(path: Path) -> Iterator[bytes | None]:
    try:
        with path.open("rb") as stream:
            yield from limited_lines(stream)
    except FileNotFoundError:
        raise TextError("the batch does not exist", subject=str(path), hint="check the path") from None
    except IsADirectoryError:
        raise TextError("the path is a folder", subject=str(path), hint="give a JSON Lines file") from None


def _read_item(raw: bytes | None, request: BatchRequest, settings: str) -> Item:
    """Return a line as an item."""
    if raw is None:
        raise TextError("the line is too long")
    entry = parse_json(raw)
    if not isinstance(entry, dict):
        raise TextError("the line is no object", hint=_HINT)
    if strange := sorted(set(entry) - _KEYS):
        raise TextError(f"unknown key {strange[0][:40]!r}", hint=f"known are {', '.join(sorted(_KEYS))}")
    name = _text(entry, "id")
    if not _ID.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        raise TextError(
            f"the id {name[:40]!r} cannot be a file name", hint="use up to 100 letters, digits, hyphens, points and _"
        )
    if ("text" in entry) == ("ssml" in entry):
        raise TextError("an item has either a text or ssml")
    chosen = _FORMATS.get(_text(entry, "format")) if "format" in entry else request.common.format or "wav"
    if chosen is None:
        raise TextError(f"unknown audio format {entry['format']!r}", hint=f"use one of {', '.join(_FORMATS)}")
    voice = _text(entry, "voice") if "voice" in entry else ""
    if voice and voice not in {*bundled_voices(), *dict(request.common.cast)}:
        raise TextError(f"there is no voice {voice[:40]!r}", hint="name a bundled voice, or one given by --cast")
    changes: dict[str, Any] = {key: _number(entry, key) for key in _NUMBERS if key in entry}
    if "speaker" in entry:
        changes["person"] = _text(entry, "speaker")
    elif voice:
        changes["person"] = None
    if "seed" in entry:
        changes["seed"] = _whole(entry, "seed")
    output = request.output / f"{name}.{chosen}"
    timed = choose_timing(_text(entry, "subtitles")) if "subtitles" in entry else request.subtitles
    spoken = replace(
        request.common,
        text=_text(entry, "ssml" if "ssml" in entry else "text"),
        input_format="ssml" if "ssml" in entry else "text",
        output=output,
        subtitles=request.output / f"{name}.{timed}" if timed else None,
        format=chosen,
        options=replace(request.common.options, **changes),
        force=True,
    )
    how = [
        settings,
        asdict(spoken.options),
        chosen,
        voice,
        *([timed] if timed else []),
    ]
    digest = sha256_of_json([spoken.text, spoken.input_format, *how])
    return Item(name, voice, output, spoken, digest)


def choose_timing(name: str) -> str:
    """Return the suffix of subtitles, without its point, by the name of their format.

    Raises
    ------
    TextError
        If it is none.
    """
    known = {suffix.casefold(): suffix for suffix in SUBTITLE_SUFFIXES}
    chosen = known.get(name.removeprefix(".").casefold())
    if chosen is None:
        raise TextError(
            f"unknown format of subtitles: {name[:40]!r}",
            subject="subtitles",
            hint=f"use one of {', '.join(SUBTITLE_SUFFIXES)}",
        )
    return chosen


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TextError(f"{key!r} is no text" if key in entry else f"{key!r} is missing")
    return value


def _number(entry: Mapping[str, object], key: str) -> float:
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TextError(f"{key!r} is no number")
    return float(value)


def _whole(entry: Mapping[str, object], key: str) -> int:
    value = entry[key]
    if type(value) is int and 0 <= value < 1 << 32:
        return value
    raise TextError(f"{key!r} is no whole number from 0 to 4,294,967,295")

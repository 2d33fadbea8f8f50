"""A subset of SSML as lines: what is said, in which manner, with which silence. Knows no voice.

Elements: speak, p, s, break, prosody (rate, pitch, volume), say-as, phoneme, sub, lang, mark, voice. What else there is
is a finding; the text inside of it is spoken, unless it is none to be heard (desc, metadata, lexicon). Documents come
from strangers: they have no entities and no document type, and their depth and length are limited. Source: Speech
Synthesis Markup Language 1.1, W3C Recommendation, 2010.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, IncrementalParser, Locator

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from amhctl.core.errors import TextError
from amhctl.core.findings import Finding
from amhctl.core.units import Seconds
from amhctl.text.lines import LONGEST_SILENCE, RULES, Line, Manner, parse_silence
from amhctl.text.sayas import mark_phones, say_as
from amhctl.text.script import SENTENCE_MARKS

_MOST_DEPTH, _MOST_ELEMENTS, _LONGEST_VALUE, _MOST_FINDINGS = 64, 100_000, 1_000, 100
_SHOWN = 40
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
_VOLUMES = {"x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 3.0, "x-loud": 6.0}
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.5}
_NUMBER = r"(\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})"
_PERCENT = re.compile(rf"([+-]?){_NUMBER}%")
_FACTOR = re.compile(_NUMBER)
_SEMITONES = re.compile(rf"([+-]?){_NUMBER}st")
_DECIBELS = re.compile(rf"([+-]?){_NUMBER}dB", re.IGNORECASE)
_LANGUAGES = ("am", "en")
_CAPTURING = ("say-as", "sub", "phoneme")
_SILENT = frozenset(("desc", "metadata", "meta", "lexicon", "lookup"))
_KNOWN = frozenset(("speak", "p", "s", "break", "prosody", "lang", "mark", "voice", *_CAPTURING))
_HINT = "see docs/speaking.md for what is understood"


@dataclass(slots=True)
class _Element:
    """An element that is open."""

    name: str
    manner: Manner
    attributes: Mapping[str, str] = field(default_factory=dict)
    captured: list[str] | None = None
    is_silent: bool = False


def parse_ssml(content: str, subject: str = "text") -> tuple[Line, ...]:
    """Return the lines of an SSML document; what is not understood stands in their findings.

    Parameters
    ----------
    content : str
        The document.
    subject : str
        What it is called in findings.

    Raises
    ------
    TextError
        If it is no SSML, or too deep, too long or defines entities.
    """
    handler = _Handler(subject)
    parser = cast("IncrementalParser", make_parser())
    parser.forbid_dtd = True  # type: ignore[attr-defined]
    parser.setContentHandler(handler)
    # A parser that is fed tells nobody where it is; it knows itself.
    handler.setDocumentLocator(cast("Locator", parser))
    try:
        parser.feed(content)
        parser.close()
    except SAXParseException as error:
        raise TextError(
            f"the SSML is not well-formed: {error.getMessage()}",
            subject=f"{subject}, line {error.getLineNumber()} column {(error.getColumnNumber() or 0) + 1}",
            hint="close every element, and write &amp; for & and &lt; for <",
        ) from None
    except DefusedXmlException:
        raise TextError(
            "the SSML has a document type or entities, which are not read", subject=subject, hint="remove <!DOCTYPE …>"
        ) from None
    return handler.lines()


class _Handler(ContentHandler):
    """Turns the events of a parser into lines."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject
        self._place: Locator | None = None
        self._open: list[_Element] = []
        self._elements = 0
        self._lines: list[Line] = []
        self._text: list[str] = []
        self._length = 0
        self._shifts: list[tuple[int, Manner]] = []
        self._ends_word = False
        self._marks: list[tuple[int, str]] = []
        self._before: Seconds | None = None
        self._paragraph = True
        self._line_number = 1
        self._findings: list[Finding] = []
        self._known_faults: set[str] = set()

    def lines(self) -> tuple[Line, ...]:
        """Return what was read."""
        self._flush()
        if self._lines and self._marks:
            last = self._lines[-1]
            self._lines[-1] = replace(last, marks=(*last.marks, *((len(last.text), name) for _, name in self._marks)))
        if self._before is not None or self._findings:
            self._lines.append(Line("", self._before, subject=self._subject, findings=tuple(self._findings)))
        return tuple(self._lines)

    def setDocumentLocator(self, locator: Locator) -> None:
        """Learn where the parser is."""
        self._place = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        """Begin an element.

        Raises
        ------
        TextError
            If the document is none of SSML, or too deep or too long.
        """
        given = dict(attrs.items())
        self._require_bounds(name, given)
        parent = self._open[-1] if self._open else _Element("", Manner())
        element = _Element(name, parent.manner, given, is_silent=parent.is_silent or name in _SILENT)
        self._open.append(element)
        if name not in _KNOWN:
            self._find(f"<{name[:_SHOWN]}> is not understood")
        if element.is_silent or parent.captured is not None:
            element.captured = parent.captured
            return
        if name in _CAPTURING:
            element.captured = []
        elif name in ("p", "s"):
            self._flush()
            self._paragraph = self._paragraph or name == "p"
        elif name == "break":
            self._break(given)
        elif name == "mark":
            self._mark(given)
        elif name == "voice":
            self._flush()
            element.manner = self._voice(parent, given)
        elif name == "prosody":
            element.manner = self._prosody(parent.manner, given)
            self._ends_word = self._ends_word or element.manner != parent.manner
        language = given.get("xml:lang", "am").lower().partition("-")[0]
        if language not in _LANGUAGES:
            self._find(f"the language {language[:_SHOWN]!r} is not spoken: its text is read as Amharic or English")

    def endElement(self, name: str) -> None:
        """End an element."""
        element = self._open.pop()
        parent = self._open[-1] if self._open else None
        if element.is_silent or (parent is not None and parent.captured is not None):
            return
        if name in _CAPTURING:
            self._say(element)
        elif name == "s" and "".join(self._text).strip()[-1:] not in ("", *SENTENCE_MARKS, "?", "."):
            self._add("።", element.manner)
        elif name == "prosody" and parent is not None:
            self._ends_word = self._ends_word or element.manner != parent.manner
        if name in ("p", "s", "voice"):
            self._flush()
        if name == "p":
            self._paragraph = True

    def characters(self, content: str) -> None:
        """Take text."""
        element = self._open[-1]
        if element.is_silent:
            return
        if element.captured is not None:
            element.captured.append(content)
            return
        if not self._text:
            self._line_number = self._line_now()
        self._add(content, element.manner)

    def _add(self, text: str, manner: Manner) -> None:
        """Add text that is said in a manner; a word that goes on where prosody changes are two."""
        if self._ends_word and text:
            before = self._text[-1][-1:] if self._text else ""
            text = f" {text}" if before.isalnum() and text[0].isalnum() else text
            self._ends_word = False
        if not text:
            return
        if text.strip() and (not self._shifts or self._shifts[-1][1] != manner):
            self._shifts.append((self._length if self._shifts else 0, manner))
        self._text.append(text)
        self._length += len(text)

    def _require_bounds(self, name: str, given: Mapping[str, str]) -> None:
        self._elements += 1
        if not self._open and name != "speak":
            raise TextError(
                f"the document is no SSML: its first element is <{name[:_SHOWN]}>",
                subject=self._subject,
                hint="begin with <speak>",
            )
        fault = ""
        if len(self._open) >= _MOST_DEPTH:
            fault = f"elements are nested more than {_MOST_DEPTH} deep"
        elif self._elements > _MOST_ELEMENTS:
            fault = f"there are more than {_MOST_ELEMENTS:,} elements"
        elif len(name) > _LONGEST_VALUE or any(len(key) + len(value) > _LONGEST_VALUE for key, value in given.items()):
            fault = f"a name or an attribute is longer than {_LONGEST_VALUE:,} characters"
        if fault:
            raise TextError(f"the SSML cannot be read: {fault}", subject=f"{self._subject}, line {self._line_now()}")

    def _flush(self) -> None:
        """End the present line, if it has something to say."""
        text = "".join(self._text)
        if text.strip():
            (_, first), *others = self._shifts
            self._lines.append(
                Line(
                    text,
                    self._before,
                    paragraph=self._paragraph,
                    manner=Manner(voice=first.voice) if others else first,
                    shifts=tuple(self._shifts) if others else (),
                    marks=tuple(self._marks),
                    subject=f"{self._subject}, line {self._line_number}",
                    findings=tuple(self._findings),
                )
            )
            self._before, self._paragraph = None, False
            self._marks, self._findings = [], []
        self._marks = [(0, name) for _, name in self._marks]
        self._text, self._length, self._shifts, self._ends_word = [], 0, [], False

    def _break(self, given: Mapping[str, str]) -> None:
        written = given.get("time")
        if written is None:
            seconds = _STRENGTHS.get(given.get("strength", "medium"))
        else:
            seconds = parse_silence(written) if written.endswith("s") else None
        if seconds is None:
            shown = (written or given.get("strength", ""))[:_SHOWN]
            self._find(f'{shown!r} is no pause: write time="1.5s" or "300ms", up to {LONGEST_SILENCE:g} s')
            return
        self._flush()
        self._before = Seconds((self._before or 0.0) + seconds)

    def _mark(self, given: Mapping[str, str]) -> None:
        name = given.get("name", "")
        if name:
            self._marks.append((self._length, name))
        else:
            self._find("a mark has no name")

    def _voice(self, parent: _Element, given: Mapping[str, str]) -> Manner:
        if strange := sorted(set(given) - {"name", "xml:lang"}):
            self._find(f"<voice> is chosen by its name only, not by {', '.join(strange)[:_SHOWN]}")
        return replace(parent.manner, voice=given.get("name", parent.manner.voice))

    def _prosody(self, outer: Manner, given: Mapping[str, str]) -> Manner:
        changes = {"rate": _read_rate, "pitch": _read_pitch, "volume": _read_volume}
        values = {"rate": 1.0, "pitch": 0.0, "volume": 0.0}
        for name, written in given.items():
            if name not in changes:
                self._find(f"{name[:_SHOWN]!r} of <prosody> is not understood")
            elif (value := changes[name](written.strip())) is None:
                self._find(f"{written[:_SHOWN]!r} is no {name} that is understood")
            else:
                values[name] = value
        return replace(
            outer,
            speed=min(max(outer.speed * values["rate"], 0.01), 100.0),
            pitch=outer.pitch + values["pitch"],
            volume=outer.volume + values["volume"],
        )

    def _say(self, element: _Element) -> None:
        """Add what an element makes of the text in it."""
        text = "".join(element.captured or [])
        given = element.attributes
        if not self._text:
            self._line_number = self._line_now()
        said: str | None
        if element.name == "sub":
            said = given.get("alias")
            fault = "<sub> has no alias"
        elif element.name == "phoneme":
            said = mark_phones(text, given.get("ph", "")) if given.get("alphabet", "ipa") == "ipa" else None
            fault = f"{given.get('ph', '')[:_SHOWN]!r} are no phones of one word in IPA"
        else:
            said = say_as(text, given.get("interpret-as", ""), given.get("format", ""))
            fault = f"{text[:_SHOWN]!r} cannot be said as {given.get('interpret-as', '')[:_SHOWN]!r}"
        if said is None:
            self._find(fault)
            said = text
        self._add(said, element.manner)

    def _find(self, message: str) -> None:
        """Note a fault, once."""
        if message in self._known_faults or len(self._known_faults) >= _MOST_FINDINGS:
            return
        self._known_faults.add(message)
        self._findings.append(RULES.finding("T004", f"{self._subject}, line {self._line_now()}", message, _HINT))

    def _line_now(self) -> int:
        return (self._place.getLineNumber() or 1) if self._place is not None else 1


def _read_rate(written: str) -> float | None:
    if written in _RATES:
        return _RATES[written]
    if match := _PERCENT.fullmatch(written):
        share = float(match[2]) / 100.0
        rate = {"": share, "+": 1.0 + share, "-": 1.0 - share}[match[1]]
    elif match := _FACTOR.fullmatch(written):
        rate = float(match[1])
    else:
        return None
    return rate if rate > 0.0 else None


def _read_pitch(written: str) -> float | None:
    if written in _PITCHES:
        return _PITCHES[written]
    if match := _SEMITONES.fullmatch(written):
        return float(f"{match[1]}{match[2]}")
    match = _PERCENT.fullmatch(written)
    if match is None or not match[1]:
        return None
    factor = 1.0 + float(f"{match[1]}{match[2]}") / 100.0
    return 12.0 * math.log2(factor) if factor > 0.0 else None


def _read_volume(written: str) -> float | None:
    if written in _VOLUMES:
        return _VOLUMES[written]
    match = _DECIBELS.fullmatch(written)
    return None if match is None else float(f"{match[1]}{match[2]}")

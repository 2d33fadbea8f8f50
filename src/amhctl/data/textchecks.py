"""Checks of one text, and of its match with the length of its recording. Knows no samples."""

import re
import unicodedata
from dataclasses import dataclass

from amhctl.core.errors import TextError, VocabularyError
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.data.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer

# Ethiopic letters of all blocks, without marks, punctuation and digits (Unicode 15, chapter 19).
_FIDEL = re.compile(r"[\u1200-\u135A\u1380-\u138F\u2D80-\u2DDE\uAB01-\uAB2E]")
_ETHIOPIC = re.compile(r"[\u1200-\u139F\u2D80-\u2DDF\uAB00-\uAB2F]")
_DIGITS = re.compile(r"[0-9\u1369-\u137C]+(?:[.,:/][0-9\u1369-\u137C]+)*")
_LATIN = re.compile(r"[A-Za-z\u00C0-\u024F]+")
# Signs that a reader says or passes over without a doubt; the frontend has rules for them.
_READABLE_SIGNS = frozenset("%$€£+=&@#*°<>^`|~\u200b\u200c\u200d\u200e\u200f\ufeff\t")
_READABLE_CATEGORIES = frozenset({"Zs", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Pc", "Mn"})
_SHOWN = 5

RULES = (
    Rule("D030", Severity.ERROR, "text empty", "The text has no visible character."),
    Rule("D031", Severity.ERROR, "no Ethiopic letter", "Not one letter of the text is Ethiopic."),
    Rule(
        "D032",
        Severity.INFO,
        "digits",
        "The frontend reads digits by its own rules; whether the speaker said them so only a listener knows.",
    ),
    Rule("D033", Severity.WARNING, "Latin letters", "Latin words are spelt or passed over; speakers say them."),
    Rule(
        "D034",
        Severity.WARNING,
        "unspeakable characters",
        "Letters of other scripts, pictographs, control or replacement characters: no rule reads them.",
    ),
    Rule("D035", Severity.ERROR, "nothing speakable", "The text frontend finds nothing that it could speak."),
    Rule(
        "D036",
        Severity.ERROR,
        "unknown pieces",
        "With --vocab: the vocabulary has no piece for a character or phone of the text.",
    ),
    Rule(
        "D040",
        Severity.ERROR,
        "text too long for its audio",
        "More than 14 syllables a second of speech: nobody speaks so fast, part of the text is not in the recording.",
    ),
    Rule(
        "D041",
        Severity.WARNING,
        "text too short for its audio",
        "Fewer than 2 syllables a second of speech: part of the recording is probably not in the text.",
    ),
)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Syllables a second between which a reading passes; the numbers of ``RULES``."""

    fastest: float = 14.0
    slowest: float = 2.0


@dataclass(frozen=True, slots=True)
class TextResult:
    """Syllables of a text as it is spoken, 0 if it cannot be, and its findings."""

    syllables: int
    findings: tuple[Finding, ...]


def check_text(record: Record, frontend: Frontend, tokenizer: Tokenizer | None) -> TextResult:
    """Judge the text of a record; with a tokenizer, its pieces too."""
    text = record.text
    if not text.strip():
        return TextResult(0, (_finding("D030", record.id, "the text is empty", "write down what is said"),))
    findings = []
    if not _FIDEL.search(text) and not _DIGITS.search(text):
        message = f"no Ethiopic letter in {text[:40]!r}"
        findings.append(_finding("D031", record.id, message, "is this another language?"))
    if digits := _DIGITS.findall(text):
        shown = ", ".join(digits[:_SHOWN])
        findings.append(_finding("D032", record.id, f"digits: {shown}", "write them as the speaker says them"))
    if latin := _LATIN.findall(text):
        shown = ", ".join(latin[:_SHOWN])
        findings.append(_finding("D033", record.id, f"Latin letters: {shown}", "write them in Ethiopic, as they sound"))
    if odd := _odd_characters(text):
        findings.append(_finding("D034", record.id, odd, "remove or replace them"))
    if findings and findings[0].code == "D031":
        return TextResult(0, tuple(findings))
    try:
        syllables = frontend.normalize(text).syllables
        if tokenizer is not None:
            tokenizer.encode(frontend.units(text))
    except TextError as error:
        findings.append(_finding("D035", record.id, error.message, error.hint))
        return TextResult(0, tuple(findings))
    except VocabularyError as error:
        findings.append(_finding("D036", record.id, error.message, "extend the vocabulary: amhctl vocab extend"))
    return TextResult(syllables, tuple(findings))


def check_rate(
    subject: str,
    syllables: int,
    speech_seconds: float,
    limits: RateLimits = RateLimits(),
) -> tuple[Finding, ...]:
    """Judge how many syllables a second a recording would have to hold."""
    rate = syllables / max(speech_seconds, 1e-3)
    if rate > limits.fastest:
        message = f"{syllables} syllables in {speech_seconds:.2f} s of speech, {rate:.1f} a second"
        return (_finding("D040", subject, message, "listen to it: the text is not, or not all, in the audio"),)
    if rate < limits.slowest:
        message = f"{syllables} syllables in {speech_seconds:.2f} s of speech, {rate:.1f} a second"
        return (_finding("D041", subject, message, "listen to it: the audio holds more than the text, or noise"),)
    return ()


def _odd_characters(text: str) -> str:
    odd = [(column, character) for column, character in enumerate(text, start=1) if not _is_readable(character)]
    if not odd:
        return ""
    shown = ", ".join(f"U+{ord(character):04X} at column {column}" for column, character in odd[:_SHOWN])
    return f"{len(odd)} characters nobody can read: {shown}"


def _is_readable(character: str) -> bool:
    return bool(
        _ETHIOPIC.match(character)
        or _LATIN.match(character)
        or character in _READABLE_SIGNS
        or character.isdigit()
        or unicodedata.category(character) in _READABLE_CATEGORIES
    )


_SEVERITY = {rule.code: rule.severity for rule in RULES}


def _finding(code: str, subject: str, message: str, hint: str = "") -> Finding:
    return Finding(code, _SEVERITY[code], subject, message, hint)

"""Checks of one text, and of its match with the length of its recording. Knows no samples."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from amhctl.core.errors import TextError, VocabularyError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.text.spoken import SpokenText
from amhctl.tokenizer.tokenizer import Tokenizer

# Ethiopic letters of all blocks, without marks, punctuation and digits (Unicode 15, chapter 19).
_FIDEL = re.compile(r"[\u1200-\u135A\u1380-\u138F\u2D80-\u2DDE\uAB01-\uAB2E]")
_ETHIOPIC = re.compile(r"[\u1200-\u139F\u2D80-\u2DDF\uAB00-\uAB2F]")
_DIGITS = re.compile(r"[0-9\u1369-\u137C]+(?:[.,:/][0-9\u1369-\u137C]+)*")
_LATIN = re.compile(r"[A-Za-z\u00C0-\u024F]+")
# Signs that a reader says or skips without a doubt; the frontend has rules for them.
_READABLE_SIGNS = frozenset("%$€£+=&@#*°<>^`|~\u200b\u200c\u200d\u200e\u200f\ufeff\t")
_READABLE_CATEGORIES = frozenset({"Zs", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Pc", "Mn"})
_MARK = r"[^\w\s.…\u135d-\u135f«»‹›“”‘’\"'()\[\]]"
_MARK_RUN = re.compile(rf"(?:{_MARK}\s*){{4,}}")
_STROKE = re.compile(rf"(?<![\w/]){_FIDEL.pattern}{{1,3}}(?:/{_FIDEL.pattern}{{1,4}})+(?![\w/])")
_FEWEST_LETTERS = 10
_FEWEST_ETHIOPIC = 0.7
_MOST_MARKS = 1 / 3
_FEWEST_MARKS = 4
_SHOWN = 5
UNCOUNTED_SECONDS = 1.0
"""What breath and noise at the edges may add to the seconds of speech; of a single word that is more than the word."""

RULES = Rules(
    Rule("D030", Severity.ERROR, "text empty", "The text has no visible character."),
    Rule("D031", Severity.ERROR, "no Ethiopic letter", "Not one letter of the text is Ethiopic."),
    Rule(
        "D032",
        Severity.INFO,
        "digits",
        "The text frontend reads digits by rules; listen whether the speaker said them in the same way.",
    ),
    Rule(
        "D033",
        Severity.WARNING,
        "Latin letters",
        "Latin words are spelled out or skipped by the frontend, while speakers pronounce them.",
    ),
    Rule(
        "D034",
        Severity.WARNING,
        "unspeakable characters",
        "Letters of other scripts, pictographs, control or replacement characters: no rule can read them.",
    ),
    Rule("D035", Severity.ERROR, "nothing speakable", "The text frontend finds nothing speakable."),
    Rule(
        "D036",
        Severity.ERROR,
        "unknown pieces",
        "With --vocab: the vocabulary has no piece for a character or phone of the text.",
    ),
    Rule(
        "D037",
        Severity.WARNING,
        "mixed script",
        "Fewer than 70 % of the letters are Ethiopic (in texts of 10 letters or more): probably not an Amharic text.",
    ),
    Rule(
        "D038",
        Severity.WARNING,
        "excessive punctuation",
        "Four marks in a row, or more marks than a third of the letters; dots, quotes and brackets are not counted.",
    ),
    Rule(
        "D039",
        Severity.WARNING,
        "abbreviation unread",
        "Letters with a slash between them that are not a known abbreviation: they are read "
        "letter by letter as written.",
    ),
    Rule(
        "D040",
        Severity.ERROR,
        "text too long for its audio",
        "More than 14 syllables per second of speech: nobody speaks so fast; part of the text is not in the recording.",
    ),
    Rule(
        "D041",
        Severity.WARNING,
        "text too short for its audio",
        "Fewer than 2 syllables per second of speech (after one second is subtracted for breath or noise): part of "
        "the recording is probably not in the text.",
    ),
)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Syllables a second between which a reading passes; the numbers of ``RULES``."""

    fastest: float = 14.0
    slowest: float = 2.0


@dataclass(frozen=True, slots=True)
class TextResult:
    """A text as it is spoken, empty if it cannot be, its syllables and its findings."""

    syllables: int
    findings: tuple[Finding, ...]
    spoken: str = ""


def check_text(record: Record, frontend: Frontend, tokenizer: Tokenizer | None, *, line: int = 0) -> TextResult:
    """Judge the text of a record; with a tokenizer, its pieces too; ``line`` is the record's in the manifest."""
    text = record.text
    if not text.strip():
        return TextResult(0, (RULES.finding("D030", record.id, "the text is empty", "write down what is spoken"),))
    findings = []
    if not _FIDEL.search(text) and not _DIGITS.search(text):
        message = f"no Ethiopic letter in {text[:40]!r}"
        findings.append(RULES.finding("D031", record.id, message, "is this another language?"))
    if digits := _DIGITS.findall(text):
        shown = ", ".join(digits[:_SHOWN])
        findings.append(RULES.finding("D032", record.id, f"digits: {shown}", "write them as the speaker says them"))
    if latin := _LATIN.findall(text):
        shown = ", ".join(latin[:_SHOWN])
        findings.append(
            RULES.finding(
                "D033", record.id, f"Latin letters: {shown}", "write them in Ethiopic letters, as they are pronounced"
            )
        )
    if odd := _odd_characters(text, line):
        findings.append(RULES.finding("D034", record.id, odd, "remove or replace them"))
    if findings and findings[0].code == "D031":
        return TextResult(0, tuple(findings))
    findings += _mixture_findings(record)
    try:
        spoken = frontend.normalize(text)
        syllables = spoken.syllables
        if unread := _unread_abbreviations(spoken):
            message = f"unknown abbreviation: {', '.join(unread[:_SHOWN])}"
            findings.append(RULES.finding("D039", record.id, message, "write it in full, or add it to a lexicon"))
        if tokenizer is not None:
            tokenizer.encode(frontend.units(text))
    except TextError as error:
        findings.append(RULES.finding("D035", record.id, error.message, error.hint))
        return TextResult(0, tuple(findings))
    except VocabularyError as error:
        findings.append(RULES.finding("D036", record.id, error.message, "extend the vocabulary: amhctl vocab extend"))
    return TextResult(syllables, tuple(findings), spoken.text)


def _mixture_findings(record: Record) -> Iterator[Finding]:
    letters = [letter for letter in record.text if letter.isalpha()]
    ethiopic = sum(bool(_FIDEL.match(letter)) for letter in letters)
    if len(letters) >= _FEWEST_LETTERS and ethiopic < _FEWEST_ETHIOPIC * len(letters):
        yield RULES.finding("D037", record.id, f"{ethiopic} of {len(letters)} letters are Ethiopic", "is it Amharic?")
    marks = len(re.findall(_MARK, record.text))
    run = _MARK_RUN.search(record.text)
    if run or (marks > _FEWEST_MARKS and marks > _MOST_MARKS * len(letters) and not _DIGITS.search(record.text)):
        place = f", the longest run begins at column {run.start() + 1}" if run else ""
        yield RULES.finding(
            "D038", record.id, f"{marks} marks among {len(letters)} letters{place}", "keep only those that are needed"
        )


def _unread_abbreviations(spoken: SpokenText) -> list[str]:
    known = [(entry.start, entry.end) for entry in spoken.trace if entry.rule in ("abbreviation", "lexicon")]
    return [
        match.group()
        for match in _STROKE.finditer(spoken.written)
        if not any(start < match.end() and match.start() < end for start, end in known)
    ]


def check_rate(
    subject: str,
    syllables: int,
    speech_seconds: float,
    limits: RateLimits = RateLimits(),
) -> tuple[Finding, ...]:
    """Judge how many syllables per second a recording would have to hold."""
    rate = syllables / max(speech_seconds, 1e-3)
    if rate > limits.fastest:
        message = f"{syllables} syllables in {speech_seconds:.2f} s of speech, {rate:.1f} per second"
        return (RULES.finding("D040", subject, message, "listen to it: the text is not completely in the audio"),)
    if syllables < limits.slowest * (speech_seconds - UNCOUNTED_SECONDS):
        message = f"{syllables} syllables in {speech_seconds:.2f} s of speech, {rate:.1f} per second"
        return (RULES.finding("D041", subject, message, "listen to it: the audio holds more than the text, or noise"),)
    return ()


def _odd_characters(text: str, line: int) -> str:
    odd = [(column, character) for column, character in enumerate(text, start=1) if not _is_readable(character)]
    if not odd:
        return ""
    shown = ", ".join(f"U+{ord(character):04X} at column {column}" for column, character in odd[:_SHOWN])
    place = f"line {line}: " if line else ""
    return f"{place}{len(odd)} unspeakable characters: {shown}"


def _is_readable(character: str) -> bool:
    return bool(
        _ETHIOPIC.match(character)
        or _LATIN.match(character)
        or character in _READABLE_SIGNS
        or character.isdigit()
        or unicodedata.category(character) in _READABLE_CATEGORIES
    )

"""``data align``: a long recording and its text become utterances with times."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from amhctl.audio.files import locate
from amhctl.audio.longrecording import LongRecording
from amhctl.config.load import load_run_config
from amhctl.core.errors import DatasetError, EvaluationError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.alignments import (
    ALIGNED,
    ALIGNMENT,
    MANIFEST,
    TEXTGRID,
    AlignedUtterance,
    AlignedWord,
    RecordDefaults,
    write_alignment,
)
from amhctl.corpus.texts import CorpusLine, read_lines
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.labels import spell
from amhctl.recogniser.listening import FRAME_SAMPLES, long_log_probabilities
from amhctl.recogniser.long_alignment import LongAlignment, align_long, unclaimed_speech
from amhctl.recogniser.reading import ReadWord, read_spoken
from amhctl.recogniser.recognition import FRAME_SECONDS, load_recogniser
from amhctl.recogniser.segmentation import Placement
from amhctl.text.frontend import Frontend
from amhctl.text.written import split_written
from amhctl.workflows.reading import open_frontend

Division = Literal["sentence", "line"]

RECOGNISER = DEFAULT_RECOGNISER
"""What recognises unless another is named."""
CONFIDENCE = -6.0
"""Natural log-probability per phone below which an utterance is left out (``tools/measure_mismatch.py``)."""
PADDING = 0.25
"""Seconds of a pause that stay at each edge of an utterance."""
_FEWEST_PHONES = 10
"""Recognised phones without a text that are worth a finding; fewer are breath and noise."""

RULES = Rules(
    Rule(
        "D110",
        Severity.WARNING,
        "text not in the recording",
        "An utterance of the text was not found in the recording; it is left out.",
    ),
    Rule(
        "D111",
        Severity.WARNING,
        "text does not fit the recording",
        "A part of the utterance is less probable than `--confidence` allows: a word is missing, added or different, "
        "or the recording is not clear there; the utterance is left out.",
    ),
    Rule(
        "D112",
        Severity.WARNING,
        "speech not in the text",
        "In a part of the recording, ten phones or more were recognised that belong to no utterance of the text.",
    ),
    Rule(
        "D113",
        Severity.WARNING,
        "text cannot be read",
        "The text frontend finds no phones in an utterance of the text; it is left out.",
    ),
)


@dataclass(frozen=True, slots=True)
class AlignDataRequest:
    """What to align with what, how the text is divided, and what to write."""

    audio: Path
    text: tuple[Path, ...]
    output: Path
    standard_input: Iterable[str] | None = None
    by: Division = "sentence"
    confidence: float = CONFIDENCE
    padding: float = PADDING
    cut: bool = False
    textgrid: bool = False
    recogniser: str = DEFAULT_RECOGNISER
    speaker: str = "unknown"
    licence: str = ""
    origin: str = ""
    force: bool = False
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class AlignDataReport(Report):
    """What was found where."""

    folder: Path
    seconds: float
    utterances: tuple[AlignedUtterance, ...]
    findings: tuple[Finding, ...]
    textgrid: bool = False

    @property
    def kept(self) -> tuple[AlignedUtterance, ...]:
        """The utterances in the manifest."""
        return tuple(one for one in self.utterances if one.kept)

    @property
    def kept_seconds(self) -> float:
        """Their length."""
        return sum((one.end or 0.0) - (one.start or 0.0) for one in self.kept)

    def payload(self) -> dict[str, object]:
        """Return places and counts, and where each utterance was found."""
        return {
            "manifest": str(self.folder / MANIFEST),
            "alignment": str(self.folder / ALIGNMENT),
            "textgrid": str(self.folder / TEXTGRID) if self.textgrid else None,
            "seconds": self.seconds,
            "kept_seconds": self.kept_seconds,
            "records": len(self.kept),
            "utterances": [
                {
                    "id": one.id,
                    "text": one.text,
                    "kept": one.kept,
                    "start": one.start,
                    "end": one.end,
                    "confidence": one.confidence,
                }
                for one in self.utterances
            ],
        }

    def lines(self) -> Iterable[str]:
        """Return the counts for people."""
        yield (
            f"{self.folder / MANIFEST}: {len(self.kept)} of {len(self.utterances)} utterances, "
            f"{self.kept_seconds:.1f} s of {self.seconds:.1f} s"
        )
        titles = {rule.code: rule.title for rule in RULES}
        codes = [finding.code for finding in self.findings]
        for code in sorted(set(codes)):
            yield f"{code} {titles[code]}: {codes.count(code)}"


@dataclass(frozen=True, slots=True)
class _Utterance:
    """A written utterance, where it stands, and its spoken words."""

    line: CorpusLine
    words: tuple[ReadWord, ...]

    @property
    def phones(self) -> tuple[int, ...]:
        """The phones of all words."""
        return tuple(phone for word in self.words for phone in word.phones)


def run(request: AlignDataRequest, progress: Progress) -> AlignDataReport:
    """Align a recording with its text.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    DatasetError
        If the text cannot be read, or nothing in it.
    CheckpointError
        If there is no such recogniser, or it is damaged.
    EvaluationError
        If no utterance is good enough to be kept.
    FileExistsRefused
        If the folder exists and is not to be replaced.
    """
    sources = (request.audio, *request.text, *request.lexicons)
    require_output_folder(request.output, ALIGNED, force=request.force, sources=sources)
    recording = LongRecording(request.audio, locate(request.audio), SAMPLE_RATE)
    flags = {"paths.lexicons": request.lexicons}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    utterances = _read(request, open_frontend(config), progress)
    readable = [one for one in utterances if one.words]
    if not readable:
        subject = ", ".join(map(str, request.text)) or "standard input"
        raise DatasetError("nothing in the text can be spoken", subject=subject, hint="give the written Amharic text")
    recogniser = load_recogniser(request.recogniser, threads=1)
    progress.start("recognising", recording.size // FRAME_SAMPLES, "frame")
    values_EV = long_log_probabilities(recogniser.log_probabilities, recording, progress.advance)
    progress.finish()
    progress.start("aligning", len(readable), "utterance")
    alignment = align_long(values_EV, [one.phones for one in readable], progress.advance)
    progress.finish()
    placed, findings = _judge(request, utterances, alignment, float(recording.duration))
    findings += _unclaimed(request, alignment)
    if not any(one.kept for one in placed):
        raise EvaluationError(
            "no utterance of the text was found in the recording with enough confidence",
            subject=str(request.audio),
            hint="check that the text belongs to the recording; a lower --confidence keeps doubtful utterances",
            findings=tuple(findings),
        )
    defaults = RecordDefaults(request.speaker, request.licence, request.origin)
    if request.cut:
        progress.start("cutting", sum(one.kept for one in placed), "utterance")
    write_alignment(
        request.output,
        request.audio,
        placed,
        float(recording.duration),
        defaults,
        cut=request.cut,
        textgrid=request.textgrid,
        advance=progress.advance,
    )
    if request.cut:
        progress.finish()
    return AlignDataReport(request.output, float(recording.duration), placed, tuple(findings), request.textgrid)


def _read(request: AlignDataRequest, frontend: Frontend, progress: Progress) -> tuple[_Utterance, ...]:
    found = []
    progress.start("reading text", None, "utterance")
    for line in read_lines(request.text, standard_input=request.standard_input):
        for text in split_written(line.text) if request.by == "sentence" else (line.text,):
            found.append(_Utterance(CorpusLine(text, line.subject), read_spoken(frontend, text)))
            progress.advance()
    progress.finish()
    return tuple(found)


def _judge(
    request: AlignDataRequest, utterances: Sequence[_Utterance], alignment: LongAlignment, seconds: float
) -> tuple[tuple[AlignedUtterance, ...], list[Finding]]:
    placements = iter(alignment.placements)
    edges = _Edges(alignment, request.padding, seconds)
    placed, findings = [], []
    for number, one in enumerate(utterances, start=1):
        name, line, text = f"{request.audio.stem}-{number:04d}", one.line.subject, one.line.text
        placement = next(placements) if one.words else None
        if placement is None:
            code, what = ("D110", "was not found") if one.words else ("D113", "has no phones")
            findings.append(RULES.finding(code, line, f"{name} {what}: {_shorten(text)}"))
            placed.append(AlignedUtterance(name, line, text))
            continue
        start, end = edges.around(placement)
        confidence = round(placement.confidence, 3)
        kept = confidence >= request.confidence
        if not kept:
            message = f"{name} at {start:.2f} to {end:.2f} s has a confidence of {confidence:.2f}: {_shorten(text)}"
            findings.append(RULES.finding("D111", line, message, "listen to it, and correct the text"))
        words = tuple(_words(one.words, placement))
        placed.append(AlignedUtterance(name, line, text, kept, start, end, confidence, words))
    return tuple(placed), findings


def _words(words: Sequence[ReadWord], placement: Placement) -> Iterator[AlignedWord]:
    begin = 0
    for word in words:
        end = begin + len(word.phones)
        start, stop = int(placement.firsts_L[begin]), int(placement.lasts_L[end - 1])
        confidence = float(placement.scores_L[begin:end].mean())
        yield AlignedWord(word.spoken, _seconds(start), _seconds(stop), round(confidence, 3))
        begin = end


class _Edges:
    """Where an utterance is cut: some padding away from its speech, and not beyond half of a pause.

    Parameters
    ----------
    alignment : LongAlignment
        All speech of the recording.
    padding : float
        Seconds.
    seconds : float
        Length of the recording.
    """

    def __init__(self, alignment: LongAlignment, padding: float, seconds: float) -> None:
        spans = [(phone.first, phone.last) for phone in alignment.phones]
        spans += [(one.first, one.last) for one in alignment.placements if one is not None]
        self._firsts = np.sort([first for first, _ in spans])
        self._lasts = np.sort([last for _, last in spans])
        self._padding, self._seconds = padding, seconds

    def around(self, placement: Placement) -> tuple[float, float]:
        """Return where an utterance begins and ends, in seconds."""
        before = int(np.searchsorted(self._lasts, placement.first, side="right"))
        earlier = _seconds(int(self._lasts[before - 1])) if before else 0.0
        behind = int(np.searchsorted(self._firsts, placement.last, side="left"))
        later = _seconds(int(self._firsts[behind])) if behind < len(self._firsts) else self._seconds
        first, last = _seconds(placement.first), min(_seconds(placement.last), self._seconds)
        start = max(first - self._padding, (earlier + first) / 2 if before else 0.0)
        end = min(last + self._padding, (last + later) / 2 if behind < len(self._firsts) else self._seconds)
        return round(start, 3), round(end, 3)


def _unclaimed(request: AlignDataRequest, alignment: LongAlignment) -> list[Finding]:
    findings = []
    for stretch in unclaimed_speech(alignment):
        if len(stretch) >= _FEWEST_PHONES:
            start, end = _seconds(stretch[0].first), _seconds(stretch[-1].last)
            said = spell([phone.label for phone in stretch])
            message = f"the speech at {start:.2f} to {end:.2f} s is in no utterance: {_shorten(said)}"
            findings.append(RULES.finding("D112", str(request.audio), message, "add what is said to the text"))
    return findings


def _seconds(frame: int) -> float:
    return round(frame * FRAME_SECONDS, 3)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"

"""``vocab check``: how well a vocabulary covers a corpus."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding
from amhctl.core.outputs import PAGE, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.texts import open_corpus
from amhctl.pages.vocabulary import Comparison, VocabularyPage
from amhctl.tokenizer.alphabet import alphabet_of
from amhctl.tokenizer.coverage import (
    Coverage,
    RarePiece,
    WorstLine,
    find_rare,
    judge_coverage,
    judge_rare,
    measure_coverage,
)
from amhctl.tokenizer.sizes import SizeCurve, measure_sizes
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.tokenizer.words import count_words
from amhctl.workflows.reading import open_frontend


@dataclass(frozen=True, slots=True)
class CheckVocabularyRequest:
    """Which vocabulary to measure on which text."""

    vocabulary: Path
    corpus: tuple[Path, ...]
    standard_input: Iterable[str] | None = None
    max_unknown: float = 0.0
    base: Path | None = None
    rare: int = 10
    report: Path | None = None
    force: bool = False
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckVocabularyReport(Report):
    """Figures and verdict."""

    findings: tuple[Finding, ...]
    passed: bool
    vocabulary: Vocabulary
    measured: Coverage
    worst: tuple[tuple[str, WorstLine], ...]
    """The lines with the most unknown characters, each with where it comes from."""
    base: Comparison | None
    rare: tuple[RarePiece, ...]
    rare_below: int
    curve: SizeCurve
    page: Path | None

    @property
    def ok(self) -> bool:
        """Whether the vocabulary covers the text as well as was asked."""
        return self.passed

    def payload(self) -> dict[str, object]:
        """Return the figures and the worst lines."""
        return {
            **coverage_payload(self.vocabulary, self.measured),
            "worst": [
                {"subject": subject, "unknown": list(line.unknown), "text": line.text} for subject, line in self.worst
            ],
            "base": coverage_payload(self.base.vocabulary, self.base.measured) if self.base else None,
            "rare_below": self.rare_below,
            "rare": [{"id": item.id, "piece": item.piece, "count": item.count} for item in self.rare],
            "sizes": [
                {
                    "size": point.size,
                    "pieces_per_word": point.pieces_per_word,
                    "pieces_per_syllable": point.pieces_per_syllable,
                    "trained_share": point.trained_share,
                }
                for point in self.curve.points
            ],
            "recommended_size": self.curve.recommended,
            "report": str(self.page) if self.page else None,
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield from coverage_lines(self.vocabulary, self.measured)
        if self.base:
            before = self.base.measured
            yield (
                f"with the base: {before.pieces_per_syllable:.2f} pieces a syllable, {before.pieces_per_word:.2f} a "
                f"word, unknown rate {before.unknown_rate:.4%}"
            )
        yield f"{len(self.rare)} learnt pieces occur fewer than {self.rare_below} times"
        yield f"{'pieces':>8} {'a word':>8} {'a syllable':>10} {'fed':>7}"
        for point in self.curve.points:
            mark = "  recommended for this corpus" if point.size == self.curve.recommended else ""
            yield (
                f"{point.size:>8} {point.pieces_per_word:>8.3f} {point.pieces_per_syllable:>10.3f} "
                f"{point.trained_share:>7.1%}{mark}"
            )
        for subject, line in self.worst:
            yield f"{subject}: unknown {' '.join(line.unknown)} in {line.text}"


def run(request: CheckVocabularyRequest, progress: Progress) -> CheckVocabularyReport:
    """Measure a vocabulary.

    Raises
    ------
    VocabularyError
        If the vocabulary cannot be read.
    DatasetError
        If the corpus cannot be read or has no text.
    FileExistsRefused
        If the page exists and is not forced.
    """
    if request.report is not None:
        read = (request.vocabulary, *request.corpus, *request.lexicons, *([request.base] if request.base else []))
        require_output_file(request.report, PAGE, force=request.force, sources=read)
    vocabulary = Vocabulary.read(request.vocabulary)
    base = Vocabulary.read(request.base) if request.base else None
    config = load_run_config(
        preset=None,
        project=request.project,
        sets=request.sets,
        flags={"text.units": vocabulary.units, "paths.lexicons": request.lexicons},
    ).config
    tokenizer, frontend = Tokenizer(vocabulary), open_frontend(config)
    with open_corpus(request.corpus, frontend, progress, standard_input=request.standard_input) as corpus:
        measured = measure_coverage(tokenizer, corpus.lines())
        before = Comparison("base", base, measure_coverage(Tokenizer(base), corpus.lines())) if base else None
        curve = measure_sizes(count_words(corpus.lines(), alphabet_of(vocabulary.units)), vocabulary.units)
        worst = tuple((corpus.subject(line.line), line) for line in measured.worst)
        rare = find_rare(measured, vocabulary, below=request.rare, base=base)
        findings = (
            *corpus.unspeakable,
            *judge_coverage(measured, tokenizer, max_unknown=request.max_unknown),
            *judge_rare(rare, below=request.rare),
        )
    if request.report is not None:
        compared = [Comparison("checked", vocabulary, measured), *([before] if before else [])]
        page = VocabularyPage(request.vocabulary.name, compared, curve, rare, request.rare)
        write_text_atomically(request.report, page.render())
    return CheckVocabularyReport(
        findings=findings,
        passed=measured.unknown_rate <= request.max_unknown,
        vocabulary=vocabulary,
        measured=measured,
        worst=worst,
        base=before,
        rare=rare,
        rare_below=request.rare,
        curve=curve,
        page=request.report,
    )


def coverage_payload(vocabulary: Vocabulary, measured: Coverage) -> dict[str, object]:
    """Return the JSON keys that all three vocabulary commands share."""
    return {
        "pieces": vocabulary.size,
        "units": vocabulary.units,
        "fingerprint": vocabulary.fingerprint,
        "coverage": measured.coverage,
        "unknown_rate": measured.unknown_rate,
        "pieces_used": measured.pieces_used,
        "pieces_per_syllable": measured.pieces_per_syllable,
        "pieces_per_word": measured.pieces_per_word,
        "lines": measured.lines,
    }


def coverage_lines(vocabulary: Vocabulary, measured: Coverage) -> Iterable[str]:
    """Return the shared figures for people."""
    yield f"{vocabulary.size} pieces of {vocabulary.units}, {measured.pieces_used} of them used"
    yield f"coverage {measured.coverage:.2%} of characters, unknown rate {measured.unknown_rate:.4%}"
    yield (
        f"{measured.pieces_per_syllable:.2f} pieces a syllable, {measured.pieces_per_word:.2f} a word, "
        f"on {measured.lines} lines"
    )
    yield f"fingerprint {vocabulary.fingerprint}"

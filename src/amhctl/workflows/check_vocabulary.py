"""``vocab check``: how well a vocabulary covers a corpus."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.data.corpus import open_corpus
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.coverage import Coverage, WorstLine, judge_coverage, measure_coverage
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class CheckVocabularyRequest:
    """Which vocabulary to measure on which text."""

    vocabulary: Path
    corpus: tuple[Path, ...]
    standard_input: Iterable[str] | None = None
    max_unknown: float = 0.0
    project: Path | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckVocabularyReport:
    """Figures and verdict."""

    findings: tuple[Finding, ...]
    ok: bool
    vocabulary: Vocabulary
    measured: Coverage
    worst: tuple[tuple[str, WorstLine], ...]
    """The lines with the most unknown characters, each with where it comes from."""

    def payload(self) -> dict[str, object]:
        """Return the figures and the worst lines."""
        return {
            **coverage_payload(self.vocabulary, self.measured),
            "worst": [
                {"subject": subject, "unknown": list(line.unknown), "text": line.text} for subject, line in self.worst
            ],
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield from coverage_lines(self.vocabulary, self.measured)
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
    """
    vocabulary = Vocabulary.read(request.vocabulary)
    config = load_run_config(
        preset=None, project=request.project, sets=request.sets, flags={"text.units": vocabulary.units}
    ).config
    tokenizer = Tokenizer(vocabulary)
    with open_corpus(request.corpus, Frontend(config.text), progress, standard_input=request.standard_input) as corpus:
        measured = measure_coverage(tokenizer, corpus.lines())
        worst = tuple((corpus.subject(line.line), line) for line in measured.worst)
        findings = corpus.unspeakable + judge_coverage(measured, tokenizer, max_unknown=request.max_unknown)
    return CheckVocabularyReport(findings, measured.unknown_rate <= request.max_unknown, vocabulary, measured, worst)


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

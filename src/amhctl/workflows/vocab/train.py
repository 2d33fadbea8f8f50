"""``vocab train``: a vocabulary from written text."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.texts import open_corpus
from amhctl.tokenizer.coverage import Coverage, measure_coverage
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import VOCABULARY, Vocabulary
from amhctl.workflows.reading import open_frontend
from amhctl.workflows.vocab.check import coverage_lines, coverage_payload

RULES = Rules(
    Rule(
        "V006",
        Severity.WARNING,
        "fewer pieces than requested",
        "The vocabulary is smaller than the requested size. With the type char there is one piece for each fidel or "
        "phone, whatever the size; with the other types, the corpus gives no more pieces.",
    ),
)


@dataclass(frozen=True, slots=True)
class TrainVocabularyRequest:
    """What to train a vocabulary on; what is None comes from the configuration."""

    corpus: tuple[Path, ...]
    output: Path
    standard_input: Iterable[str] | None = None
    size: int | None = None
    units: str | None = None
    model_type: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class TrainVocabularyReport(Report):
    """The vocabulary, measured on the text it was made from."""

    findings: tuple[Finding, ...]
    output: Path
    vocabulary: Vocabulary
    measured: Coverage

    def payload(self) -> dict[str, object]:
        """Return the figures and the path."""
        return {**coverage_payload(self.vocabulary, self.measured), "vocabulary": str(self.output)}

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.output}: {self.vocabulary.model_type}"
        yield from coverage_lines(self.vocabulary, self.measured)


def run(request: TrainVocabularyRequest, progress: Progress) -> TrainVocabularyReport:
    """Train a vocabulary and write it.

    Raises
    ------
    VocabularyError
        If the size cannot hold the alphabet.
    DatasetError
        If the corpus cannot be read or has no text.
    FileExistsRefused
        If the output exists and is not forced.
    """
    flags = {
        "text.units": request.units,
        "vocabulary.size": request.size,
        "vocabulary.model_type": request.model_type,
        "paths.lexicons": request.lexicons,
    }
    resolved = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags)
    config = resolved.config
    read = (*request.corpus, *config.paths.lexicons)
    require_output_file(request.output, VOCABULARY, force=request.force, sources=read)
    frontend = open_frontend(config)
    with open_corpus(request.corpus, frontend, progress, standard_input=request.standard_input) as corpus:
        vocabulary = train_vocabulary(
            corpus.lines(),
            size=config.vocabulary.size,
            units=config.text.units,
            model_type=config.vocabulary.model_type,
        )
        measured = measure_coverage(Tokenizer(vocabulary), corpus.lines())
        findings = corpus.unspeakable
    vocabulary.write(request.output, force=request.force)
    if resolved.sources["vocabulary.size"] != "default":
        findings += report_size(vocabulary, config.vocabulary.size, request.output)
    return TrainVocabularyReport(findings, request.output, vocabulary, measured)


def report_size(vocabulary: Vocabulary, wanted: int, path: Path) -> tuple[Finding, ...]:
    """Return a finding if a vocabulary has fewer pieces than were asked for."""
    if vocabulary.size >= wanted:
        return ()
    message = f"{vocabulary.size} pieces, {wanted} were requested"
    if vocabulary.model_type == "char":
        hint = f"char has one piece for each {'phone' if vocabulary.units == 'phones' else 'fidel'}, whatever the size"
    else:
        hint = "the corpus gives no more pieces: give more text"
    return (RULES.finding("V006", str(path), message, hint),)

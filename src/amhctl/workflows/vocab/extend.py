"""``vocab extend``: append pieces to a vocabulary, and their rows to the checkpoint that speaks it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.config.load import load_run_config
from amhctl.core.errors import VocabularyError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import JSON, require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.texts import UnitCorpus, open_corpus, read_lines
from amhctl.tokenizer.alphabet import Units
from amhctl.tokenizer.coverage import Coverage, measure_coverage
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.plan import ExtensionPlan, plan_path
from amhctl.tokenizer.proof import prove_unchanged
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import VOCABULARY, Vocabulary
from amhctl.workflows.vocab import grow as grow_checkpoint
from amhctl.workflows.vocab.check import coverage_lines, coverage_payload
from amhctl.workflows.vocab.train import report_size

RULES = Rules(
    Rule(
        "V005",
        Severity.WARNING,
        "proof line not usable",
        "Lines of --proof have characters without a piece in the base, so they cannot show whether ids changed; they "
        "were skipped.",
    ),
    Rule(
        "V007",
        Severity.WARNING,
        "nothing appended",
        "The base has every letter of the alphabet, and the corpus gives no longer pieces or the size has no room "
        "for them: the extended vocabulary is the same as the base.",
    ),
)


@dataclass(frozen=True, slots=True)
class ExtendVocabularyRequest:
    """What to append, from which text, and which checkpoint to grow along."""

    base: Path
    corpus: tuple[Path, ...]
    output: Path
    size: int
    standard_input: Iterable[str] | None = None
    units: Units | None = None
    proof: Path | None = None
    base_checkpoint: Path | None = None
    checkpoint_output: Path | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    seed: int | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class ProvenText:
    """How much text of the base's languages was shown to keep its ids."""

    lines: int
    pieces: int
    passed_over: int


@dataclass(frozen=True, slots=True)
class ExtendVocabularyReport(Report):
    """What was appended, measured on the text it was learnt from."""

    findings: tuple[Finding, ...]
    output: Path
    checkpoint: Path | None
    vocabulary: Vocabulary
    plan: ExtensionPlan
    measured: Coverage
    before: Coverage
    """The same text, encoded with the base."""
    proven: ProvenText | None

    def payload(self) -> dict[str, object]:
        """Return the figures and the plan, row by row."""
        plan = self.plan.document(self.vocabulary)
        return {
            **coverage_payload(self.vocabulary, self.measured),
            "vocabulary": str(self.output),
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "added": len(self.plan.rows),
            "added_used": self._added_used(),
            "before": {
                "unknown_rate": self.before.unknown_rate,
                "pieces_per_syllable": self.before.pieces_per_syllable,
                "pieces_per_word": self.before.pieces_per_word,
            },
            "proof": None
            if self.proven is None
            else {"lines": self.proven.lines, "pieces": self.proven.pieces, "passed_over": self.proven.passed_over},
            "plan_file": str(plan_path(self.output)),
            "plan": {"base_size": self.plan.base.size, "base_fingerprint": self.plan.base.fingerprint, **plan},
        }

    def _added_used(self) -> int:
        return sum(count > 0 for count in self.measured.piece_counts[self.plan.base.size :])

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield (
            f"{self.output}: {len(self.plan.rows)} pieces appended to the {self.plan.base.size} of "
            "the base, whose ids are unchanged"
        )
        starts = Counter(row.start for row in self.plan.rows).most_common()
        if starts:
            yield f"{self._added_used()} of them used; rows start as {', '.join(f'{name} {n}' for name, n in starts)}"
        yield from coverage_lines(self.vocabulary, self.measured)
        yield (
            f"with the base: {self.before.pieces_per_syllable:.2f} pieces a syllable, "
            f"{self.before.pieces_per_word:.2f} a word, unknown rate {self.before.unknown_rate:.4%}"
        )
        if self.proven:
            yield f"proof: {self.proven.lines} lines, {self.proven.pieces} pieces, every id as before"
        if self.checkpoint:
            yield f"checkpoint grown to {self.vocabulary.size} pieces: {self.checkpoint}"


def run(request: ExtendVocabularyRequest, progress: Progress) -> ExtendVocabularyReport:
    """Extend a vocabulary, and a checkpoint if one is given.

    Raises
    ------
    VocabularyError
        If the base cannot be read or extended to that size.
        Also if a line of the proof would be spelled otherwise, or the checkpoint speaks another vocabulary.
    CheckpointError
        If the checkpoint is broken.
    DatasetError
        If the corpus cannot be read or has no text.
    FileExistsRefused
        If an output exists and is not forced.
    """
    _require_outputs(request)
    base = Vocabulary.read(request.base)
    units = request.units or base.units
    origin = grow_checkpoint.read_origin(request.base_checkpoint) if request.base_checkpoint else None
    if origin is not None:
        grow_checkpoint.require_base(origin, base)
    config = load_run_config(
        preset=None,
        project=request.project,
        sets=request.sets,
        flags={"text.units": units, "paths.lexicons": request.lexicons, "seed": request.seed},
    ).config
    frontend = grow_checkpoint.choose_frontend(origin, config)
    with open_corpus(request.corpus, frontend, progress, standard_input=request.standard_input) as corpus:
        vocabulary, plan = _append_pieces(request, base, units, corpus, progress)
        measured = measure_coverage(Tokenizer(vocabulary), corpus.lines())
        before = measure_coverage(Tokenizer(base), corpus.lines())
        findings = corpus.unspeakable
    proven = _prove(request.proof, base, vocabulary) if request.proof else None
    if origin is not None and request.checkpoint_output is not None:
        grow_checkpoint.write_grown(
            request.checkpoint_output,
            origin,
            vocabulary,
            plan,
            frontend,
            vocabulary_path=request.output,
            seed=config.seed,
            force=request.force,
        )
    plan.write(plan_path(request.output), vocabulary, force=request.force)
    vocabulary.write(request.output, force=request.force)
    findings += _judge(request, base, vocabulary, plan, proven)
    return ExtendVocabularyReport(
        findings, request.output, request.checkpoint_output, vocabulary, plan, measured, before, proven
    )


def _append_pieces(
    request: ExtendVocabularyRequest, base: Vocabulary, units: Units, corpus: UnitCorpus, progress: Progress
) -> tuple[Vocabulary, ExtensionPlan]:
    progress.start("appending pieces", None, "pieces")
    vocabulary, plan = extend_vocabulary(base, corpus.lines(), request.size, units=units)
    progress.finish()
    if vocabulary.units != units:
        raise VocabularyError(
            f"the extended vocabulary would have units {vocabulary.units}, but {units} are requested",
            subject=str(request.base),
        )
    return vocabulary, plan


def _judge(
    request: ExtendVocabularyRequest,
    base: Vocabulary,
    vocabulary: Vocabulary,
    plan: ExtensionPlan,
    proven: ProvenText | None,
) -> tuple[Finding, ...]:
    """Return what did not come out as it was requested."""
    findings: tuple[Finding, ...] = ()
    if plan.rows:
        findings += report_size(vocabulary, request.size, request.output)
    else:
        message = f"no piece was appended to the {base.size} of the base, {request.size} were requested"
        hint = "request a larger size, or give more text" if base.model_type != "char" else "char has no longer pieces"
        findings += (RULES.finding("V007", str(request.output), message, hint),)
    if proven and proven.passed_over:
        message = f"{proven.passed_over} lines have characters without a piece in the base"
        findings += (RULES.finding("V005", str(request.proof), message),)
    return findings


def _require_outputs(request: ExtendVocabularyRequest) -> None:
    optional = (request.proof, request.base_checkpoint)
    read = (request.base, *request.corpus, *request.lexicons, *(path for path in optional if path is not None))
    require_output_file(request.output, VOCABULARY, force=request.force, sources=read)
    require_output_file(plan_path(request.output), JSON, force=request.force, sources=read)
    if request.checkpoint_output is not None and request.base_checkpoint is not None:
        kind = grow_checkpoint.kind_of(request.base_checkpoint)
        require_output_folder(request.checkpoint_output, kind, force=request.force, sources=read)


def _prove(path: Path, base: Vocabulary, result: Vocabulary) -> ProvenText:
    """Check every line of a text of the base's languages, as the network's own frontend would hand it over."""
    old, new = Tokenizer(base), Tokenizer(result)
    counts = [prove_unchanged(old, new, line.text, subject=line.subject) for line in read_lines((path,))]
    proven = [count for count in counts if count is not None]
    if not proven:
        raise VocabularyError(
            "the proof text is not usable: every line has characters without a piece in the base",
            subject=str(path),
            hint="give normalised text in the languages of the base; for IndexTTS-2, in capital letters",
        )
    return ProvenText(len(proven), sum(proven), len(counts) - len(proven))

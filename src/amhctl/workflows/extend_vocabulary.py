"""``vocab extend``: append pieces to a vocabulary, and their rows to the checkpoint that speaks it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.manifest import TextIdentity, VocabularyIdentity
from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint, require_match, write_checkpoint
from amhctl.config.load import load_run_config
from amhctl.config.schema import ModelConfig, TextConfig
from amhctl.core.errors import VocabularyError
from amhctl.core.files import canonical_json, refuse_existing
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.data.corpus import open_corpus
from amhctl.model.resize import grow_text_rows
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.alphabet import Units
from amhctl.tokenizer.coverage import Coverage, measure_coverage
from amhctl.tokenizer.extend import ExtensionPlan, extend_vocabulary
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.check_vocabulary import coverage_lines, coverage_payload

_VOCABULARY_FILE = "vocabulary.model"
_TEXT_FILE = "text_state.json"
_WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True, slots=True)
class ExtendVocabularyRequest:
    """What to append, from which text, and which checkpoint to grow along."""

    base: Path
    corpus: tuple[Path, ...]
    output: Path
    size: int
    standard_input: Iterable[str] | None = None
    units: Units | None = None
    base_checkpoint: Path | None = None
    checkpoint_output: Path | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    seed: int | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class ExtendVocabularyReport:
    """What was appended, measured on the text it was learnt from."""

    findings: tuple[Finding, ...]
    output: Path
    checkpoint: Path | None
    vocabulary: Vocabulary
    plan: ExtensionPlan
    measured: Coverage

    @property
    def ok(self) -> bool:
        """True: an extension that does not hold what it promises is refused with an error."""
        return True

    def payload(self) -> dict[str, object]:
        """Return the figures and the plan, row by row."""
        rows = enumerate(self.plan.rows, start=self.plan.base_size)
        return {
            **coverage_payload(self.vocabulary, self.measured),
            "vocabulary": str(self.output),
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "added": len(self.plan.rows),
            "plan": {
                "base_size": self.plan.base_size,
                "base_fingerprint": self.plan.base_fingerprint,
                "rows": [{"id": id_, "piece": row.piece, "sources": list(row.source_ids)} for id_, row in rows],
            },
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.output}: {len(self.plan.rows)} pieces appended to {self.plan.base_size}, whose ids are unchanged"
        yield from coverage_lines(self.vocabulary, self.measured)
        if self.checkpoint:
            yield f"checkpoint grown to {self.vocabulary.size} pieces: {self.checkpoint}"


def run(request: ExtendVocabularyRequest, progress: Progress) -> ExtendVocabularyReport:
    """Extend a vocabulary, and a checkpoint if one is given.

    Raises
    ------
    VocabularyError
        If the base cannot be read or extended to that size.
    CheckpointError
        If the checkpoint is broken or speaks another vocabulary.
    DatasetError
        If the corpus cannot be read or has no text.
    FileExistsRefused
        If an output exists and is not forced.
    """
    refuse_existing(request.output, force=request.force)
    if request.checkpoint_output is not None:
        refuse_existing(request.checkpoint_output, force=request.force)
    base = Vocabulary.read(request.base)
    units = request.units or base.units
    origin = _read_origin(request, base)
    config = load_run_config(
        preset=None,
        project=request.project,
        sets=request.sets,
        flags={"text.units": units, **({} if request.seed is None else {"seed": request.seed})},
    ).config
    frontend = _choose_frontend(origin, config.text)
    with open_corpus(request.corpus, frontend, progress, standard_input=request.standard_input) as corpus:
        vocabulary, plan = extend_vocabulary(base, corpus.lines(), request.size, units=units)
        if vocabulary.units != units:
            raise VocabularyError(
                f"the extended vocabulary would speak {vocabulary.units}, wanted are {units}", subject=str(request.base)
            )
        measured = measure_coverage(Tokenizer(vocabulary), corpus.lines())
        findings = corpus.unspeakable
    if origin is not None and request.checkpoint_output is not None:
        _write_grown(request.checkpoint_output, origin, vocabulary, plan, frontend, config.seed, force=request.force)
    vocabulary.write(request.output, force=request.force)
    return ExtendVocabularyReport(findings, request.output, request.checkpoint_output, vocabulary, plan, measured)


def _read_origin(request: ExtendVocabularyRequest, base: Vocabulary) -> LoadedCheckpoint | None:
    if request.base_checkpoint is None or request.checkpoint_output is None:
        return None
    origin = read_checkpoint(request.base_checkpoint, kind="voice")
    require_match(origin.manifest, vocabulary_fingerprint=base.fingerprint)
    return origin


def _choose_frontend(origin: LoadedCheckpoint | None, config: TextConfig) -> Frontend:
    """Return the checkpoint's own frontend where it reads in the units wanted, else a new one."""
    if origin is not None and origin.manifest.text is not None:
        theirs = Frontend.from_state(json.loads(origin.read_text(origin.manifest.text.file)))
        if theirs.config.units == config.units:
            return theirs
    return Frontend(config)


def _write_grown(
    folder: Path,
    origin: LoadedCheckpoint,
    vocabulary: Vocabulary,
    plan: ExtensionPlan,
    frontend: Frontend,
    seed: int,
    *,
    force: bool,
) -> None:
    """Write the checkpoint with its rows grown; figures measured before it grew are left out."""
    manifest = origin.manifest
    config = ModelConfig.model_validate(manifest.config).model_copy(update={"number_text_tokens": vocabulary.size})
    vocabulary_file = manifest.vocabulary.file if manifest.vocabulary else _VOCABULARY_FILE
    text_file = manifest.text.file if manifest.text else _TEXT_FILE
    files = {name: origin.read_bytes(name) for name in manifest.files if name != _WEIGHTS_FILE}
    files[vocabulary_file] = vocabulary.model_bytes
    files[text_file] = canonical_json(frontend.state()).encode("utf-8")
    grown = manifest.model_copy(
        update={
            "config": config.model_dump(mode="json"),
            "vocabulary": VocabularyIdentity(
                file=vocabulary_file,
                fingerprint=vocabulary.fingerprint,
                size=vocabulary.size,
                units=vocabulary.units,
            ),
            "text": TextIdentity(file=text_file, hash=frontend.state_hash),
            "parent": manifest.files[_WEIGHTS_FILE],
            "metrics": {},
        }
    )
    tensors = grow_text_rows(origin.tensors, plan, seed=seed)
    write_checkpoint(folder, manifest=grown, tensors=tensors, extra_files=files, force=force)

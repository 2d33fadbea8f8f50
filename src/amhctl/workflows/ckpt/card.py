"""``ckpt card``: the model card of a checkpoint, from what it says of itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import MANIFEST_FILE, WEIGHTS_FILE, read_manifest, verify_folder
from amhctl.core.errors import CheckpointError, EvaluationError, OptionError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import FileKind, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.evaluation.card import Card, CardOptions, build_card
from amhctl.evaluation.results import Results, read_results
from amhctl.inference.catalog import bundled_voices, voice_path

CARD = FileKind("a model card", re.compile(rb"---\r?\n"))
RULES = Rules(
    Rule(
        "C029",
        Severity.INFO,
        "missing on the card",
        "Readers of a model card expect it, but neither the manifest, the evaluation nor an option gives it: the "
        "card says that it is missing.",
    ),
)
_BASE_MODEL = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LICENCE = re.compile(r"[A-Za-z0-9][\w .+-]{0,99}")


@dataclass(frozen=True, slots=True)
class WriteCardRequest:
    """What to describe.

    Attributes
    ----------
    checkpoint : str
        Name of a bundled voice, or folder of a voice, codec or vocoder.
    output : Path
        The file to write.
    evaluation : Path | None
        A report of ``eval --json``.
    licence, base_model : str | None
        What the manifest does not say.
    force : bool
        Whether an earlier card may be replaced.
    """

    checkpoint: str
    output: Path
    evaluation: Path | None = None
    licence: str | None = None
    base_model: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class WriteCardReport(Report):
    """What was written, and what was not."""

    output: Path
    card: Card

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is left out."""
        return tuple(RULES.finding("C029", what, why) for what, why in self.card.left_out.items())

    def payload(self) -> dict[str, object]:
        """Return ``card`` and ``left_out``."""
        return {"card": str(self.output), "left_out": list(self.card.left_out)}

    def lines(self) -> Iterable[str]:
        """Return where it lies."""
        yield f"{self.output}: read it before you publish it"


def run(request: WriteCardRequest, progress: Progress) -> WriteCardReport:
    """Write the model card of a checkpoint whose files are those that its manifest names.

    Raises
    ------
    CheckpointError
        If the checkpoint is damaged, or a training state.
    EvaluationError
        If the evaluation is none, or of other weights.
    OptionError
        If a licence or the name of a base can be none.
    FileExistsRefused
        If there is a file, and ``force`` is not set.
    """
    for option, value, form in (
        ("--licence", request.licence, _LICENCE),
        ("--base-model", request.base_model, _BASE_MODEL),
    ):
        if value is not None and form.fullmatch(value) is None:
            raise OptionError(f"{option} cannot be {value!r}", hint="such as Apache-2.0, or IndexTeam/IndexTTS-2")
    folder = voice_path(request.checkpoint) if request.checkpoint in bundled_voices() else Path(request.checkpoint)
    read = [folder / MANIFEST_FILE, folder / WEIGHTS_FILE, *([request.evaluation] if request.evaluation else [])]
    require_output_file(request.output, CARD, force=request.force, sources=read)
    manifest = read_manifest(folder)
    if manifest.kind == "training":
        hint = "give a voice: a run keeps its best in the folder best/"
        raise CheckpointError("a training state cannot be exported", subject=str(folder), hint=hint)
    progress.say(f"verifying {folder}")
    verify_folder(folder, kind=manifest.kind)
    results = None if request.evaluation is None else read_results(request.evaluation)
    if results is not None:
        _require_same(results, manifest.name, manifest.files[WEIGHTS_FILE], request.evaluation)
    card = build_card(manifest, CardOptions(request.licence, request.base_model), results)
    write_text_atomically(request.output, card.text)
    return WriteCardReport(request.output, card)


def _require_same(results: Results, name: str, weights: str, path: Path | None) -> None:
    """Refuse an evaluation of another voice; one of an earlier version tells only its name."""
    hint = "evaluate the voice of the card itself: amhctl eval VOICE --set TEST.jsonl --json > eval.json"
    if results.weights and results.weights != weights:
        message = f"the evaluation is of other weights: {results.weights[:16]}…; the checkpoint has {weights[:16]}…"
        raise EvaluationError(message, subject=str(path), hint=hint)
    if not results.weights and results.voice != name:
        raise EvaluationError(f"the evaluation is of {results.voice}, not of {name}", subject=str(path), hint=hint)

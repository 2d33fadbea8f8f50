"""``vocab grow``: the text rows of a checkpoint grow along the plan of an extended vocabulary.

A checkpoint is a voice, a training checkpoint, or a run folder, of which the newest training checkpoint is taken; what
comes out is of the same kind. A training checkpoint's averaged weights grow as its weights do, its optimiser's moments
move with their rows, and its best validation is forgotten, since that voice speaks the old vocabulary. Graphs of a
voice stay behind, since they refer to the weights that it had: ``ckpt export --format onnx`` makes new ones.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from amhctl.checkpoint.folder import CHECKPOINT, WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest, TextIdentity, VocabularyGrowth, VocabularyIdentity
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.config.load import load_run_config
from amhctl.config.schema import RunConfig
from amhctl.config.voice import read_voice_config
from amhctl.core.documents import read_json
from amhctl.core.errors import CheckpointError, VocabularyError
from amhctl.core.files import atomic_folder, canonical_json, refuse_existing
from amhctl.core.findings import Finding
from amhctl.core.outputs import FolderKind, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.model.network_soundness import AVERAGE_FILE, OPTIMIZER_FILE
from amhctl.model.resize import SPARE_ROWS, grow_text_moments, grow_text_rows
from amhctl.model.soundness import find_faults, read_voice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.plan import ExtensionPlan, RowPlacement, plan_path
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.state import RUN, RunFolder, RunState
from amhctl.workflows.reading import open_frontend

_VOCABULARY_FILE, _TEXT_FILE = "vocabulary.model", "text_state.json"
_STATE_FILE = "state.json"


@dataclass(frozen=True, slots=True)
class GrowCheckpointRequest:
    """Which checkpoint to grow for which extended vocabulary; the plan is next to the vocabulary unless named."""

    vocabulary: Path
    checkpoint: Path
    output: Path
    plan: Path | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    seed: int | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class GrowCheckpointReport(Report):
    """What came out."""

    findings: tuple[Finding, ...]
    output: Path
    vocabulary: Vocabulary
    added: int
    optimizer: bool

    def payload(self) -> dict[str, object]:
        """Return the path, the vocabulary and what was added."""
        return {
            "checkpoint": str(self.output),
            "pieces": self.vocabulary.size,
            "fingerprint": self.vocabulary.fingerprint,
            "added": self.added,
            "optimizer": self.optimizer,
        }

    def lines(self) -> Iterable[str]:
        """Return the same for people."""
        yield f"{self.output}: {self.added} embeddings added, {self.vocabulary.size} pieces"
        if self.optimizer:
            yield "the optimiser state was extended as well; `amhctl train --resume` resumes from here"


@dataclass(frozen=True, slots=True)
class Origin:
    """A checkpoint to grow, its vocabulary, and the run folder it was taken from, if any, with what was found there."""

    checkpoint: LoadedCheckpoint
    vocabulary: Vocabulary
    run: RunFolder | None
    findings: tuple[Finding, ...] = ()


def run(request: GrowCheckpointRequest, progress: Progress) -> GrowCheckpointReport:
    """Grow a checkpoint along a plan and write it elsewhere.

    Raises
    ------
    VocabularyError
        If the vocabulary or the plan cannot be read, or they do not belong to each other and to the checkpoint.
    CheckpointError
        If the checkpoint is broken or has no vocabulary.
    FileExistsRefused
        If the output exists and is not forced.
    """
    plan_file = request.plan or plan_path(request.vocabulary)
    read = (request.checkpoint, request.vocabulary, plan_file, *request.lexicons)
    require_output_folder(request.output, kind_of(request.checkpoint), force=request.force, sources=read)
    vocabulary = Vocabulary.read(request.vocabulary)
    plan = ExtensionPlan.read(plan_file)
    origin = read_origin(request.checkpoint)
    config = load_run_config(
        preset=None,
        project=request.project,
        sets=request.sets,
        flags={"text.units": vocabulary.units, "paths.lexicons": request.lexicons, "seed": request.seed},
    ).config
    frontend = choose_frontend(origin, config)
    progress.start("growing", 1, "checkpoints")
    write_grown(
        request.output,
        origin,
        vocabulary,
        plan,
        frontend,
        vocabulary_path=request.vocabulary,
        seed=config.seed,
        force=request.force,
    )
    progress.finish()
    trained = origin.checkpoint.manifest.kind == "training"
    return GrowCheckpointReport(origin.findings, request.output, vocabulary, len(plan.rows), trained)


def kind_of(path: Path) -> FolderKind:
    """Return what a grown checkpoint is: a run of a run, else a checkpoint."""
    return RUN if _is_run(RunFolder(path)) else CHECKPOINT


def _is_run(folder: RunFolder) -> bool:
    return folder.config.is_file() and folder.checkpoints.is_dir()


def read_origin(path: Path) -> Origin:
    """Read a voice, a training checkpoint, or the newest training checkpoint of a run folder.

    Raises
    ------
    CheckpointError
        If it is broken, of another kind, or names no vocabulary.
    """
    folder = RunFolder(path)
    trained = folder if _is_run(folder) else None
    sound = trained.steps.newest_sound() if trained else None
    place = sound.checkpoint.folder if sound else path
    manifest = read_manifest(place)
    kind = manifest.kind
    if kind not in ("voice", "training"):
        raise CheckpointError(
            f"a {kind} checkpoint has no text embedding", subject=str(place), hint="give a voice or a run"
        )
    checkpoint = sound.checkpoint if sound else read_voice(place, kind=kind)
    if checkpoint.manifest.vocabulary is None:
        raise CheckpointError("the checkpoint names no vocabulary", subject=str(place), hint="give a voice or a run")
    content = checkpoint.read_bytes(checkpoint.manifest.vocabulary.file)
    vocabulary = Vocabulary.from_bytes(content, subject=str(place))
    return Origin(checkpoint, vocabulary, trained, sound.findings if sound else ())


def choose_frontend(origin: Origin | None, config: RunConfig) -> Frontend:
    """Return the checkpoint's own frontend where it reads in the units wanted, else a new one; both by the lexicons."""
    if origin is not None and (text := origin.checkpoint.manifest.text) is not None:
        theirs = Frontend.from_state(origin.checkpoint.read_json(text.file), place=text.file)
        if theirs.config.units == config.text.units:
            return open_frontend(config, theirs)
    return open_frontend(config)


def require_base(origin: Origin, base: Vocabulary) -> None:
    """Refuse a checkpoint that does not speak the base, before anything is learnt; the order may differ.

    Raises
    ------
    VocabularyError
        If one has a piece that the other lacks.
    """
    if set(origin.vocabulary.pieces) != set(base.pieces):
        raise VocabularyError(
            "the checkpoint uses another vocabulary than the base",
            subject=str(origin.checkpoint.folder),
            hint="extend the vocabulary.model of the checkpoint",
        )


def write_grown(
    output: Path,
    origin: Origin,
    vocabulary: Vocabulary,
    plan: ExtensionPlan,
    frontend: Frontend,
    *,
    vocabulary_path: Path,
    seed: int,
    force: bool,
) -> None:
    """Write the checkpoint, or the run, with its rows grown, whole or not at all.

    Raises
    ------
    VocabularyError
        If the plan was made for another base or another result.
    ModelError
        If the tensors do not fit the checkpoint's vocabulary.
    """
    refuse_existing(output, force=force)
    placement = plan.place(origin.vocabulary, vocabulary)
    grown = _Grown(vocabulary, plan, placement, frontend, seed)
    with atomic_folder(output) as temporary:
        if origin.run is None:
            _write_checkpoint(temporary, origin.checkpoint, grown)
            return
        fresh = RunFolder(temporary)
        fresh.config.write_text(_configure(origin.run, vocabulary_path), encoding="utf-8")
        if origin.run.journal.is_file():
            shutil.copyfile(origin.run.journal, fresh.journal)
        step = fresh.checkpoints / origin.checkpoint.folder.name
        _write_checkpoint(step, origin.checkpoint, grown)


def _configure(run: RunFolder, vocabulary: Path) -> str:
    """Return the configuration of a run with another vocabulary."""
    try:
        document = cast("dict[str, Any]", read_json(run.config))
        document["config"]["paths"]["vocabulary"] = str(vocabulary.absolute())
        document["sources"]["paths.vocabulary"] = "vocab grow"
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            "the run's configuration cannot be read",
            subject=str(run.config),
            hint="grow one of its checkpoints instead, and fine-tune it with --base",
        ) from error
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class _Grown:
    """What a checkpoint grows to."""

    vocabulary: Vocabulary
    plan: ExtensionPlan
    placement: RowPlacement
    frontend: Frontend
    seed: int


def _write_checkpoint(folder: Path, origin: LoadedCheckpoint, to: _Grown) -> None:
    vocabulary, placement, seed = to.vocabulary, to.placement, to.seed
    manifest, spare = _grown_manifest(origin, to), SPARE_ROWS[origin.manifest.model_version]
    grown: dict[str, Mapping[str, Tensor]] = {}
    if AVERAGE_FILE in origin.manifest.files:
        grown[AVERAGE_FILE] = grow_text_rows(origin.read_tensors(AVERAGE_FILE), placement, spare=spare, seed=seed)
    if OPTIMIZER_FILE in origin.manifest.files:
        grown[OPTIMIZER_FILE] = grow_text_moments(origin.read_tensors(OPTIMIZER_FILE), placement, spare=spare)
    made = {WEIGHTS_FILE, *grown}
    files = {name: content for name, content in origin.read_others().items() if name not in made}
    if manifest.vocabulary is not None and manifest.text is not None:
        files[manifest.vocabulary.file] = vocabulary.model_bytes
        files[manifest.text.file] = canonical_json(to.frontend.state()).encode("utf-8")
    if _STATE_FILE in files:
        content = origin.read_json(_STATE_FILE)
        state = read_part(RunState.model_validate, content, place=_STATE_FILE, subject=str(origin.folder))
        files[_STATE_FILE] = state.model_copy(update={"best": None, "stale": 0}).model_dump_json().encode()
    tensors = grow_text_rows(origin.tensors, placement, spare=spare, seed=seed)
    write_checkpoint(
        folder,
        manifest=manifest,
        tensors=tensors,
        extra_files=files,
        extra_tensors=grown,
        beside=origin.beside,
        check=find_faults,
        force=True,
    )


def _growth_of(plan: ExtensionPlan) -> VocabularyGrowth:
    return VocabularyGrowth(base_size=plan.base.size, base_fingerprint=plan.base.fingerprint)


def _grown_manifest(origin: LoadedCheckpoint, to: _Grown) -> Manifest:
    """Return the manifest of what is grown; figures measured before it grew are left out."""
    manifest, vocabulary = origin.manifest, to.vocabulary
    config = read_part(read_voice_config, manifest.config, place="config", subject=str(origin.folder))
    config = config.model_copy(update={"number_text_tokens": vocabulary.size})
    identity = VocabularyIdentity(
        file=manifest.vocabulary.file if manifest.vocabulary else _VOCABULARY_FILE,
        fingerprint=vocabulary.fingerprint,
        size=vocabulary.size,
        units=vocabulary.units,
    )
    text_file = manifest.text.file if manifest.text else _TEXT_FILE
    return manifest.model_copy(
        update={
            "config": config.model_dump(mode="json"),
            "vocabulary": identity,
            "text": TextIdentity(file=text_file, hash=to.frontend.state_hash),
            "parent": manifest.files[WEIGHTS_FILE],
            # The first base's rows stay the first ones, however often it grows.
            "growth": manifest.growth or _growth_of(to.plan),
            "metrics": {},
            # The store is aligned again for the grown vocabulary.
            "training": {key: value for key, value in manifest.training.items() if key != "alignment"},
        }
    )

"""``amhctl train``: from a code store and a vocabulary to a voice; says which parts do not fit together."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codes.proof import require_proof
from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.config.load import load_run_config
from amhctl.config.schema import RunConfig
from amhctl.core.errors import ConfigError, FileExistsRefused, OptionError
from amhctl.core.findings import Finding
from amhctl.core.lock import LOCK_FILE, hold, is_occupied
from amhctl.core.outputs import require_output_folder, require_output_place
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.inference.catalog import bundled_voices, voice_path
from amhctl.model.flow_voice import MODEL_VERSION as FLOW_VERSION
from amhctl.model.soundness import read_voice
from amhctl.text.lexicon import Lexicon
from amhctl.text.lexicon_file import read_lexicons
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.course import train
from amhctl.training.devices import leads, refuse_launcher_settings
from amhctl.training.dry_run import DryRun, do_dry_run
from amhctl.training.fit import Fit
from amhctl.training.fitting import (
    fit_frontend,
    fit_level,
    fit_vocabulary,
)
from amhctl.training.forgetting import FORGOTTEN
from amhctl.training.inventory import Inventory
from amhctl.training.run import Outcome
from amhctl.training.state import RUN, Best, RunFolder
from amhctl.workflows.fit_durations import refit_durations
from amhctl.workflows.former_data import open_former
from amhctl.workflows.prepare_flow import prepare_flow
from amhctl.workflows.prepare_unified import prepare_unified
from amhctl.workflows.run_parts import PreparedRun, RunParts
from amhctl.workflows.run_settings import Settings, resume_settings
from amhctl.workflows.say_samples import choose_samples


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What ``amhctl train`` was asked."""

    preset: str | None = None
    project: Path | None = None
    data: Path | None = None
    vocabulary: Path | None = None
    codec: str | None = None
    base: Path | None = None
    run: Path | None = None
    resume: Path | None = None
    dry_run: bool = False
    force: bool = False
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    seed: int | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class TrainReport(Report):
    """Where the run ended, or what it would cost."""

    findings: tuple[Finding, ...]
    steps: int
    best: Best | None
    checkpoint: Path | None
    stopped_early: bool
    dry_run: DryRun | None
    inventory: Inventory

    def payload(self) -> dict[str, object]:
        """Return steps, best and checkpoint; after a dry run also what it measured."""
        values: dict[str, object] = {
            "steps": self.steps,
            "best": self.best.model_dump() if self.best else None,
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "parameters": self.inventory.payload(),
        }
        if self.dry_run:
            values["estimate"] = {
                "loss": self.dry_run.loss,
                "step_seconds": self.dry_run.step_seconds,
                "run_seconds": self.dry_run.run_seconds,
                "peak_bytes": self.dry_run.peak_bytes,
                "checkpoint_bytes": self.dry_run.checkpoint_bytes,
                "padding": round(self.dry_run.padding, 4),
                "memory": _payload_memory(self.dry_run.fit),
            }
        return values

    def lines(self) -> Iterable[str]:
        """Return the end of the run in two lines."""
        if self.dry_run:
            yield f"one step works: loss {self.dry_run.loss:.3f}, saved and loaded without a difference"
            yield (
                f"about {self.dry_run.step_seconds:.2f} s per step, {self.dry_run.run_seconds / 3600:.1f} h for "
                f"{self.steps} steps; {self.dry_run.peak_bytes / 2**30:.1f} GiB of memory, "
                f"{self.dry_run.checkpoint_bytes / 2**20:.0f} MiB per checkpoint"
            )
            yield (
                f"its largest step is estimated to need {self.dry_run.fit.need.describe()}; padding is "
                f"{self.dry_run.padding:.0%} of its frames"
            )
            return
        why = ", stopped early: no better validation" if self.stopped_early else ""
        if self.stopped_early and any(finding.code == FORGOTTEN for finding in self.findings):
            why = ", stopped early: the loss on the base's language rose too far"
        yield f"{self.steps} steps{why}"
        if self.best:
            match = self.best.text_match
            matches = "" if match is None else f", {match:.0%} of its sentences closest to their own recordings"
            loss = f"validation loss {self.best.loss:.4f}"
            yield f"best voice: {self.checkpoint} (step {self.best.step}, {loss}{matches})"


def run(request: TrainRequest, progress: Progress) -> TrainReport:
    """Train, fine-tune, resume or rehearse.

    Raises
    ------
    AmhctlError
        If the parts do not fit one another or the run cannot continue.
    InUseError
        If another process trains in the run folder.
    """
    refuse_launcher_settings()
    settings = _read_settings(request)
    folder = _choose_folder(request, settings.config)
    with ExitStack() as held:
        # One process of a run holds its folder for all of them; a dry run writes nothing there.
        if leads() and not request.dry_run:
            previous = held.enter_context(hold(folder.root / LOCK_FILE, what="the run"))
            if previous is not None:
                progress.say(f"{folder.root} was locked by {previous}, which has ended: the lock is taken over")
        _refuse_occupied(request, folder)
        prepared = _prepare(request, settings, folder, progress)
        for line in prepared.inventory.lines():
            progress.say(line)
        resume = request.resume is not None
        # Of several processes one speaks: the others leave the accelerator to it.
        device = request.device if leads() else "cpu"
        sampler = choose_samples(prepared.run, _chosen_codec(settings), settings.config.paths.data, device)
        whole = replace(prepared.run, say_samples=sampler)
        if request.dry_run:
            return _report(prepared, do_dry_run(whole, progress, device=request.device, resume=resume), None)
        outcome = train(whole, progress, device=request.device, resume=resume)
        if leads() and outcome.state.best is not None:
            _fit_durations(prepared, settings, progress)
        return _report(prepared, None, outcome)


def prepare(request: TrainRequest, progress: Progress) -> PreparedRun:
    """Return the run of a request, ready to begin; nothing is written, and its folder is not held.

    Raises
    ------
    AmhctlError
        If the parts do not fit one another.
    """
    settings = _read_settings(request)
    return _prepare(request, settings, _choose_folder(request, settings.config), progress)


def _fit_durations(prepared: PreparedRun, settings: Settings, progress: Progress) -> None:
    """Correct the durations of the best voice, where it is a whole FlowVoice; an adapter is one once it is merged."""
    run, store = prepared.run, settings.config.paths.data
    if settings.config.model.kind == "flow" and run.identity.kept == "voice" and store is not None:
        refit_durations(read_voice(run.folder.best), CodeStore.open(store), progress)


def _prepare(request: TrainRequest, settings: Settings, folder: RunFolder, progress: Progress) -> PreparedRun:
    """Build the parts of a run and see that they fit; what they were read from is not kept."""
    config = settings.config
    for line in settings.lines():
        progress.say(line)
    if config.training.needs_base and config.paths.base is None and not request.resume:
        raise _no_base(request)
    origin = _read_origin(request, config, folder)
    _require_kind(config, origin)
    store = CodeStore.open(_require_path(config.paths.data, "paths.data", "--data STORE"))
    require_proof(store, progress, shard=_local_shard())
    former = open_former(config, store, origin, progress, shard=_local_shard())
    vocabulary, vocabulary_bytes = _read_vocabulary(config, origin)
    frontend = fit_frontend(
        config.text,
        # A resumed run has the readings in its state; their files may be gone.
        Lexicon() if request.resume else read_lexicons(config.paths.lexicons),
        vocabulary,
        origin,
        settings.explicit,
        reading="base" if request.resume else config.training.reading,
    )
    fit_vocabulary(vocabulary, frontend, origin)
    parts = RunParts(
        settings=settings,
        folder=folder,
        store=store,
        former=former,
        vocabulary=vocabulary,
        vocabulary_bytes=vocabulary_bytes,
        frontend=frontend,
        level=fit_level(store.level, origin=origin, store=str(store.path)),
        origin=origin,
        resume=request.resume is not None,
        progress=progress,
    )
    return prepare_flow(parts) if config.model.kind == "flow" else prepare_unified(parts)


def _chosen_codec(settings: Settings) -> str | None:
    """Return the codec of a UnifiedVoice, or the vocoder of one that draws, if someone chose it."""
    name = "vocoder" if settings.config.model.kind == "flow" else "codec"
    return str(getattr(settings.config.paths, name)) if settings.explicit(f"paths.{name}") else None


def _no_base(request: TrainRequest) -> ConfigError:
    """Return the error of a run that is to fine-tune and has nothing to start from."""
    settings = f"the preset {request.preset}" if request.preset else "the configuration"
    return ConfigError(
        f"{settings} is for fine-tuning (training.needs_base), but there is no base",
        subject="paths.base",
        hint="import IndexTTS-2 with `amhctl ckpt import --format indextts2 gpt.pth --config config.yaml --bpe "
        "bpe.model -o BASE`, then pass --base BASE; or train from scratch with --preset cpu or flow-cpu",
    )


def _require_kind(config: RunConfig, origin: LoadedCheckpoint | None) -> None:
    """Refuse a base of another kind than the one that is to be trained."""
    if origin is None:
        return
    kind = "flow" if origin.manifest.model_version == FLOW_VERSION else "unified"
    if kind != config.model.kind:
        preset = "flow-cpu" if kind == "flow" else "cpu"
        raise ConfigError(
            f"the base checkpoint is a voice of kind {kind}, but the configuration requires kind {config.model.kind}",
            subject="model.kind",
            hint=f"use --preset {preset}, or another one for voices of kind {kind}",
        )


def _local_shard() -> Shard:
    """Return which of a machine's processes this is, and of how many, as launchers tell it: each checks a shard."""
    return Shard(int(os.environ.get("LOCAL_RANK", "0")) + 1, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def _read_settings(request: TrainRequest) -> Settings:
    if request.resume:
        _refuse_fixed(request)
        return resume_settings(RunFolder(request.resume), request.sets, data=_absolute(request.data))
    flags = {
        "seed": request.seed,
        "paths.data": _absolute(request.data),
        "paths.vocabulary": _absolute(request.vocabulary),
        "paths.codec": request.codec,
        "paths.base": _find_base(request.base),
        "paths.run": _absolute(request.run),
        "paths.lexicons": tuple(path.absolute() for path in request.lexicons),
    }
    resolved = load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags)
    return Settings(resolved.config, resolved.sources)


def _refuse_fixed(request: TrainRequest) -> None:
    """Refuse options of a run that is resumed which only a new one can have."""
    given = {
        "--preset": request.preset,
        "--vocab": request.vocabulary,
        "--codec": request.codec,
        "--base": request.base,
        "--output": request.run,
        "--lexicon": request.lexicons or None,
        "--seed": request.seed,
        "--config": request.project if request.project != Path() else None,
        "--force": request.force or None,
    }
    if refused := [flag for flag, value in given.items() if value is not None]:
        raise OptionError(
            f"a resumed run keeps its own values: {', '.join(refused)} cannot be given with --resume",
            subject=str(request.resume),
            hint="start a new run with --base RUN/best for other values",
        )


def _choose_folder(request: TrainRequest, config: RunConfig) -> RunFolder:
    if request.resume:
        return RunFolder(_require_path(_absolute(request.resume), "run", "--resume RUN"))
    if request.dry_run and config.paths.run is None:
        return RunFolder(Path("run"))
    folder = RunFolder(_require_path(config.paths.run, "paths.run", "-o RUN"))
    if request.dry_run:
        require_output_place(folder.root)
        return folder
    paths = config.paths
    given = (paths.base, paths.data, paths.vocabulary, paths.codec and Path(paths.codec))
    read = (*(path for path in given if path), *paths.lexicons)
    # Beginning again removes what a run has and leaves the rest where it is.
    require_output_folder(folder.root, replace(RUN, members=None), force=True, sources=read)
    return folder


def _refuse_occupied(request: TrainRequest, folder: RunFolder) -> None:
    """Refuse to begin a run where something lies already, other than the lock that a run of ours holds there."""
    if not (request.resume or request.force or request.dry_run) and is_occupied(folder.root):
        raise FileExistsRefused(
            "the run folder exists already",
            subject=str(folder.root),
            hint=f"resume it with --resume {folder.root}, or start again with --force",
        )


def _read_origin(request: TrainRequest, config: RunConfig, folder: RunFolder) -> LoadedCheckpoint | None:
    if request.resume:
        # The loop reads the weights when it continues; here only what the run is matters.
        return replace(folder.steps.newest_sound().checkpoint, tensors={})
    if config.paths.base is not None:
        return read_voice(config.paths.base)
    return None


def _read_vocabulary(config: RunConfig, origin: LoadedCheckpoint | None) -> tuple[Vocabulary, bytes]:
    path = config.paths.vocabulary
    if path is None and origin is not None and origin.manifest.vocabulary is not None:
        path = origin.folder / origin.manifest.vocabulary.file
    vocabulary = Vocabulary.read(_require_path(path, "paths.vocabulary", "--vocab V.model"))
    return vocabulary, vocabulary.model_bytes


def _payload_memory(fit: Fit) -> dict[str, object]:
    """Return the bytes a run needs, by what for, and those that there are."""
    need = fit.need
    return {
        "needed": need.total,
        "weights": need.weights,
        "gradients": need.gradients,
        "optimizer": need.optimizer,
        "average": need.average,
        "activations": need.activations,
        "copies": need.copies,
        "available": fit.available,
    }


def _report(prepared: PreparedRun, dry_run: DryRun | None, outcome: Outcome | None) -> TrainReport:
    met = dry_run.findings if dry_run else outcome.findings if outcome else ()
    return TrainReport(
        findings=(*prepared.findings, *met),
        steps=outcome.state.step if outcome else prepared.run.config.steps,
        best=outcome.state.best if outcome else None,
        checkpoint=prepared.run.folder.best if outcome and outcome.state.best else None,
        stopped_early=outcome.stopped_early if outcome else False,
        dry_run=dry_run,
        inventory=prepared.inventory,
    )


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def _find_base(base: Path | None) -> Path | None:
    """Return the folder of the voice to start from: a folder, or the name of a bundled voice."""
    bundled = base is not None and str(base) in bundled_voices() and not base.exists()
    return voice_path(str(base)) if bundled else _absolute(base)


def _require_path(path: Path | None, key: str, flag: str) -> Path:
    if path is None:
        raise ConfigError("the value is needed", subject=key, hint=f"pass {flag}, or set it in amhctl.toml")
    return path

"""Training of a codec, vocoder or recogniser. Knows no manifests: it is given a recipe, and a folder for its state.

Everything random in a step follows from the seed and the step's number, so that a resumed run repeats an uninterrupted
one. A run folder holds ``checkpoints/`` (resumable ones, of kind ``training``), ``journal.jsonl`` and, at the end,
``codec/``, ``vocoder/`` or ``recogniser/`` (a checkpoint of that kind): the weights that did best on the validation
clips in the last stage.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol

from amhctl.checkpoint.manifest import Licence
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.core.shortage import WayOut, explain_shortages
from amhctl.training.codec_recipe import CodecRecipe, S_co
from amhctl.training.codec_state import CodecState
from amhctl.training.codec_use import Collapse
from amhctl.training.interrupts import watch_interrupts
from amhctl.training.journal import rewind_journal
from amhctl.training.rescue import way_out_of


class Provenance(Protocol):
    """What the manifest says of the recordings: of ``CodecMaterial``, ``RecogniserMaterial``."""

    @property
    def licences(self) -> tuple[Licence, ...]:
        """Their licences."""
        ...

    @property
    def processing(self) -> tuple[str, ...]:
        """What was done to them before."""
        ...


@dataclass(frozen=True, slots=True)
class CodecRun(Generic[S_co]):
    """What a finished run left.

    Attributes
    ----------
    codec : Path
        Folder of what was trained.
    steps : int
        Steps of the run.
    best_step : int
        The step whose weights were kept.
    scores : Scores
        Of those weights, on all validation clips.
    collapsed : tuple[Collapse, ...]
        Codebooks that had collapsed at the end.
    findings : tuple[Finding, ...]
        What was found damaged where the run continued.
    kept : Literal["best", "last"]
        Why that step.
    """

    codec: Path
    steps: int
    best_step: int
    scores: S_co
    collapsed: tuple[Collapse, ...]
    findings: tuple[Finding, ...]
    kept: Literal["best", "last"] = "best"


def train_codec(
    recipe: CodecRecipe[S_co],
    provenance: Provenance,
    *,
    name: str,
    folder: Path,
    resume: bool,
    progress: Progress,
) -> CodecRun[S_co]:
    """Train a codec, vocoder or recogniser; return where it lies and how it does on the validation clips.

    Raises
    ------
    TrainingError
        If a gradient is not finite, there is nothing to resume, or a resumed run was started differently.
    CheckpointError
        If every state to resume is damaged.
    ShortageError
        If the machine runs out of memory or room on the disk.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, once the state is saved.
    """
    state = CodecState(recipe, folder, name=name, licences=provenance.licences, processing=provenance.processing)
    with explain_shortages(folder, lambda: _way_out(state)):
        findings: tuple[Finding, ...] = ()
        if resume:
            findings = state.resume()
        else:
            state.clear()
        folder.mkdir(parents=True, exist_ok=True)
        journal = folder / "journal.jsonl"
        # What was written after the state, or by another run, did not happen.
        findings += rewind_journal(journal, state.step)
        for finding in findings:
            progress.say(f"warning: {finding.subject}: {finding.message}; {finding.hint}")
        _take_steps(state, journal, progress)
        return _finish(state, findings)


def _way_out(state: CodecState[S_co]) -> WayOut:
    return way_out_of(
        state.steps,
        go_on="repeat the command with --resume",
        best=None,
        lighter="a smaller batch_size or shorter segment_seconds of the training",
    )


def _take_steps(state: CodecState[S_co], journal: Path, progress: Progress) -> None:
    recipe, plan = state.recipe, state.recipe.plan
    # The steps that are left, or the time that is left would count those done before as done now.
    progress.start(f"training the {plan.kind}", plan.steps - state.step, "step")
    average = math.nan
    with watch_interrupts() as stop_request:
        while state.step < plan.steps:
            result = recipe.advance(state.step)
            state.step += 1
            if result.codes_BSQ is not None:
                state.use.add(result.codes_BSQ)
            row: dict[str, object] = {"step": state.step, **result.values}
            due = state.step % plan.valid_every == 0 and recipe.stage(state.step - 1) > 0
            if due or state.step == plan.steps:
                row |= _validate(state, progress)
            with journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
            loss = result.values[plan.loss]
            average = loss if math.isnan(average) else 0.98 * average + 0.02 * loss
            progress.advance(note=f"{plan.loss} {average:.3f}")
            stop = stop_request.asked and state.step < plan.steps
            if stop or state.step % plan.save_every == 0:
                state.save()
            if stop:
                progress.say(f"saved at step {state.step}; continue with --resume")
                raise KeyboardInterrupt
    progress.finish()
    state.save()


def _validate(state: CodecState[S_co], progress: Progress) -> dict[str, object]:
    """Measure the network on some validation clips, keep it if it is the best, and look for collapsed codebooks."""
    recipe = state.recipe
    scores = recipe.measure(recipe.plan.valid_clips)
    best = state.best.offer(recipe, state.step, scores)
    progress.say(f"step {state.step}: {scores.describe(' (best)' if best else '')}")
    row = {**scores.entry(), "best": best}
    if not recipe.plan.codebooks:
        return row
    shares = state.use.close()
    collapsed = state.use.collapsed()
    if collapsed:
        progress.say(f"warning: {'; '.join(map(str, collapsed))}")
    return row | {
        "training_usage": shares,
        "collapsed": [{"codebook": item.codebook, "share": item.share} for item in collapsed],
    }


def _finish(state: CodecState[S_co], findings: tuple[Finding, ...]) -> CodecRun[S_co]:
    """Measure the best weights as they are stored, on every validation clip, and write them."""
    state.recipe.restore(state.best.tensors)
    scores = state.recipe.measure()
    codec = state.write_codec(scores.metrics())
    return CodecRun(codec, state.step, state.best.step, scores, state.use.collapsed(), findings, state.recipe.plan.keep)

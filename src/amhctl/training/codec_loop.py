"""Training of a codec of any architecture. Knows no manifests: it is given a recipe, and a folder to keep its state in.

Everything random in a step follows from the seed and the step's number, so that a resumed run repeats an uninterrupted
one. A run folder holds ``state/`` (a resumable checkpoint of kind ``training``), ``journal.jsonl`` and, at the end,
``codec/`` (a checkpoint of kind ``codec``): the weights that did best on the validation clips in the last stage.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.files import write_text_atomically
from amhctl.core.progress import Progress
from amhctl.training.codec_material import CodecMaterial
from amhctl.training.codec_recipe import CodecRecipe, CodecScores, measure
from amhctl.training.codec_state import CodecState
from amhctl.training.codec_use import Collapse
from amhctl.training.interrupts import watch_interrupts
from amhctl.training.journal import read_journal


@dataclass(frozen=True, slots=True)
class CodecRun:
    """What a finished run left.

    Attributes
    ----------
    codec : Path
        Folder of the codec.
    steps : int
        Steps of the run.
    best_step : int
        The step whose weights were kept.
    scores : CodecScores
        Of those weights, on all validation clips.
    collapsed : tuple[Collapse, ...]
        Codebooks that had collapsed at the end.
    """

    codec: Path
    steps: int
    best_step: int
    scores: CodecScores
    collapsed: tuple[Collapse, ...]


def train_codec(
    recipe: CodecRecipe, material: CodecMaterial, *, name: str, folder: Path, resume: bool, progress: Progress
) -> CodecRun:
    """Train a codec and return where it lies and how it does on the validation clips.

    Raises
    ------
    TrainingError
        If a gradient is not finite, or a resumed run was started differently.
    CheckpointError
        If the state to resume is damaged.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, once the state is saved.
    """
    state = CodecState(recipe, folder, name=name, licences=material.licences)
    if resume:
        state.resume()
    else:
        state.clear()
    folder.mkdir(parents=True, exist_ok=True)
    journal = _open_journal(folder, state.step)
    plan = recipe.plan
    progress.start("training the codec", plan.steps, "step")
    progress.advance(state.step)
    average = math.nan
    with watch_interrupts() as wish:
        while state.step < plan.steps:
            result = recipe.advance(state.step)
            state.step += 1
            if result.codes_BSQ is not None:
                state.use.add(result.codes_BSQ)
            row: dict[str, object] = {"step": state.step, **result.values}
            due = state.step % plan.valid_every == 0 and recipe.stage(state.step - 1) > 0
            if due or state.step == plan.steps:
                row |= _validate(state, material, progress)
            with journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
            mel = result.values["mel"]
            average = mel if math.isnan(average) else 0.98 * average + 0.02 * mel
            progress.advance(note=f"mel {average:.3f}")
            stop = wish.asked and state.step < plan.steps
            if stop or state.step % plan.save_every == 0:
                state.save()
            if stop:
                progress.say(f"saved at step {state.step}; continue with --resume")
                raise KeyboardInterrupt
    progress.finish()
    state.save()
    return _finish(state, material)


def _open_journal(folder: Path, step: int) -> Path:
    """Return the journal without what was written after the state, or by another run: that did not happen."""
    journal = folder / "journal.jsonl"
    kept = [row for row in read_journal(journal) if int(str(row["step"])) <= step]
    write_text_atomically(journal, "".join(json.dumps(row) + "\n" for row in kept))
    return journal


def _validate(state: CodecState, material: CodecMaterial, progress: Progress) -> dict[str, object]:
    """Measure the codec on some validation clips, keep it if it is the best, and look for collapsed codebooks."""
    recipe = state.recipe
    scores = measure(recipe, material.valid[: recipe.plan.valid_clips])
    best = state.best.offer(recipe, state.step, scores)
    shares = state.use.close()
    collapsed = state.use.collapsed()
    progress.say(
        f"step {state.step}: held-out mel distance {scores.mel_distance:.4f}{' (best)' if best else ''}, "
        f"{scores.describe_stoi()}, codes used {', '.join(f'{share:.0%}' for share in scores.usage)}"
    )
    if collapsed:
        progress.say(f"warning: {'; '.join(map(str, collapsed))}")
    return {
        "valid_mel": scores.mel_distance,
        "valid_stoi": scores.stoi,
        "usage": scores.usage,
        "best": best,
        "training_usage": shares,
        "collapsed": [{"codebook": item.codebook, "share": item.share} for item in collapsed],
    }


def _finish(state: CodecState, material: CodecMaterial) -> CodecRun:
    """Measure the best weights as they are stored, on every validation clip, and write them as a codec."""
    state.recipe.restore(state.best.tensors)
    scores = measure(state.recipe, material.valid)
    metrics: dict[str, object] = {
        "mel_distance": scores.mel_distance,
        "stoi": scores.stoi,
        "codebook_usage": list(scores.usage),
        "clips": len(material.valid),
    }
    codec = state.write_codec(metrics)
    return CodecRun(codec, state.step, state.best.step, scores, state.use.collapsed())

"""The course of a run, from its first step to its last: steps, validations and checkpoints, and what is told of them.

The order is one that a kill cannot disturb: what is saved last is a state from which the same steps follow.
"""

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch

from amhctl.core.files import write_text_atomically
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.shortage import explain_shortages
from amhctl.training.devices import connect_devices
from amhctl.training.extent import padding_of
from amhctl.training.feed import Group
from amhctl.training.forgetting import find_forgetting
from amhctl.training.interrupts import watch_interrupts
from amhctl.training.journal import Journal
from amhctl.training.loop import Loop
from amhctl.training.replay import own_part
from amhctl.training.run import Outcome, Run, run_way_out
from amhctl.training.state import RunFolder
from amhctl.training.voice_recipe import Batch, Means


def train(run: Run, progress: Progress, *, device: str, resume: bool) -> Outcome:
    """Train until the configured steps are done or patience is at its end.

    Raises
    ------
    TrainingError
        If the run diverges however often it goes back, the device is absent, or there is nothing to resume.
    ShortageError
        If the machine runs out of memory or room on the disk.
    CheckpointError
        If no checkpoint can be read, or they are of another run.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, once the state is saved.
    """
    with explain_shortages(run.folder.root, lambda: run_way_out(run.folder)):
        loop = Loop(run, connect_devices(device), run.folder.steps.newest_sound() if resume else None)
        shown = progress if loop.processes.leads else SilentProgress()
        if resume:
            shown.say(f"resumed at step {loop.state.step}")
        loop.processes.agree()
        if loop.processes.leads:
            if not resume:
                run.folder.clear()
            write_text_atomically(run.folder.config, run.document)
        _report_conditions(loop, shown)
        shown.start("training", max(0, run.config.steps - loop.state.step), "steps")
        try:
            with open_journal(run.folder, loop.state.step, silent=not loop.processes.leads) as journal:
                findings = (*loop.findings, *(journal.findings if journal else ()))
                for finding in findings:
                    shown.say(f"warning: {finding.subject}: {finding.message}; {finding.hint}")
                stopped_early = _take_steps(loop, journal, shown)
            loop.wait_for_writes()
        finally:
            loop.close()
            shown.finish()
        speaker_probe = loop.speaker_probe or loop.probe_speakers()
    deafness = run.recipe.find_collapsed_speakers(speaker_probe, own_part(run.train), run.identity.name)
    forgotten = find_forgetting(loop.memory, run.config.forgetting, run.identity.name)
    return Outcome(loop.state, stopped_early, (*findings, *deafness, *forgotten))


def _report_conditions(loop: Loop, progress: Progress) -> None:
    conditions = loop.conditions
    shards = ", each with a shard of the voice" if loop.parts.shards.parameters else ""
    progress.say(f"{loop.accelerator.device} · {conditions.precision} · processes: {conditions.processes}{shards}")
    if loop.run.config.sharding == "full" and conditions.processes == 1:
        progress.say("there is only one process, which holds the complete voice: training.sharding has no effect")
    plan = loop.plan(loop.state.epoch)
    progress.say(f"{len(plan)} micro-batches per epoch, {padding_of(plan, loop.lengths):.1%} of their frames padding")
    if idle := -conditions.batches_per_step % conditions.processes:
        progress.say(
            f"each step of this run has {conditions.batches_per_step} micro-batches: {idle} of the processes "
            f"{'waits' if idle == 1 else 'wait'} in the last round of each"
        )


def open_journal(folder: RunFolder, step: int, *, silent: bool) -> AbstractContextManager[Journal | None]:
    """Return the journal of a run, or nothing for a process that is not the one that writes."""
    return nullcontext() if silent else Journal(folder.journal, folder.tensorboard, step=step)


def _take_steps(loop: Loop, journal: Journal | None, progress: Progress) -> bool:
    """Take the steps that are left; return whether the run ended before its last one."""
    config = loop.run.config
    batches, groups = loop.load_batches(), loop.groups()
    with watch_interrupts() as stop_request:
        if loop.state.base_probe is None:
            loop.probe()
        while loop.state.step < config.steps and not _is_at_its_end(loop):
            loss = _take_step(loop, groups, batches, journal)
            _report_events(loop, journal, progress)
            step = loop.state.step
            if step == config.steps or step % config.valid_every == 0:
                _validate(loop, journal, progress)
            stop = loop.agree(stop_request.asked)
            if stop or step == config.steps or step % config.save_every == 0 or _is_at_its_end(loop):
                loop.save()
            progress.advance(1, f"loss {loss:.3f} {_describe_best(loop)}".rstrip())
            if stop:
                loop.wait_for_writes()
                progress.say(f"interrupted: saved at step {step}, go on with --resume {loop.run.folder.root}")
                raise KeyboardInterrupt
    return loop.state.step < config.steps


def _describe_best(loop: Loop) -> str:
    """Return how good the best voice is; in a later stage, which chooses its own, that there is none yet."""
    if loop.state.best is not None:
        return f"best {loop.state.best.summary()}"
    return "no best voice in this stage yet" if loop.stages.place_of(loop.state.step) > 0 else ""


def _take_step(loop: Loop, groups: Iterator[Group], batches: Iterator[Batch], journal: Journal | None) -> float:
    """Take one step and write it down; return its loss."""
    begun = time.perf_counter()
    group = next(groups)
    rate = loop.rate(loop.state.step + 1)
    losses, norm = loop.step(group, batches)
    seconds = round(time.perf_counter() - begun, 4)
    if journal and math.isfinite(losses.total) and math.isfinite(norm):
        figures = losses.journal() | {"norm": norm, "rate": rate, "seconds": seconds}
        journal.write("step", loop.state.step, figures)
    return losses.total


def _validate(loop: Loop, journal: Journal | None, progress: Progress) -> None:
    """Measure the averaged voice, write down how it does, and keep it where it is the best so far."""
    valid = loop.validate()
    loop.probe()
    matched = _match_texts(loop, valid, progress)
    # What forgot more than it may is no voice to keep.
    if not loop.must_stop_forgetting and loop.judge(valid, matched):
        loop.export(valid, matched)
        _say_samples(loop, progress)
    probed = _listen(loop, progress)
    if journal and math.isfinite(valid.decisive):
        beside = {"probe": loop.state.probe, "text_match": matched}
        known = {name: value for name, value in beside.items() if value is not None}
        journal.write("valid", loop.state.step, valid.valid_journal() | probed | known)
    _report_events(loop, journal, progress)


def _report_events(loop: Loop, journal: Journal | None, progress: Progress) -> None:
    """Write down what befell the run, and say it."""
    for event in loop.events:
        if journal:
            journal.tell(event)
        progress.say(f"step {event.step}: {event.why}")
    loop.events.clear()


def _say_samples(loop: Loop, progress: Progress) -> None:
    """Let the best voice speak, once it is written. No later step depends on it: each seeds its own chance."""
    say = loop.run.say_samples
    # Where they decide, they have been said already, to see whether this is the best voice.
    if say is None or loop.run.config.best_by != "loss":
        return
    loop.wait_for_writes()
    if loop.processes.leads:
        progress.say(f"step {loop.state.step}: {say(loop.run.folder.best, loop.state.step).line}")


def _match_texts(loop: Loop, valid: Means, progress: Progress) -> float | None:
    """Return the share of sentences that the averaged voice says like their recordings, where that decides.

    The leading process lets it speak, and tells the others.
    """
    say, step = loop.run.say_samples, loop.state.step
    if loop.run.config.best_by == "loss" or not math.isfinite(valid.decisive):
        return None
    if say is None:
        raise ValueError(f"best_by={loop.run.config.best_by} needs a function that synthesises the samples")
    loop.export_candidate(valid)
    share = torch.zeros((), dtype=torch.float64)
    if loop.processes.leads:
        said = say(loop.run.folder.candidate, step)
        shutil.rmtree(loop.run.folder.candidate, ignore_errors=True)
        progress.say(f"step {step}: {said.line}")
        share.fill_(said.text_match or 0.0)
    loop.processes.share([share])
    return float(share)


def _listen(loop: Loop, progress: Progress) -> dict[str, float | list[float]]:
    """Return the journal's values of how the voice hears its prompt; say so when it no longer does."""
    was_sound = loop.speaker_probe is None or not loop.speaker_probe.fault
    speaker_probe = loop.probe_speakers()
    if speaker_probe.fault and was_sound:
        progress.say(f"step {loop.state.step}: speaker collapse: {speaker_probe.fault}")
    values: dict[str, float | list[float]] = {"speaker_activation": speaker_probe.largest}
    return values if speaker_probe.spread is None else {"speaker_spread": speaker_probe.spread, **values}


def _is_at_its_end(loop: Loop) -> bool:
    """Return whether a run ends before its last step: its patience does, or it forgets what it must not."""
    impatient = 0 < loop.run.config.patience <= loop.state.stale and loop.stages.is_last(loop.state.step)
    return impatient or loop.must_stop_forgetting

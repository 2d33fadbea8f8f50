"""One run in motion: a voice, its average, its optimiser and its position, moved on step by step.

A run is a function of its configuration, seed and data: the batches, prompts, dropout and noise of step n depend on
n alone, so a run continued from a checkpoint equals an uninterrupted one, on a CPU bit for bit. Several processes
(``accelerate launch``) share the micro-batches of each step; the sums they add up are those of one process. How many
micro-batches a step has, and in which arithmetic, is settled when a run begins and stays so, wherever it continues.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor

from amhctl.batches.batching import plan_epoch
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.findings import Finding
from amhctl.model.speaker_probe import SpeakerProbe
from amhctl.training.assembly import assemble_parts, assemble_passes
from amhctl.training.checkpoints import SoundCheckpoint
from amhctl.training.choice import take_note
from amhctl.training.compilation import REFUSAL
from amhctl.training.feed import Group, Plan, Share, iterate_groups, shares_of
from amhctl.training.forgetting import Memory, judge_memory
from amhctl.training.guard import MOST_RETURNS, SLOWER, Judgement, judge_step, refuse
from amhctl.training.journal import Event, EventName
from amhctl.training.loader import load_batches
from amhctl.training.loss_scale import LossScale
from amhctl.training.optimizers import SCALE
from amhctl.training.processes import Processes
from amhctl.training.replay import own_part
from amhctl.training.resuming import resume
from amhctl.training.retreat import Retreat
from amhctl.training.run import Run, plan_of, settle_conditions
from amhctl.training.saving import Saver
from amhctl.training.schedule import Schedule
from amhctl.training.shards import clip_gradients
from amhctl.training.splitting import Splitting, gradients_of
from amhctl.training.stages import Stages
from amhctl.training.state import RunState
from amhctl.training.voice_recipe import Batch, Counts, Lengths, Means, Utterances


class Loop:
    """One run in motion: model, average, optimiser and position, moved on step by step.

    Parameters
    ----------
    run : Run
        What is fixed.
    accelerator : Accelerator
        Devices and processes.
    began : SoundCheckpoint | None
        The checkpoint to continue from; None for a new run.
    processes : Processes | None
        Those that share the work, where they are not simply the accelerator's.

    Raises
    ------
    CheckpointError
        If the checkpoint is of another run.
    TrainingError
        If the run is to have fewer steps than it has done.
    """

    def __init__(
        self,
        run: Run,
        accelerator: Accelerator,
        began: SoundCheckpoint | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.run = run
        self.accelerator = accelerator
        self.processes = Processes(accelerator) if processes is None else processes
        self.conditions = settle_conditions(run, accelerator.device, self.processes.count, began)
        self.schedule = Schedule.of(run.config)
        self.state = RunState()
        self.speaker_probe: SpeakerProbe | None = None
        # What chance or a mean of the data gave may differ in the last bit from one machine to another.
        self.processes.share((*run.model.parameters(), *run.model.buffers()))
        self.stages = Stages(run.model, run.config)
        self._stage: int | None = None
        self.parts = assemble_parts(run, accelerator.device, self.processes)
        self._passes = assemble_passes(run, self.parts, accelerator.device, self.conditions.precision)
        self._parameters = [parameter for parameter in run.model.parameters() if parameter.requires_grad]
        classifier = () if run.adversary is None else run.adversary.classifier.parameters()
        self._learning = [*self._parameters, *classifier]
        # Gradients of shards are exchanged as soon as they are there.
        self._exchanged = [each for each in self._learning if each not in self.parts.shards.parameters]
        self.processes.reserve(self._exchanged)
        self._train_lengths = Lengths.of(run.train)
        self._valid_lengths = Lengths.of(run.valid)
        self.findings: tuple[Finding, ...] = ()
        self.events: list[Event] = []
        """What befell the run and has not been written down yet."""
        if began is not None:
            self.state, self.findings = resume(run, self.parts, began)
        if self.conditions.precision == "fp16" and self.state.scale is None:
            self.state = self.state.model_copy(update={"scale": LossScale()})
        self._saver = Saver(run, self.parts, self.conditions, self.processes)
        self._splitting = Splitting(self.processes, self.parts, self._learning, self._save_what_there_is)
        if self.state.step > 0:
            self._enter(self.stages.place_of(self.state.step))
        self._retreat = Retreat(run.folder.steps, self.parts, self.state.step if began else None)

    @property
    def lengths(self) -> Lengths:
        """Of the training set."""
        return self._train_lengths

    def plan(self, epoch: int) -> Plan:
        """Return the micro-batches of a training epoch."""
        return plan_of(self.run, self._train_lengths, epoch)

    def groups(self) -> Iterator[Group]:
        """Yield the groups of the steps to come."""
        return iterate_groups(self.plan, self.state.position, self.conditions.batches_per_step)

    def load_batches(self) -> Iterator[Batch]:
        """Yield this process's micro-batches of the steps to come, prepared by ``workers`` processes."""
        keys = (
            [(group.epoch, index) for index in share.indices]
            for group in self.groups()
            for share in self.shares(group.batches)
        )
        pinned = self.accelerator.device.type == "cuda"
        collate, workers = self.run.recipe.collate, self.run.config.workers
        return load_batches(self.run.train, keys, collate, workers=workers, pinned=pinned)

    def step(self, group: Group, batches: Iterator[Batch]) -> tuple[Means, float]:
        """Take one optimiser step and return its losses and gradient norm; what is unusual becomes an event.

        A step that the guard refuses moves the run on to the next data and leaves the weights, or takes them back to
        the last good state. Where memory runs out, each micro-batch is computed in twice as many parts from then on.

        Raises
        ------
        TrainingError
            If the run diverges again and again, however often it goes back; all it has is saved. Also if torch cannot
            compile the voice.
        RuntimeError
            If a single utterance is more than the device can hold; all it has is saved.
        """
        number = self.state.step + 1
        self._begin_stage(number)
        losses, norm = self._compute_gradients(number, group, batches)
        judgement = self._judge_step(losses.total, norm)
        if judgement.verdict == "take":
            self._move_weights(number)
        self.parts.forget_gradients()
        after = group.after
        update = {"step": number, "epoch": after.epoch, "offset": after.offset, "watch": judgement.watch}
        self.state = self.state.model_copy(update=update)
        if judgement.verdict != "take":
            self._obey(judgement)
        return losses, norm

    def _compute_gradients(self, number: int, group: Group, batches: Iterator[Batch]) -> tuple[Means, float]:
        """Compute the gradients of a step, those of all processes; return its losses and their clipped norm."""
        shares = self.shares(group.batches)
        held = [next(batches) for _ in shares]
        counts = self.run.recipe.count(self._train_lengths, group.batches)
        with REFUSAL.explain():
            packed = self._in_parts(held, lambda: self._learn(held, shares, counts, number))
        self.processes.exchange(gradients_of(self._exchanged))
        if self.state.scale is not None:
            torch._foreach_mul_(gradients_of(self._learning), 1.0 / self._factor)
        norm = clip_gradients(self._parameters, self.run.config.clip_norm, self.parts.shards, self.processes)
        sums = self.processes.add(packed)
        *values, norm_value = torch.cat([sums, norm.reshape(1)]).tolist()
        return self.run.recipe.summarize(values, counts, self.run.config), norm_value

    def _move_weights(self, number: int) -> None:
        """Take the step that the gradients say, with everything that learns; the average follows."""
        for parameters in self.parts.optimizer.param_groups:
            parameters["lr"] = self.rate(number) * parameters[SCALE]
        self.parts.optimizer.step()
        if self.parts.adversary is not None:
            self.parts.adversary.step()
        self.parts.average.update(number)

    def _begin_stage(self, number: int) -> None:
        """Enter the stage of a step where it is another than that of the step before."""
        place = self.stages.place_of(number)
        if place == self._stage:
            return
        self._enter(place)
        if self.stages.configured:
            best = self.state.best if place > 0 else None
            chosen = (
                "" if best is None else f"; the best voice is chosen again (was {best.summary()}, step {best.step})"
            )
            self.events.append(Event(number, "stage", f"{self.stages.describe(place)}{chosen}"))
        if place > 0:
            # The voice to keep is one that has been through all stages.
            self.state = self.state.model_copy(update={"best": None, "stale": 0, "mark": None, "mark_match": None})

    def _enter(self, place: int) -> None:
        self._stage = place
        self.stages.enter(place)

    @property
    def _factor(self) -> float:
        """What the loss is multiplied by before the backward pass."""
        return 1.0 if self.state.scale is None else self.state.scale.factor

    def _judge_step(self, loss: float, norm: float) -> Judgement:
        scale, watch = self.state.scale, self.state.watch
        if scale is not None:
            self.state = self.state.model_copy(update={"scale": scale.after(finite=math.isfinite(norm))})
            # No fault of the weights: fp16 ends at 65504, and the next step is scaled by half as much.
            if math.isfinite(loss) and not math.isfinite(norm) and scale.factor > 1.0:
                return Judgement("skip", f"the gradient overflows in fp16, its loss scaled by {scale.factor:g}", watch)
        return judge_step(watch, self.run.config, loss=loss, norm=norm)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step: the schedule's, lowered as often as the run had to go back."""
        return self.schedule.rate(step) * self.state.watch.slowed

    @torch.no_grad()
    def validate(self) -> Means:
        """Return the losses of the averaged weights on the validation set: no dropout and nothing by chance."""
        return self._measure_all(self.run.valid, self._valid_lengths)

    @torch.no_grad()
    def probe(self) -> None:
        """Measure the averaged weights on speech of the base's language, where that is watched, and take note of it."""
        if self.run.probe is None:
            return
        loss = self._measure_all(self.run.probe, Lengths.of(self.run.probe)).decisive
        base = loss if self.state.base_probe is None else self.state.base_probe
        before, config = self.memory, self.run.config.forgetting
        self.state = self.state.model_copy(update={"base_probe": base, "probe": loss})
        why = judge_memory(Memory(base, loss), config)
        if why and not (before and judge_memory(before, config)):
            self._note("forgot", why)

    @property
    def memory(self) -> Memory | None:
        """What the voice still knows of the base's language, as of its last validation."""
        base, now = self.state.base_probe, self.state.probe
        return None if base is None or now is None else Memory(base, now)

    @property
    def must_stop_forgetting(self) -> bool:
        """Whether the voice forgot more than it may, and its run is to end then."""
        config, memory = self.run.config.forgetting, self.memory
        return config.action == "stop" and memory is not None and bool(judge_memory(memory, config))

    def _measure_all(self, dataset: Utterances, lengths: Lengths) -> Means:
        run, recipe = self.run, self.run.recipe
        limit = lengths.limit(run.config.batch_positions)
        frames = run.config.batch_frames
        plan = plan_epoch(lengths.frames, batch_frames=frames, seed=run.seed, epoch=0, positions=limit)
        counts = recipe.count(lengths, plan)
        packed: Tensor | float = 0.0
        for share in self.shares(plan):
            batch = recipe.collate([dataset.item(index, 0) for index in share.indices])
            packed = packed + self._in_parts([batch], partial(self._measure, batch, share, counts))
        return recipe.summarize(self.processes.add(cast(Tensor, packed)).tolist(), counts, run.config)

    def probe_speakers(self) -> SpeakerProbe:
        """Measure what the averaged voice makes of the speakers of the training set, and take note of it."""
        self.speaker_probe = self.run.recipe.probe_speakers(self.parts.average.model, own_part(self.run.train))
        return self.speaker_probe

    def judge(self, losses: Means, text_match: float | None = None) -> bool:
        """Take note of a validation, and of its text match where that decides; return whether it is the best so far.

        One that is not finite is of averaged weights that are at fault: the run goes back at once.
        """
        loss, state = losses.decisive, self.state
        if not math.isfinite(loss):
            why = f"the validation loss is not finite ({loss:.4g})"
            judgement = refuse(state.watch, why, at_once=True)
            self.state = state.model_copy(update={"watch": judgement.watch, "stale": state.stale + 1})
            self._obey(judgement)
            return False
        self.state, better = take_note(state, loss, text_match, min_improvement=self.run.config.min_improvement)
        return better

    def save(self) -> None:
        """Write a training checkpoint and drop the oldest ones, but never the one that the run would go back to."""
        state, config = self.state, self.run.config
        if state.watch.bad == 0 and state.step % config.save_every == 0:
            # Only where every run of this configuration saves: or one that was interrupted would go back elsewhere.
            self.state = state = state.model_copy(update={"good": state.step})
            self._retreat.forget_start()
        self._saver.save(state, retreat=self._retreat.resumed if state.good is None else state.good)

    def wait_for_writes(self) -> None:
        """Return when all that was saved is on the disk, for every process to read."""
        self._saver.wait()
        self.processes.agree()

    def close(self) -> None:
        """Let what is being written be finished, and write nothing more."""
        self._saver.close()

    def export(self, losses: Means, text_match: float | None = None) -> None:
        """Write the averaged weights as the best voice."""
        matched = {} if text_match is None else {"valid_text_match": text_match}
        self._saver.export(self.run.folder.best, self.state.step, losses.metrics() | matched)

    def export_candidate(self, losses: Means) -> None:
        """Write the averaged weights beside the best voice, to see whether they are better; return when they are."""
        self._saver.export(self.run.folder.candidate, self.state.step, losses.metrics())
        self.wait_for_writes()

    def agree(self, requested: bool) -> bool:
        """Return whether any process is asked to stop, so that all stop after the same step."""
        return self.processes.any_true(requested)

    def shares(self, batches: Plan) -> tuple[Share, ...]:
        """Return the micro-batches of this process."""
        return shares_of(batches, self.processes.index, self.processes.count)

    def _learn(self, held: list[Batch], shares: tuple[Share, ...], counts: Counts, step: int) -> Tensor:
        return self._passes.learn(held, shares, counts, step=step, parts=self.state.parts, factor=self._factor)

    def _measure(self, batch: Batch, share: Share, counts: Counts) -> Tensor:
        return self._passes.measure(batch, share, counts, parts=self.state.parts)

    def _in_parts(self, held: list[Batch], compute: Callable[[], Tensor]) -> Tensor:
        """Return what a computation gives, with micro-batches in so many parts that each device holds each of them.

        All processes compute in as many parts: where memory ends for one of them, all begin again.
        """
        largest = max(len(batch.ids) for batch in held)
        while True:
            result = self._splitting.compute(compute, parts=self.state.parts, largest=largest)
            if isinstance(result, Tensor):
                return result
            parts = 2 * self.state.parts
            self.state = self.state.model_copy(update={"parts": parts})
            why = f"too little memory ({result}): each micro-batch is computed in {parts} parts from now on"
            self._note("split", why)

    def _obey(self, judgement: Judgement) -> None:
        """Pass over a step that is not taken, go back, or give up."""
        if judgement.verdict == "skip":
            self._note("skipped", f"{judgement.why}: its data are skipped")
            return
        if judgement.verdict == "stop":
            self._save_what_there_is()
            raise TrainingError(
                f"the run diverges: {judgement.why} at step {self.state.step}, after {MOST_RETURNS} rollbacks",
                subject=str(self.run.folder.root),
                hint="start a new run with --base RUN/best, to keep the training so far, and with a lower "
                "training.learning_rate or training.precision=fp32",
            )
        self.wait_for_writes()
        where = self._retreat.go_back(self.state.good)
        why = f"{judgement.why}: back to {where}, with {SLOWER:g} times the learning rate"
        self._note("returned", why)

    def _save_what_there_is(self) -> None:
        """Save before giving up, where that is possible; the error that is raised then says what is saved.

        No process ends before: a launcher ends the others as soon as one does.
        """
        if self.state.step > 0:
            with suppress(OSError, MemoryError, RuntimeError, CheckpointError):
                self.save()
                self._saver.wait()
        self.processes.agree()

    def _note(self, name: EventName, why: str) -> None:
        self.events.append(Event(self.state.step, name, why))

"""The training loop of a voice: steps, validations, checkpoints, in an order that a kill cannot disturb.

A run is a function of its configuration, seed and data: the batches, prompts, dropout and noise of step n depend on
n alone, so a run continued from a checkpoint equals an uninterrupted one, on a CPU bit for bit. Several processes
(``accelerate launch``) share the micro-batches of each step; the sums they add up are those of one process. How many
micro-batches a step has, and in which arithmetic, is settled when a run begins and stays so, wherever it goes on.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.shortage import WayOut, explain_shortages, shortage_of
from amhctl.data.batching import plan_epoch
from amhctl.model.hearing import Hearing
from amhctl.model.soundness import read_voice
from amhctl.nn.recompute import set_recompute
from amhctl.training.adapters import RankAllocation
from amhctl.training.checkpoints import SoundCheckpoint
from amhctl.training.devices import connect_devices
from amhctl.training.ema import AveragedModel
from amhctl.training.export import Arithmetic, Conditions, VoiceIdentity, export_voice
from amhctl.training.extent import padding_of
from amhctl.training.feed import Group, Plan, Share, iterate_groups, shares_of
from amhctl.training.forgetting import Memory, find_forgetting, judge_memory
from amhctl.training.guard import MOST_RETURNS, SLOWER, Judgement, judge_step, refuse
from amhctl.training.interrupts import watch_interrupts
from amhctl.training.journal import Event, EventName, Journal
from amhctl.training.loss_scale import LossScale
from amhctl.training.microbatch import iterate_parts
from amhctl.training.network_tensors import kept_tensors
from amhctl.training.optimizers import SCALE, build_optimizer
from amhctl.training.precision import allow_tf32, resolve_precision
from amhctl.training.replay import own_part, plan_training_epoch
from amhctl.training.rescue import way_out_of
from amhctl.training.retreat import Retreat
from amhctl.training.schedule import Schedule
from amhctl.training.seeding import seed_batch
from amhctl.training.speaker_adversary import SpeakerAdversary
from amhctl.training.stages import Stages
from amhctl.training.state import Best, RunFolder, RunState, Trainable, copy_state, load_state
from amhctl.training.voice_recipe import Batch, Counts, Item, Lengths, Means, Utterances, VoiceRecipe
from amhctl.training.writer import Job, Writer

RULES = (
    Rule(
        "R009",
        Severity.WARNING,
        "best voice lost",
        "The best voice of a run that goes on is missing or damaged. The next validation chooses the best voice anew.",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Everything that is fixed when a run starts."""

    folder: RunFolder
    config: TrainingConfig
    seed: int
    recipe: VoiceRecipe
    """How a voice of its kind is trained."""
    model: nn.Module
    train: Utterances
    valid: Utterances
    identity: VoiceIdentity
    document: str
    """The JSON of ``config.json``."""
    ranks: RankAllocation | None = None
    """What distributes the ranks of AdaLoRA."""
    probe: Utterances | None = None
    """Speech of the base's language, by which it is seen what the voice forgets."""
    adversary: SpeakerAdversary | None = None
    """What sets speaker and emotion apart, where a stage is to."""
    say_samples: Callable[[Path, int], str] | None = None
    """Lets the voice in a folder, the best one since a step, say something; returns a line on how it went."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a run ended."""

    state: RunState
    stopped_early: bool
    findings: tuple[Finding, ...]
    """What was found damaged where the run went on, and what is wrong with the voice that was made."""


class _Items:
    """A dataset keyed by (epoch, index), so that one loader serves all epochs."""

    def __init__(self, dataset: Utterances) -> None:
        self.dataset = dataset

    def __getitem__(self, key: tuple[int, int]) -> Item:
        epoch, index = key
        return self.dataset.item(index, epoch)


def settle_conditions(run: Run, accelerator: Accelerator, began: SoundCheckpoint | None) -> Conditions:
    """Return how a run computes: as it began, or, for a new one, as its configuration and this machine say."""
    noted = began.checkpoint.manifest.training if began else {}
    precision, batches = noted.get("precision"), noted.get("batches_per_step")
    # The values of "auto" were settled then, and are not settled anew on another machine.
    wanted = run.config.precision if precision not in ("fp32", "bf16", "fp16") else cast(Arithmetic, precision)
    return Conditions(
        precision=resolve_precision(wanted, accelerator.device),
        # A checkpoint of an earlier version does not say how many; the processes are then taken to be as many as now.
        batches_per_step=batches
        if isinstance(batches, int) and batches > 0
        else run.config.accumulation * accelerator.num_processes,
        device=accelerator.device.type,
        processes=accelerator.num_processes,
    )


def plan_of(run: Run, lengths: Lengths, epoch: int) -> Plan:
    """Return the micro-batches of an epoch of a run's training set, whose lengths are given."""
    config = run.config
    return plan_training_epoch(
        run.train,
        lengths.frames,
        batch_frames=config.batch_frames,
        seed=run.seed,
        epoch=epoch,
        bucketing=config.bucketing,
    )


class Loop:
    """One run in motion: model, average, optimiser and position, moved on step by step.

    Parameters
    ----------
    run : Run
        What is fixed.
    accelerator : Accelerator
        Devices and processes.
    began : SoundCheckpoint | None
        The checkpoint to go on from; None for a new run.

    Raises
    ------
    CheckpointError
        If the checkpoint is of another run.
    TrainingError
        If the run is to have fewer steps than it has done.
    """

    def __init__(self, run: Run, accelerator: Accelerator, began: SoundCheckpoint | None = None) -> None:
        self.run = run
        self.accelerator = accelerator
        self.conditions = settle_conditions(run, accelerator, began)
        self.schedule = Schedule.of(run.config)
        self.state = RunState()
        self.hearing: Hearing | None = None
        model = run.model.to(accelerator.device)
        average = AveragedModel(model, run.config.ema_decay)
        optimizer = build_optimizer(model, run.config)
        if run.ranks is not None:
            run.ranks.attach(optimizer)
        self.parts = Trainable(model, average, optimizer, run.ranks, run.adversary)
        self.stages = Stages(model, run.config)
        self._stage: int | None = None
        precision = self.conditions.precision
        set_recompute(model, run.config.checkpointing)
        if run.config.tf32:
            allow_tf32(accelerator.device)
        classifier = None if run.adversary is None else run.adversary.classifier.to(accelerator.device)
        self._objective = accelerator.prepare_model(run.recipe.objective(model, run.config, precision, classifier))
        self._averaged_objective = run.recipe.objective(average.model, run.config, precision, classifier).eval()
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._train_lengths = Lengths.of(run.train)
        self._valid_lengths = Lengths.of(run.valid)
        self.findings: tuple[Finding, ...] = ()
        self.events: list[Event] = []
        """What befell the run and has not been written down yet."""
        if began is not None:
            self._go_on(began)
        if precision == "fp16" and self.state.scale is None:
            self.state = self.state.model_copy(update={"scale": LossScale()})
        self.writer = Writer(in_background=run.config.background_saves)
        if self.state.step > 0:
            self._enter(self.stages.place_of(self.state.step))
        self._retreat = Retreat(run.folder.steps, self.parts, self.state.step if began else None)

    def _go_on(self, began: SoundCheckpoint) -> None:
        """Take up the state of a checkpoint."""
        self.state = load_state(began.checkpoint, self.parts, self.run.identity)
        self.findings = began.findings
        if self.state.step > self.run.config.steps:
            raise TrainingError(
                f"the run has done {self.state.step} steps, more than the {self.run.config.steps} it is to have",
                subject=str(self.run.folder.root),
                hint=f"ask for more: --set training.steps={2 * self.state.step}",
            )
        if self.state.best is not None:
            try:
                read_voice(self.run.folder.best, kind=self.run.identity.kept)
            except (CheckpointError, OSError) as error:
                reason = error.message if isinstance(error, CheckpointError) else error.strerror or str(error)
                hint = "the next validation chooses the best voice anew"
                self.findings += (Finding("R009", Severity.WARNING, str(self.run.folder.best), reason, hint),)
                self.state = self.state.model_copy(update={"best": None, "stale": 0})

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
        loader: DataLoader[Item] = DataLoader(
            _Items(self.run.train),  # type: ignore[arg-type]
            batch_sampler=keys,
            collate_fn=self.run.recipe.collate,
            num_workers=self.run.config.workers,
            pin_memory=self.accelerator.device.type == "cuda",
            generator=torch.Generator(),
        )
        # What the loader yields is what collate returns, not what its type argument says.
        return cast(Iterator[Batch], iter(loader))

    def step(self, group: Group, batches: Iterator[Batch]) -> tuple[Means, float]:
        """Take one optimiser step and return its losses and gradient norm; what is unusual becomes an event.

        A step that the guard refuses moves the run on to the next data and leaves the weights, or takes them back to
        the last good state. Where memory runs out, each micro-batch is computed in twice as many parts from then on.

        Raises
        ------
        TrainingError
            If the run diverges again and again, however often it goes back; all it has is saved.
        RuntimeError
            If a single utterance is more than the device can hold; all it has is saved.
        """
        number = self.state.step + 1
        self._begin_stage(number)
        shares = self.shares(group.batches)
        held = [next(batches) for _ in shares]
        counts = self.run.recipe.count(self._train_lengths, group.batches)
        packed = self._in_parts(held, lambda: self._accumulate_all(held, shares, counts, number))
        self.stages.drop_gradients(self.stages.place_of(number))
        if self.state.scale is not None:
            adversary = [] if self.parts.adversary is None else self.parts.adversary.parameters
            every = [each.grad for each in (*self._parameters, *adversary) if each.grad is not None]
            torch._foreach_mul_(every, 1.0 / self._factor)
        norm = self.accelerator.clip_grad_norm_(self._parameters, self.run.config.clip_norm)
        sums = self.accelerator.reduce(packed, "sum")
        *values, norm_value = torch.cat([sums, norm.reshape(1)]).tolist()
        losses = self.run.recipe.summarize(values, counts, self.run.config)
        judgement = self._judge_step(losses.total, norm_value)
        if judgement.verdict == "take":
            for parameters in self.parts.optimizer.param_groups:
                parameters["lr"] = self.rate(number) * parameters[SCALE]
            self.parts.optimizer.step()
            if self.parts.adversary is not None:
                self.parts.adversary.step()
            self.parts.average.update(number)
        self.parts.forget_gradients()
        after = group.after
        update = {"step": number, "epoch": after.epoch, "offset": after.offset, "watch": judgement.watch}
        self.state = self.state.model_copy(update=update)
        if judgement.verdict != "take":
            self._obey(judgement)
        return losses, norm_value

    def _begin_stage(self, number: int) -> None:
        """Enter the stage of a step where it is another than that of the step before."""
        place = self.stages.place_of(number)
        if place == self._stage:
            return
        self._enter(place)
        if self.stages.configured:
            self.events.append(Event(number, "stage", self.stages.describe(place)))
        if place > 0:
            # The voice to keep is one that has been through all stages.
            self.state = self.state.model_copy(update={"best": None, "stale": 0, "mark": None})

    def _enter(self, place: int) -> None:
        self._stage = place
        self.stages.enter(place, alone=self.accelerator.num_processes == 1)

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
        plan = plan_epoch(lengths.frames, batch_frames=run.config.batch_frames, seed=run.seed, epoch=0)
        counts = recipe.count(lengths, plan)
        packed: Tensor | float = 0.0
        for share in self.shares(plan):
            batch = recipe.collate([dataset.item(index, 0) for index in share.indices])
            packed = packed + self._in_parts([batch], partial(self._measure, batch, share, counts))
        return recipe.summarize(self.accelerator.reduce(packed, "sum").tolist(), counts, run.config)

    def hear(self) -> Hearing:
        """Measure what the averaged voice makes of the speakers of the training set, and take note of it."""
        self.hearing = self.run.recipe.hear(self.parts.average.model, own_part(self.run.train))
        return self.hearing

    def judge(self, losses: Means) -> bool:
        """Take note of a validation; return whether it is the best so far.

        One that is not finite is of averaged weights that are at fault: the run goes back at once.
        """
        loss, state = losses.decisive, self.state
        if not math.isfinite(loss):
            why = f"the validation loss is not finite ({loss:.4g})"
            judgement = refuse(state.watch, why, at_once=True)
            self.state = state.model_copy(update={"watch": judgement.watch, "stale": state.stale + 1})
            self._obey(judgement)
            return False
        # A run of an earlier version does not say from where its patience counts: from its best, as it did then.
        mark = state.best.loss if state.mark is None and state.best is not None else state.mark
        better = state.best is None or loss < state.best.loss
        fell = mark is None or loss < mark - self.run.config.min_improvement
        update: dict[str, object] = {"stale": 0, "mark": loss} if fell else {"stale": state.stale + 1, "mark": mark}
        if better:
            update["best"] = Best(step=state.step, loss=loss)
        self.state = state.model_copy(update=update)
        return better

    def save(self) -> None:
        """Write a training checkpoint and drop the oldest ones, but never the one that the run would go back to."""
        state, config = self.state, self.run.config
        if state.watch.bad == 0 and state.step % config.save_every == 0:
            # Only where every run of this configuration saves: or one that was interrupted would go back elsewhere.
            self.state = state = state.model_copy(update={"good": state.step})
            self._retreat.forget_start()
        if self.accelerator.is_main_process:
            self.writer.submit(self._copy_checkpoint)

    def _copy_checkpoint(self) -> Job:
        """Return what writes a training checkpoint of now and drops the oldest ones."""
        state, steps, config = self.state, self.run.folder.steps, self.run.config
        write = copy_state(steps.place(state.step), self.parts, state, self.run.identity, self.conditions)
        retreat = self._retreat.resumed if state.good is None else state.good

        def write_and_prune() -> None:
            write()
            best = None if state.best is None else state.best.step
            steps.prune(config.keep_checkpoints, newest=state.step, best=best, retreat=retreat)

        return write_and_prune

    def wait_for_writes(self) -> None:
        """Return when all that was saved lies on the disk, for every process to read."""
        self.writer.wait()
        self.accelerator.wait_for_everyone()

    def export(self, losses: Means) -> None:
        """Write the averaged weights as the best voice."""
        if self.accelerator.is_main_process:
            self.writer.submit(partial(self._copy_voice, losses))

    def _copy_voice(self, losses: Means) -> Job:
        identity = self.run.identity
        tensors = kept_tensors(self.parts.average.model, identity.adapter, whole_voice=identity.kept == "voice")
        copied = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        folder, conditions, step = self.run.folder.best, self.conditions, self.state.step

        def write() -> None:
            export_voice(folder, identity, copied, step=step, metrics=losses.metrics(), conditions=conditions)

        return write

    def agree(self, wish: bool) -> bool:
        """Return whether any process wishes to stop, so that all stop after the same step."""
        if self.accelerator.num_processes == 1:
            return wish
        wishes = torch.tensor(float(wish), device=self.accelerator.device)
        return bool(self.accelerator.reduce(wishes, "sum").item() > 0)

    def shares(self, batches: Plan) -> tuple[Share, ...]:
        """Return the micro-batches of this process."""
        return shares_of(batches, self.accelerator.process_index, self.accelerator.num_processes)

    def _accumulate_all(self, held: list[Batch], shares: tuple[Share, ...], counts: Counts, step: int) -> Tensor:
        """Add up the gradients of this process's micro-batches; return the packed sums of their losses."""
        self._objective.train()
        packed: Tensor | float = 0.0
        for index, (batch, share) in enumerate(zip(held, shares, strict=True)):
            packed = packed + self._accumulate(batch, share, counts, step, last=index + 1 == len(shares))
        return cast(Tensor, packed)

    def _accumulate(self, batch: Batch, share: Share, counts: Counts, step: int, *, last: bool) -> Tensor:
        run = self.run
        batch = batch.to(self.accelerator.device)
        inputs = run.recipe.inputs(batch, counts, run.config, seed=run.seed, step=step, place=share.place)
        seed_batch(run.seed, step, share.place)
        parts = tuple(iterate_parts(batch, inputs, self.state.parts))
        summed: Tensor | float = 0.0
        for index, (part, behind) in enumerate(parts):
            # Processes exchange their gradients once, behind the last part of the last micro-batch.
            silent = not last or index + 1 < len(parts)
            with self.accelerator.no_sync(self._objective) if silent else nullcontext():
                loss, packed = self._objective(part, *behind)
                # Gradients of processes are averaged, the loss is a share of a sum: hence the number of processes.
                factor = float(share.counted) * self.accelerator.num_processes * self._factor
                self.accelerator.backward(loss * factor)
            summed = summed + packed * float(share.counted)
        return cast(Tensor, summed)

    def _measure(self, batch: Batch, share: Share, counts: Counts) -> Tensor:
        """Return the packed sums of the averaged voice's losses on a micro-batch of the validation set."""
        batch = batch.to(self.accelerator.device)
        inputs = self.run.recipe.valid_inputs(batch, counts, seed=self.run.seed, place=share.place)
        parts = iterate_parts(batch, inputs, self.state.parts)
        sums = sum(self._averaged_objective(part, *behind)[1] for part, behind in parts)
        return cast(Tensor, sums) * float(share.counted)

    def _in_parts(self, held: list[Batch], compute: Callable[[], Tensor]) -> Tensor:
        """Return what a computation gives, with micro-batches in so many parts that the device holds each of them."""
        while True:
            try:
                return compute()
            except (RuntimeError, MemoryError) as error:
                self.parts.forget_gradients()
                most = max(len(batch.ids) for batch in held)
                # Processes wait for one another in the middle of it: one of several cannot begin anew alone.
                alone = self.accelerator.num_processes == 1
                if shortage_of(error) != "memory" or not alone or self.state.parts >= most:
                    if alone:
                        self._save_what_there_is()
                    raise
                why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            # Outside of the handler, whose error holds what the computation had made.
            if self.accelerator.device.type == "cuda":
                torch.cuda.empty_cache()
            parts = 2 * self.state.parts
            self.state = self.state.model_copy(update={"parts": parts})
            self._note("split", f"too little memory ({why}): each micro-batch is computed in {parts} parts from now on")

    def _obey(self, judgement: Judgement) -> None:
        """Pass over a step that is not taken, go back, or give up."""
        if judgement.verdict == "skip":
            self._note("skipped", f"{judgement.why}: its data are passed over")
            return
        if judgement.verdict == "stop":
            self._save_what_there_is()
            raise TrainingError(
                f"the run diverges: {judgement.why} at step {self.state.step}, after it went back {MOST_RETURNS} times",
                subject=str(self.run.folder.root),
                hint="begin anew, with --base RUN/best to keep what was learnt, and a lower training.learning_rate, or "
                "with training.precision=fp32",
            )
        self.wait_for_writes()
        where = self._retreat.go_back(self.state.good)
        why = f"{judgement.why}: back to {where}, the rate {SLOWER:g} times what it was; the data go on"
        self._note("returned", why)

    def _save_what_there_is(self) -> None:
        """Save before giving up, where that is possible; the error that is raised then says what is saved."""
        if self.state.step > 0:
            with suppress(OSError, MemoryError, RuntimeError, CheckpointError):
                self.save()
                self.writer.wait()

    def _note(self, name: EventName, why: str) -> None:
        self.events.append(Event(self.state.step, name, why))


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
        accelerator = connect_devices(device)
        loop = Loop(run, accelerator, run.folder.steps.newest_sound() if resume else None)
        shown = progress if accelerator.is_main_process else SilentProgress()
        if resume:
            shown.say(f"resumed at step {loop.state.step}")
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            if not resume:
                run.folder.clear()
            write_text_atomically(run.folder.config, run.document)
        _tell_conditions(loop, shown)
        shown.start("training", max(0, run.config.steps - loop.state.step), "steps")
        try:
            with open_journal(run.folder, loop.state.step, silent=not accelerator.is_main_process) as journal:
                findings = (*loop.findings, *(journal.findings if journal else ()))
                for finding in findings:
                    shown.say(f"warning: {finding.subject}: {finding.message}; {finding.hint}")
                stopped_early = _take_steps(loop, journal, shown)
            loop.wait_for_writes()
        finally:
            loop.writer.close()
            shown.finish()
        hearing = loop.hearing or loop.hear()
    deafness = run.recipe.find_deafness(hearing, own_part(run.train), run.identity.name)
    forgotten = find_forgetting(loop.memory, run.config.forgetting, run.identity.name)
    return Outcome(loop.state, stopped_early, (*findings, *deafness, *forgotten))


def run_way_out(folder: RunFolder) -> WayOut:
    """Return what a voice's run has saved and how it goes on."""
    return way_out_of(
        folder.steps,
        go_on=f"`amhctl train --resume {folder.root}`",
        best=folder.best,
        lighter="fewer training.batch_frames and as many times more training.accumulation",
    )


def _tell_conditions(loop: Loop, progress: Progress) -> None:
    conditions = loop.conditions
    progress.say(f"{loop.accelerator.device} · {conditions.precision} · processes: {conditions.processes}")
    plan = loop.plan(loop.state.epoch)
    progress.say(f"{len(plan)} micro-batches an epoch, {padding_of(plan, loop.lengths):.1%} of their frames padding")
    if idle := -conditions.batches_per_step % conditions.processes:
        progress.say(
            f"a step of this run has {conditions.batches_per_step} micro-batches: {idle} of the processes "
            f"wait{'s' if idle == 1 else ''} in the last round of each"
        )


def open_journal(folder: RunFolder, step: int, *, silent: bool) -> AbstractContextManager[Journal | None]:
    """Return the journal of a run, or nothing for a process that is not the one that writes."""
    return nullcontext() if silent else Journal(folder.journal, folder.tensorboard, step=step)


def _take_steps(loop: Loop, journal: Journal | None, progress: Progress) -> bool:
    config = loop.run.config
    batches = loop.load_batches()
    groups = loop.groups()
    best = f"best {loop.state.best.loss:.3f}" if loop.state.best else ""
    with watch_interrupts() as wish:
        if loop.state.base_probe is None:
            loop.probe()
        while loop.state.step < config.steps and not _is_at_its_end(loop):
            begun = time.perf_counter()
            group = next(groups)
            rate = loop.rate(loop.state.step + 1)
            losses, norm = loop.step(group, batches)
            step = loop.state.step
            seconds = round(time.perf_counter() - begun, 4)
            if journal and math.isfinite(losses.total) and math.isfinite(norm):
                journal.write("step", step, losses.journal() | {"norm": norm, "rate": rate, "seconds": seconds})
            _tell_events(loop, journal, progress)
            last = step == config.steps
            if last or step % config.valid_every == 0:
                valid = loop.validate()
                loop.probe()
                # What forgot more than it may is no voice to keep.
                if not loop.must_stop_forgetting and loop.judge(valid):
                    loop.export(valid)
                    _say_samples(loop, progress)
                heard = _listen(loop, progress)
                if journal and math.isfinite(valid.decisive):
                    probed = {} if loop.state.probe is None else {"probe": loop.state.probe}
                    journal.write("valid", step, valid.valid_journal() | heard | probed)
                _tell_events(loop, journal, progress)
                best = f"best {loop.state.best.loss:.3f}" if loop.state.best else ""
            stop = loop.agree(wish.asked)
            if last or stop or step % config.save_every == 0 or _is_at_its_end(loop):
                loop.save()
            progress.advance(1, f"loss {losses.total:.3f} {best}".rstrip())
            if stop:
                loop.wait_for_writes()
                progress.say(f"interrupted: saved at step {step}, go on with --resume {loop.run.folder.root}")
                raise KeyboardInterrupt
    return loop.state.step < config.steps


def _tell_events(loop: Loop, journal: Journal | None, progress: Progress) -> None:
    """Write down what befell the run, and say it."""
    for event in loop.events:
        if journal:
            journal.tell(event)
        progress.say(f"step {event.step}: {event.why}")
    loop.events.clear()


def _say_samples(loop: Loop, progress: Progress) -> None:
    """Let the best voice speak, once it is written. No later step depends on it: each seeds its own chance."""
    say = loop.run.say_samples
    if say is None:
        return
    loop.wait_for_writes()
    if loop.accelerator.is_main_process:
        progress.say(f"step {loop.state.step}: {say(loop.run.folder.best, loop.state.step)}")


def _listen(loop: Loop, progress: Progress) -> dict[str, float | list[float]]:
    """Return the journal's values of how the voice hears its prompt; say so when it no longer does."""
    heard_before = loop.hearing is None or not loop.hearing.fault
    hearing = loop.hear()
    if hearing.fault and heard_before:
        progress.say(f"step {loop.state.step}: the voice does not hear whom it speaks as: {hearing.fault}")
    told: dict[str, float | list[float]] = {"speaker_activation": hearing.largest}
    return told if hearing.spread is None else {"speaker_spread": hearing.spread, **told}


def _is_at_its_end(loop: Loop) -> bool:
    """Return whether a run ends before its last step: its patience does, or it forgets what it must not."""
    impatient = 0 < loop.run.config.patience <= loop.state.stale and loop.stages.is_last(loop.state.step)
    return impatient or loop.must_stop_forgetting

"""One way of training, timed: the very steps of the loop, on real batches, until so many frames are learnt from."""

import time
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from amhctl.training.devices import connect_devices
from amhctl.training.loop import Loop
from amhctl.training.run import Run


@dataclass(frozen=True, slots=True)
class VariantTiming:
    """What a number of steps took.

    Attributes
    ----------
    steps : int
        Optimiser steps that were timed.
    frames : int
        Frames they learnt from, padding not counted.
    padded : int
        The same, padding counted.
    seconds, processor : float
        By the clock, and of processors over all threads.
    loss, total : float
        On the validation set, after them: the loss by which voices are compared, and the one that is minimised.
    trainable : int
        Parameters that learn.
    warmup : float
        Seconds by the clock of the steps before, in which what is compiled is compiled.
    before : tuple[float, float] | None
        Both losses before any step, if they were wanted.
    """

    steps: int
    frames: int
    padded: int
    seconds: float
    processor: float
    loss: float
    total: float
    trainable: int
    warmup: float = 0.0
    before: tuple[float, float] | None = None


def time_variant(
    run: Run, *, frames: int, device: str, eager: bool = False, warmup: int = 2, before: bool = False
) -> VariantTiming:
    """Train for some frames and return what it took.

    Parameters
    ----------
    run : Run
        What to train; nothing is written.
    frames : int
        Fewest frames to learn from.
    device : str
        Where to compute.
    eager : bool
        Whether attention is computed step by step rather than by a fused kernel.
    warmup : int
        Steps before, which are not counted: first ones allocate, and may compile.
    before : bool
        Whether to measure the losses before any step as well.
    """
    with sdpa_kernel(SDPBackend.MATH) if eager else nullcontext():
        loop = Loop(run, connect_devices(device))
        groups, batches = loop.groups(), loop.load_batches()
        began = loop.validate() if before else None
        begun = time.perf_counter()
        for _ in range(warmup):
            loop.step(next(groups), batches)
        lengths = run.train.lengths
        steps = real = padded = 0
        _wait(loop.accelerator.device)
        warming = time.perf_counter() - begun
        begun, used = time.perf_counter(), time.process_time()
        while real < frames:
            group = next(groups)
            loop.step(group, batches)
            steps += 1
            real += sum(lengths[index] for batch in group.batches for index in batch)
            padded += sum(len(batch) * max(lengths[index] for index in batch) for batch in group.batches)
        _wait(loop.accelerator.device)
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
        reached = loop.validate()
        return VariantTiming(
            steps=steps,
            frames=real,
            padded=padded,
            seconds=seconds,
            processor=processor,
            loss=reached.decisive,
            total=reached.total,
            trainable=sum(each.numel() for each in run.model.parameters() if each.requires_grad),
            warmup=warming,
            before=None if began is None else (began.decisive, began.total),
        )


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)

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
    loss : float
        The loss on the validation set by which voices are compared, behind them.
    trainable : int
        Parameters that learn.
    """

    steps: int
    frames: int
    padded: int
    seconds: float
    processor: float
    loss: float
    trainable: int


def time_variant(run: Run, *, frames: int, device: str, eager: bool = False, warmup: int = 2) -> VariantTiming:
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
        Steps before, which are not timed: first ones allocate, and may compile.
    """
    with sdpa_kernel(SDPBackend.MATH) if eager else nullcontext():
        loop = Loop(run, connect_devices(device))
        groups, batches = loop.groups(), loop.load_batches()
        for _ in range(warmup):
            loop.step(next(groups), batches)
        lengths = run.train.lengths
        steps = real = padded = 0
        _wait(loop.accelerator.device)
        begun, used = time.perf_counter(), time.process_time()
        while real < frames:
            group = next(groups)
            loop.step(group, batches)
            steps += 1
            real += sum(lengths[index] for batch in group.batches for index in batch)
            padded += sum(len(batch) * max(lengths[index] for index in batch) for batch in group.batches)
        _wait(loop.accelerator.device)
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
        return VariantTiming(
            steps=steps,
            frames=real,
            padded=padded,
            seconds=seconds,
            processor=processor,
            loss=loop.validate().decisive,
            trainable=sum(each.numel() for each in run.model.parameters() if each.requires_grad),
        )


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)

"""Whether a run fits its device, and with which settings it would: asked before it takes any memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import ShortageError
from amhctl.core.memory import available_memory, resident_memory
from amhctl.training.memory import Need
from amhctl.training.voice_recipe import BatchSize

Estimate = Callable[[TrainingConfig, BatchSize], Need]
"""What a run of a configuration needs, whose heaviest micro-batch has a size."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a run needs and what its device has, in bytes; None where the device does not say."""

    need: Need
    available: int | None

    @property
    def ok(self) -> bool:
        """Whether the run fits."""
        return self.available is None or self.need.total <= self.available


def memory_of(device: torch.device) -> int | None:
    """Return the bytes a run may have on a device: what is free, and of a CPU what this process holds already."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    free = available_memory()
    return None if free is None else free + resident_memory()


def require_fit(
    config: TrainingConfig, size: BatchSize, estimate: Estimate, *, available: int | None, subject: str
) -> Fit:
    """Return how a run fits its device.

    Raises
    ------
    ShortageError
        If it does not, with settings that would.
    """
    fit = Fit(estimate(config, size), available)
    if available is None or fit.ok:
        return fit
    has = f"{available / 2**30:.2f} GiB"
    raise ShortageError(
        f"the run needs {fit.need.describe()}, but the {fit.need.device} device has only {has} free",
        subject=subject,
        hint=_hint(config, size, estimate, available),
    )


def _hint(config: TrainingConfig, size: BatchSize, estimate: Estimate, available: int) -> str:
    """Return the settings nearest to the configuration's that fit; the batch of a step stays what it is."""
    tried, sets = config, []
    if not config.checkpointing:
        tried = tried.model_copy(update={"checkpointing": True})
        sets.append("--set training.checkpointing=true")
    if config.sharding == "none" and config.adapter.method != "adalora" and not config.compile:
        cut = tried.model_copy(update={"sharding": "full"})
        # Of use to several processes only.
        if available < estimate(tried, size).total > estimate(cut, size).total:
            tried = cut
            sets.append("--set training.sharding=full")
    while True:
        need = estimate(tried, size)
        if need.total <= available:
            changed = ("batch_frames", "batch_positions", "accumulation")
            sets += [
                f"--set training.{name}={getattr(tried, name)}"
                for name in changed
                if getattr(tried, name) != getattr(config, name)
            ]
            return f"it fits with {' '.join(sets)}"
        if size.items == 1:
            return (
                f"even one utterance at a time takes {need.total / 2**30:.2f} GiB: train fewer parameters "
                "(training.adapter.method=lora, training.freeze), use a smaller model, or a device with more memory"
            )
        size = replace(size, items=max(1, size.items // 2))
        update = {
            "batch_frames": max(1, tried.batch_frames // 2),
            # 0 is no bound, and stays none.
            "batch_positions": min(tried.batch_positions, max(1, tried.batch_positions // 2)),
            "accumulation": tried.accumulation * 2,
        }
        tried = tried.model_copy(update=update)

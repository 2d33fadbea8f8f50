"""What can go wrong in a run, brought about: arithmetic that fails, memory that ends, files that are damaged."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from amhctl.training.objective import Objective
from amhctl.training.passes import Passes


def poison(monkeypatch: pytest.MonkeyPatch, *steps: int, value: float = math.nan) -> None:
    """Let the losses of some steps be multiplied by a value, as if the arithmetic had failed."""
    learn = Passes.learn

    def learnt(self: Passes, *arguments: Any, step: int, **rest: Any) -> torch.Tensor:
        packed = learn(self, *arguments, step=step, **rest)
        return packed * value if step in steps else packed

    monkeypatch.setattr(Passes, "learn", learnt)


def exhaust(monkeypatch: pytest.MonkeyPatch, most: int, *, at: int = 1) -> None:
    """Let the device hold no more than so many items at once, from a step on."""
    forward = Objective.forward

    def limited(self: Objective, batch: Any, *inputs: Any) -> Any:
        result = forward(self, batch, *inputs)
        if len(batch.ids) > most and limited.step >= at:  # type: ignore[attr-defined]
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nDetails follow.")
        return result

    learn = Passes.learn

    def counted(self: Passes, *arguments: Any, step: int, **rest: Any) -> torch.Tensor:
        limited.step = step  # type: ignore[attr-defined]
        return learn(self, *arguments, step=step, **rest)

    limited.step = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(Objective, "forward", limited)
    monkeypatch.setattr(Passes, "learn", counted)


def damage(folder: Path) -> None:
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)

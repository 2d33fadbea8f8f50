"""The learning rate as a pure function of the step: linear warm-up, then a cosine (Loshchilov and Hutter 2017).

Knows no optimiser. Steps are optimiser steps, counted from 1, however many micro-batches each has.
"""

import math
from dataclasses import dataclass

from amhctl.config.schema import TrainingConfig


@dataclass(frozen=True, slots=True)
class Schedule:
    """Warm-up to ``peak`` in ``warmup_steps``, then half a cosine to ``peak * minimum`` at ``steps``, and no lower."""

    peak: float
    minimum: float
    warmup_steps: int
    steps: int

    @classmethod
    def of(cls, config: TrainingConfig) -> "Schedule":
        """Return the schedule that a configuration describes."""
        steps = config.decay_steps or config.steps
        return cls(config.learning_rate, config.minimum_rate, config.warmup_steps, steps)

    def rate(self, step: int) -> float:
        """Return the learning rate of one step, counted from 1."""
        if step <= self.warmup_steps:
            return self.peak * step / self.warmup_steps
        length = max(1, self.steps - self.warmup_steps)
        share = min(1.0, (step - self.warmup_steps) / length)
        return self.peak * (self.minimum + (1.0 - self.minimum) * 0.5 * (1.0 + math.cos(math.pi * share)))

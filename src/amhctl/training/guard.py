"""The guard of a run: which steps are not taken, when the run goes back to a good state, and how fast it continues.

A step whose loss or gradient is not finite, or far from what is usual, is skipped: its data are skipped and the
weights stay what they are. Where that happens several times in a row the weights themselves are at fault: the run goes
back to its last good state, lowers its rate and continues with the data that follow (as in Chowdhery et al. 2022,
"PaLM", arXiv 2204.02311, section 5.1, where a restart before the spike with other data did not spike again).

A pure function of what it remembers, which is part of the run's state: a resumed run judges as one that was never
interrupted. Knows no model and no file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from amhctl.config.document import Document
from amhctl.config.schema import TrainingConfig

WINDOW = 64
"""Steps that are remembered: what is usual."""
FEWEST = 32
"""Steps that must be known before one can be unusual."""
BAD_IN_A_ROW = 3
"""Steps not taken in a row, after which the weights are at fault."""
MOST_RETURNS = 5
"""Times a run goes back without ``WINDOW`` good steps in between, before it gives up."""
SLOWER = 0.5
"""By how much each return lowers the rate."""

Verdict = Literal["take", "skip", "return", "stop"]


class Watch(Document):
    """What the guard remembers from step to step.

    A loss is one of the last steps that were taken, as is a norm.
    """

    losses: tuple[float, ...] = ()
    norms: tuple[float, ...] = ()
    bad: int = 0
    """Steps not taken in a row."""
    returns: int = 0
    """Times the run went back since it last went well."""
    slowed: float = 1.0
    """What the schedule's rate is multiplied by."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a step, why it is not taken, and what is remembered then."""

    verdict: Verdict
    why: str
    watch: Watch


def judge_step(watch: Watch, config: TrainingConfig, *, loss: float, norm: float) -> Judgement:
    """Judge a step by its loss and the norm of its gradient, before the weights move.

    Parameters
    ----------
    watch : Watch
        What is remembered of the steps before.
    config : TrainingConfig
        How far from usual is too far: ``spike_norm`` and ``spike_loss``.
    loss, norm : float
        Of the step, all its micro-batches and processes together.
    """
    if why := _fault_of(watch, config, loss, norm):
        return refuse(watch, why)
    taken = watch.model_copy(
        update={"losses": (*watch.losses, loss)[-WINDOW:], "norms": (*watch.norms, norm)[-WINDOW:], "bad": 0}
    )
    if len(taken.losses) == WINDOW:
        taken = taken.model_copy(update={"returns": 0})
    return Judgement("take", "", taken)


def refuse(watch: Watch, why: str, *, at_once: bool = False) -> Judgement:
    """Return what follows a step that is not taken; ``at_once`` goes back without waiting for another bad one."""
    bad = watch.bad + 1
    if bad < BAD_IN_A_ROW and not at_once:
        return Judgement("skip", why, watch.model_copy(update={"bad": bad}))
    if watch.returns == MOST_RETURNS:
        return Judgement("stop", why, watch)
    # What was usual before the weights went wrong is forgotten: or lasting change would count as a spike for ever.
    back = Watch(returns=watch.returns + 1, slowed=watch.slowed * SLOWER)
    return Judgement("return", why, back)


def _fault_of(watch: Watch, config: TrainingConfig, loss: float, norm: float) -> str:
    """Return why a step is not to be taken; empty if it is."""
    if not (math.isfinite(loss) and math.isfinite(norm)):
        return f"the loss or its gradient is not finite (loss {loss:.4g}, norm {norm:.4g})"
    if _is_spike(loss, watch.losses, config.spike_loss):
        return f"the loss is {loss:.4g}, more than {config.spike_loss:g} times the median {median(watch.losses):.4g}"
    if _is_spike(norm, watch.norms, config.spike_norm):
        return (
            f"the gradient norm is {norm:.4g}, more than {config.spike_norm:g} times the median "
            f"{median(watch.norms):.4g}"
        )
    return ""


def _is_spike(value: float, usual: Sequence[float], factor: float) -> bool:
    return factor > 0 and len(usual) >= FEWEST and value > factor * median(usual)

"""The scale of a loss whose gradients are computed in fp16: small ones would vanish, too large ones overflow.

Dynamic, as in Micikevicius et al. 2018, "Mixed Precision Training" (arXiv 1710.03740): halved where a gradient
overflows, and the step is not taken; doubled after ``PATIENCE`` steps that were. Part of a run's state, so that a
resumed run scales as one that was never interrupted.
"""

from amhctl.config.document import Document

PATIENCE = 2_000
FIRST = 65_536.0
LARGEST = 2.0**24


class LossScale(Document):
    """What the loss is multiplied by before the backward pass, and its gradient is divided by after it."""

    factor: float = FIRST
    taken: int = 0
    """Steps taken since it changed."""

    def after(self, *, finite: bool) -> "LossScale":
        """Return the scale after a step whose gradient was finite or overflowed."""
        if not finite:
            return LossScale(factor=max(1.0, self.factor / 2))
        if self.taken + 1 < PATIENCE:
            return LossScale(factor=self.factor, taken=self.taken + 1)
        return LossScale(factor=min(LARGEST, self.factor * 2))

"""Twin of ``training/loss_scale.py``."""

from amhctl.training.loss_scale import FIRST, LARGEST, PATIENCE, LossScale


def test_an_overflow_halves_and_patience_doubles() -> None:
    scale = LossScale().after(finite=False)
    assert scale == LossScale(factor=FIRST / 2)
    for taken in range(1, PATIENCE):
        scale = scale.after(finite=True)
        assert scale == LossScale(factor=FIRST / 2, taken=taken)
    assert scale.after(finite=True) == LossScale(factor=FIRST)


def test_it_stays_within_what_fp16_can_hold() -> None:
    assert LossScale(factor=1.0).after(finite=False) == LossScale(factor=1.0)
    assert LossScale(factor=LARGEST, taken=PATIENCE - 1).after(finite=True) == LossScale(factor=LARGEST)

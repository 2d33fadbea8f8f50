from dataclasses import replace

from amhctl.training.variant_figures import VariantFigures, yardstick_of
from amhctl.training.variant_speed import VariantTiming
from amhctl.training.variants import FINE_TUNING, VARIANTS

TIMING = VariantTiming(steps=4, frames=300, padded=400, seconds=2.0, processor=1.5, loss=3.0, total=3.5, trainable=7)


def test_figures_are_a_row_and_a_line() -> None:
    one = VariantFigures(VARIANTS[1], TIMING, 2**30)
    row = one.row()
    assert (row["steps_per_second"], row["frames_per_second"], row["frames_per_processor_second"]) == (2.0, 150, 200)
    assert (row["padding"], row["peak_bytes"], row["trainable"], row["loss"]) == (0.25, 2**30, 7, 3.0)
    assert one.line(100.0).split() == [
        "baseline",
        "2.000",
        "150.0",
        "200.0",
        "2.00",
        "25",
        "%",
        "1.00",
        "0.00",
        "3.0000",
        "3.5000",
    ]
    tuned = VariantFigures(FINE_TUNING[0], replace(TIMING, before=(4.0, 4.5)), 2**30)
    assert tuned.line(100.0).split()[-4:] == ["3.0000", "3.5000", "4.0000", "4.5000"]
    assert [tuned.row()[key] for key in ("total_loss", "loss_before", "total_loss_before")] == [3.5, 4.0, 4.5]
    assert (row["loss_before"], row["total_loss_before"]) == (None, None)
    theirs = VariantFigures(VARIANTS[0], TIMING, 0)
    assert yardstick_of((one, theirs)) == theirs.frames_per_processor_second
    assert yardstick_of((one,)) == one.frames_per_processor_second

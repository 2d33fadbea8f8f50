"""Names for quantities and arithmetics, so that a signature says its unit."""

from typing import Literal, NewType

Seconds = NewType("Seconds", float)
Hertz = NewType("Hertz", int)
Samples = NewType("Samples", int)
Frames = NewType("Frames", int)
Decibels = NewType("Decibels", float)

Precision = Literal["fp32", "bf16", "fp16"]
"""In which floating-point numbers a network computes."""

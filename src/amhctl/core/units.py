"""Names for quantities, so that a signature says its unit."""

from typing import NewType

Seconds = NewType("Seconds", float)
Hertz = NewType("Hertz", int)
Samples = NewType("Samples", int)
Frames = NewType("Frames", int)
Decibels = NewType("Decibels", float)

"""Names for quantities and arithmetics, so that a signature says its unit."""

from typing import Literal, NewType

Seconds = NewType("Seconds", float)
Hertz = NewType("Hertz", int)
Samples = NewType("Samples", int)
Frames = NewType("Frames", int)
Decibels = NewType("Decibels", float)

SPEECH_LEVEL = -20.0
"""Speech level in dBFS to which recordings are brought unless another is named: for codecs, codes, prompts and
measurements alike, so that a voice meets the sound it was trained on."""

SLOWEST, FASTEST = 0.5, 2.0
"""Speeds between which speech may be asked for; 1 is the pace of the voice."""

Precision = Literal["fp32", "bf16", "fp16"]
"""In which floating-point numbers a network computes."""
PrecisionChoice = Literal["auto", "fp32", "bf16", "fp16"]
"""The same, or what suits network and device."""

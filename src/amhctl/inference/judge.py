"""Whether a piece of synthesised speech can be let out: by length, level, clipping and how it ended. No recogniser.

A model that samples fails in known ways: it never writes the stop, writes it at once, falls silent, or drones. Each
shows in the length of the sound against the syllables asked for, or in its level. What is judged bad is sampled again.
"""

from dataclasses import dataclass

import numpy as np

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import Seconds

RULES = Rules(
    Rule("S001", Severity.ERROR, "did not stop", "The voice did not generate the stop code and was cut off."),
    Rule("S002", Severity.ERROR, "silent", "The output is silent or too quiet to be speech."),
    Rule("S003", Severity.ERROR, "too long", "The output is too long for its number of syllables."),
    Rule(
        "S004",
        Severity.ERROR,
        "too short",
        "The output is too short for its number of syllables: something is missing.",
    ),
    Rule("S005", Severity.ERROR, "clipped", "Too many samples are at full scale."),
    Rule("S006", Severity.ERROR, "not finite", "The output has samples that are not finite."),
    Rule("S007", Severity.ERROR, "gap", "The output has a silence in the middle that is longer than a normal pause."),
    Rule(
        "S008",
        Severity.WARNING,
        "spoken on a later attempt",
        "An attempt failed the quality checks and the text was sampled again with another seed.",
    ),
)

# Speech stays within about 35 dB of its loudest parts (see evaluation.clips for the same figure at work).
_ACTIVE_DECIBELS = 35.0


@dataclass(frozen=True, slots=True)
class JudgeLimits:
    """What counts as speech.

    The default lengths come from 850 read sentences of one Amharic speaker, pauses included: half of them take 0.14 to
    0.18 s a syllable, 98 % take 0.10 to 0.48 s. The limits leave half as much again on either side.

    Attributes
    ----------
    shortest_syllable, longest_syllable : float
        Seconds a syllable may take on average, at speed 1.
    longest_extra : float
        Seconds allowed besides, for edges and pauses.
    lowest_level : float
        Speech level in dBFS under which a sound is silent.
    most_clipped : float
        Fraction of samples that may lie at full scale.
    longest_gap : float
        Seconds of silence allowed in the middle.
    """

    shortest_syllable: float = 0.06
    longest_syllable: float = 0.45
    longest_extra: float = 1.0
    lowest_level: float = -50.0
    most_clipped: float = 0.01
    longest_gap: float = 1.2

    def longest(self, syllables: int, speed: float) -> Seconds:
        """Return the longest plausible duration of so many syllables."""
        return Seconds((self.longest_syllable * syllables + self.longest_extra) / speed)

    def shortest(self, syllables: int, speed: float) -> Seconds:
        """Return the shortest plausible duration of so many syllables."""
        return Seconds(self.shortest_syllable * syllables / speed)


LENIENT = JudgeLimits(
    shortest_syllable=0.0, longest_extra=5.0, lowest_level=-300.0, most_clipped=1.0, longest_gap=100.0
)
"""Limits that let out what is not speech yet, as a voice in training says it; its length stays bounded."""


def judge(
    waveform: Waveform, *, stopped: bool, syllables: int, speed: float, limits: JudgeLimits, subject: str
) -> tuple[Finding, ...]:
    """Return what is wrong with a piece of speech; nothing if it may be let out.

    Parameters
    ----------
    waveform : Waveform
        The sound as decoded.
    stopped : bool
        Whether the voice ended it by itself.
    syllables : int
        Syllables asked for.
    speed : float
        Speed asked for.
    limits : JudgeLimits
        What counts as speech.
    subject : str
        The text, for the findings.
    """

    def fault(code: str, message: str) -> Finding:
        return RULES.finding(code, subject, message)

    if not np.isfinite(waveform.samples).all():
        return (fault("S006", "the output has samples that are not finite"),)
    findings = []
    if not stopped:
        findings.append(fault("S001", f"no stop within {waveform.duration:.1f} s"))
    level = speech_level(waveform) if waveform.samples.size else -np.inf
    if level < limits.lowest_level:
        findings.append(fault("S002", f"speech level {level:.0f} dBFS, below {limits.lowest_level:g}"))
        return tuple(findings)
    active = np.flatnonzero(frame_levels(waveform) > level - _ACTIVE_DECIBELS)
    frame_seconds = waveform.duration / max(1, frame_levels(waveform).size)
    seconds = float(active[-1] - active[0] + 1) * frame_seconds
    gap = float(np.diff(active).max(initial=1) - 1) * frame_seconds
    if seconds > limits.longest(syllables, speed):
        findings.append(fault("S003", f"{seconds:.2f} s for {syllables} syllables"))
    if seconds < limits.shortest(syllables, speed):
        findings.append(fault("S004", f"{seconds:.2f} s for {syllables} syllables"))
    if gap > limits.longest_gap / speed:
        findings.append(fault("S007", f"{gap:.2f} s of silence in the middle"))
    clipped = float(np.mean(np.abs(waveform.samples) >= 0.999))
    if clipped > limits.most_clipped:
        findings.append(fault("S005", f"{clipped:.1%} of the samples are at full scale"))
    return tuple(findings)

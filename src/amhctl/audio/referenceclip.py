"""Whether a clip tells a voice how somebody sounds: how long, how noisy, how clipped, how narrow. Knows no voice.

The limits stand where the likeness suffers, by the speaker encoder that voices hear with (Resemblyzer): the similarity
of a clip to the mean of six other clips of its speaker, ten speakers, cleaned recordings. Two clips of one speaker
have 0.89 on average; eight seconds of clean speech have 0.95, and

    speech of 0.5, 1, 2, 3, 6, 15, 30 s        0.62, 0.75, 0.88, 0.91, 0.94, 0.97, 0.97
    white noise 10, 15, 20, 25 dB under it     0.65, 0.72, 0.78, 0.87; pink: 0.72, 0.78, 0.86, 0.93
    nothing above 3.4, 4.0, 5.5 kHz            0.91, 0.93, 0.95; through a telephone (300 to 3,400 Hz): 0.69
    1, 3, 5, 10, 20 % of the samples clipped   0.95, 0.95, 0.94, 0.92, 0.87
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio import levels
from amhctl.audio.files import probe, read
from amhctl.audio.offset import without_offset, without_rumble
from amhctl.audio.spectrum import bandwidth
from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import Seconds

REFERENCE_SECONDS = 15.0
"""How much of a clip is heard; more adds next to nothing, and upstream's voices hear no more either."""

RULES = Rules(
    Rule(
        "S009",
        Severity.ERROR,
        "reference silent",
        "Nothing in the clip is louder than -60 dBFS.",
    ),
    Rule(
        "S010",
        Severity.ERROR,
        "reference without speech",
        "The clip has less than 0.5 s of speech: too little to identify a speaker.",
    ),
    Rule(
        "S011",
        Severity.WARNING,
        "reference short",
        "The clip has less than 3 s of speech: the speaker embedding is unreliable.",
    ),
    Rule("S012", Severity.INFO, "reference long", "Only the first 15 s of a clip are used; more does not help."),
    Rule(
        "S013",
        Severity.WARNING,
        "reference noisy",
        "Speech is less than 18 dB above the quietest 10 % of the clip: the voice imitates the noise too.",
    ),
    Rule("S014", Severity.WARNING, "reference clipped", "More than 1 % of the samples are clipped."),
    Rule(
        "S015",
        Severity.WARNING,
        "reference with narrow bandwidth",
        "There is no energy above 4,000 Hz, as in a telephone call or a file with a sample rate of 8,000 Hz.",
    ),
    Rule(
        "S016",
        Severity.WARNING,
        "reference too quiet",
        "The speech level is below -45 dBFS: normalisation amplifies the noise of the sound card too.",
    ),
    Rule("S017", Severity.WARNING, "reference mostly silence", "More than half of the clip is silence."),
)


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """Between which values a clip passes; the numbers of ``RULES``."""

    fewest_seconds: float = 0.5
    good_seconds: float = 3.0
    silent_level: float = -60.0
    quiet_level: float = -45.0
    lowest_snr: float = 18.0
    most_clipped: float = 0.01
    narrowest_band: float = 4_000.0
    least_sounding: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceClip:
    """What is heard of a clip, and what speaks against it."""

    waveform: Waveform
    findings: tuple[Finding, ...]


def read_reference(path: Path) -> ReferenceClip:
    """Read as much of a clip as is heard, and look at it.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    whole = probe(path).duration
    waveform = read(path, duration=REFERENCE_SECONDS if whole > REFERENCE_SECONDS else None)
    return ReferenceClip(waveform, check_reference(waveform, str(path), whole=whole))


def check_reference(
    waveform: Waveform, subject: str, *, whole: Seconds | None = None, limits: ReferenceLimits = ReferenceLimits()
) -> tuple[Finding, ...]:
    """Return what speaks against a clip of a speaker; with an error among it, the clip cannot be used.

    Parameters
    ----------
    waveform : Waveform
        What is heard of the clip.
    subject : str
        Its name, for the findings.
    whole : Seconds | None
        Length of all of it; None if that is what is heard.
    limits : ReferenceLimits
        What a good clip has.
    """
    if fault := find_refusal(waveform, subject, limits):
        return (fault,)
    return tuple(_find_faults(waveform, subject, whole, limits))


def _find_faults(waveform: Waveform, subject: str, whole: Seconds | None, limits: ReferenceLimits) -> Iterator[Finding]:
    speech = levels.sounding_seconds(without_rumble(waveform))
    if speech < limits.good_seconds:
        yield RULES.finding(
            "S011",
            subject,
            f"{speech:.1f} s of speech, less than {limits.good_seconds:g} s",
            "give 5 to 15 s of one person speaking",
        )
    if whole is not None and whole > waveform.duration:
        yield RULES.finding(
            "S012",
            subject,
            f"only the first {waveform.duration:g} s of {whole:.1f} s are used",
            "choose the best part of the clip",
        )
    if speech < limits.least_sounding * waveform.duration:
        yield RULES.finding(
            "S017",
            subject,
            f"{speech:.1f} of {waveform.duration:.1f} s are speech, the rest silence",
            "remove the silence",
        )
    level = levels.level_of_half_a_second(without_offset(waveform))
    if level < limits.quiet_level:
        yield RULES.finding(
            "S016", subject, f"the speech level is {level:.0f} dBFS, below {limits.quiet_level:g}", "record it louder"
        )
    snr = levels.signal_to_noise(waveform)
    if snr < limits.lowest_snr:
        yield RULES.finding(
            "S013",
            subject,
            f"the signal-to-noise ratio is about {snr:.0f} dB, below {limits.lowest_snr:g}",
            "record it in a quieter room, or give another clip",
        )
    clipped = levels.clipped_share(waveform)
    if clipped > limits.most_clipped:
        yield RULES.finding(
            "S014",
            subject,
            f"{clipped:.1%} of the samples are clipped, more than {limits.most_clipped:.0%}",
            "record it with less gain",
        )
    band = bandwidth(waveform)
    if band <= limits.narrowest_band:
        yield RULES.finding(
            "S015",
            subject,
            f"no energy above {band:.0f} Hz, as in a telephone call",
            "find the original recording, with a sample rate of 16,000 Hz or more",
        )


def find_refusal(waveform: Waveform, subject: str, limits: ReferenceLimits = ReferenceLimits()) -> Finding | None:
    """Return why a clip says nothing of a speaker: it is silent, or has too little speech; None if it can be used.

    Parameters
    ----------
    waveform : Waveform
        What is heard of the clip.
    subject : str
        Its name, for the finding.
    limits : ReferenceLimits
        What a usable clip has.
    """
    audible = without_offset(waveform)
    loudest = float(levels.frame_levels(audible).max())
    if loudest < limits.silent_level:
        message = f"silent: nothing is louder than {loudest:.0f} dBFS"
        return RULES.finding("S009", subject, message, "give a clip of speech")
    speech = levels.sounding_seconds(without_rumble(waveform))
    if levels.level_of_half_a_second(audible) < limits.silent_level or speech < limits.fewest_seconds:
        message = f"too little speech, less than {limits.fewest_seconds:g} s"
        return RULES.finding("S010", subject, message, "give 5 to 15 s of one person speaking")
    return None

"""Are stored acoustics those of speech? Lengths, pitch, and how much alike the clips of a speaker are. Knows no codec.

Shapes: ``A acoustic frames, D width of a speaker embedding``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.index import StoredUtterance
from amhctl.config.acoustics import AcousticsConfig
from amhctl.core.findings import Finding, Rule, Rules, Severity

RULES = Rules(
    Rule(
        "X106",
        Severity.ERROR,
        "wrong length",
        "The number of frames of codes, features or acoustics does not match the recording's duration.",
    ),
    Rule(
        "X119",
        Severity.WARNING,
        "almost no pitch",
        "Fewer than 5 % of an utterance's frames have a pitch, which does not happen in normal speech: it is noise, "
        "whispered, or recorded without low frequencies.",
    ),
)

_LEAST_VOICED = 0.05


@dataclass(frozen=True, slots=True)
class VoiceStatistics:
    """What the acoustics of a speaker's clips have in common.

    Attributes
    ----------
    speaker : str
        The name in the records.
    clips : int
        How many clips were measured.
    voiced : float
        Fraction of their frames that have a pitch, pauses counted.
    pitch : float | None
        Geometric mean of the pitch in hertz; None if no frame has one.
    spread : float | None
        Standard deviation of the pitch in semitones.
    cohesion : float
        Mean cosine of the clips' speaker embeddings with their common direction: 1 if all are the same.
    """

    speaker: str
    clips: int
    voiced: float
    pitch: float | None
    spread: float | None
    cohesion: float


@dataclass(slots=True)
class _Sums:
    clips: int = 0
    frames: int = 0
    voiced: int = 0
    logarithms: float = 0.0
    squares: float = 0.0
    embeddings: NDArray[np.float64] | float = 0.0


@dataclass(frozen=True, slots=True)
class VoiceCount:
    """Takes in one clip after another, and tells what the clips of each speaker have in common."""

    _of: dict[str, _Sums] = field(default_factory=dict)

    def add(self, speaker: str, acoustics: Acoustics, speaker_D: NDArray[np.float32]) -> None:
        """Take in a clip."""
        sums = self._of.setdefault(speaker, _Sums())
        octaves = np.log2(acoustics.pitch_T[acoustics.pitch_T > 0], dtype=np.float64)
        sums.clips += 1
        sums.frames += acoustics.pitch_T.size
        sums.voiced += octaves.size
        sums.logarithms += float(octaves.sum())
        sums.squares += float(np.square(octaves).sum())
        sums.embeddings = sums.embeddings + speaker_D.astype(np.float64)

    def statistics(self) -> tuple[VoiceStatistics, ...]:
        """Return the statistics of each speaker, in the order of their names."""
        return tuple(_statistics(speaker, self._of[speaker]) for speaker in sorted(self._of))


def _statistics(speaker: str, sums: _Sums) -> VoiceStatistics:
    pitch = spread = None
    if sums.voiced:
        mean = sums.logarithms / sums.voiced
        pitch = float(2.0**mean)
        spread = float(12.0 * np.sqrt(max(0.0, sums.squares / sums.voiced - mean**2)))
    cohesion = float(np.linalg.norm(sums.embeddings)) / sums.clips
    return VoiceStatistics(speaker, sums.clips, sums.voiced / sums.frames, pitch, spread, cohesion)


def judge_acoustics(entry: StoredUtterance, acoustics: Acoustics, config: AcousticsConfig) -> Iterable[Finding]:
    """Judge the acoustics of one utterance by themselves and by its duration."""
    voiced = float((acoustics.pitch_T > 0).mean())
    if voiced < _LEAST_VOICED:
        message = f"{voiced:.1%} of {acoustics.pitch_T.size} frames have a pitch"
        yield RULES.finding("X119", entry.id, message, "listen to it, and remove it if it is not speech")
    if (duration := entry.record.duration) is None:
        return
    wanted = config.frames_of(round(duration * config.mel.sample_rate))
    # One frame of slack: resampling rounds the number of samples.
    if abs(entry.acoustic_frames - wanted) > 1:
        message = f"{entry.acoustic_frames} acoustic frames for {duration:.3f} s, expected {wanted}"
        yield RULES.finding("X106", entry.id, message, "extract it again")

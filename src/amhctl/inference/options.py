"""How to speak: one value that goes down whole from the command to the voice. Loads no torch."""

from dataclasses import dataclass, field, replace
from typing import Any

from amhctl.core.errors import SynthesisError
from amhctl.core.units import FASTEST, SLOWEST, Seconds
from amhctl.inference.judge import JudgeLimits
from amhctl.inference.sampling import Sampling
from amhctl.model.flow_sampling import FlowSampling
from amhctl.text.lines import LONGEST_SILENCE

MOST_UNSPOKEN = 0.1
"""Fraction of a text's letters that may be left out by default."""
MOST_SEMITONES = 12.0
"""Up or down."""
SOFTEST, LOUDEST = -40.0, 6.0
"""Decibels beside the usual loudness: beyond, speech is not heard or would be distorted."""
LONGEST_PAUSE = 10.0
"""Times the usual pause."""
PARAGRAPH_PAUSE = Seconds(0.8)
"""Between paragraphs, by default."""
_MOST_DECIBELS = 12.0
_MOST_TAKES = 64


@dataclass(frozen=True, slots=True)
class SpeakOptions:
    """How to speak.

    Attributes
    ----------
    seed : int
        The same seed gives the same samples.
    speed : float
        From 0.5 to 2; a voice without explicit durations speaks at those it learnt to be told, or at 1 only.
    temperature, top_k, top_p, repetition_penalty : float | None
        How a UnifiedVoice samples codes (``Sampling``); None for what suits it and the number of takes.
    takes : int | None
        How often a UnifiedVoice samples each segment. The codec decodes the mean of the takes, which averages random
        variation out. None is 4 for voices with explicit durations; the takes of others differ in length: 1.
    guidance : float | None
        Strength of classifier-free guidance; None for what suits the voice.
    steps : int | None
        Steps in which a FlowVoice generates a spectrogram; None for what suits it.
    noise, prosody_noise : float | None
        Deviation of the noise that it starts from (``FlowSampling``); None for what suits it.
    sharpness : float | None
        How much its spectrogram is sharpened (``FlowSampling``); None for what suits it.
    pitch : float
        Semitones up or down, of a FlowVoice; the timbre stays.
    energy : float
        Decibels louder or softer that it speaks, as one does with effort, not as a knob does; of such a voice.
    volume : float
        Decibels louder or softer than -18 LUFS, from -40 to 6; peaks are limited.
    pause : float
        How much longer than usual the pauses between segments are, from 0 to 10.
    paragraph_pause : Seconds
        Pause between paragraphs of a long text at least, up to 60.
    person : str | None
        As which of its speakers such a voice speaks; None for its first.
    attempts : int
        How often a segment is tried before the voice gives up.
    limits : JudgeLimits
        What counts as speech.
    check : bool
        Whether a recogniser checks each segment, and one that does not say its text is tried again.
    most_unspoken : float
        Fraction of a text's letters that may be left out because no rule reads them, such as those of other scripts.
    """

    seed: int = 0
    speed: float = 1.0
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    takes: int | None = None
    guidance: float | None = None
    steps: int | None = None
    noise: float | None = None
    prosody_noise: float | None = None
    sharpness: float | None = None
    pitch: float = 0.0
    energy: float = 0.0
    volume: float = 0.0
    pause: float = 1.0
    paragraph_pause: Seconds = PARAGRAPH_PAUSE
    person: str | None = None
    attempts: int = 3
    limits: JudgeLimits = field(default_factory=JudgeLimits)
    check: bool = False
    most_unspoken: float = MOST_UNSPOKEN

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        SynthesisError, OptionError
            If a value is outside its range.
        """
        # The ranges of what is given: before a voice is loaded.
        self.sampling(Sampling())
        self.flow_sampling()
        if not SLOWEST <= self.speed <= FASTEST:
            raise SynthesisError(f"speed {self.speed:g} is not between {SLOWEST:g} and {FASTEST:g}", subject="speed")
        if not -MOST_SEMITONES <= self.pitch <= MOST_SEMITONES:
            raise SynthesisError(f"pitch {self.pitch:g} is beyond ±{MOST_SEMITONES:g} semitones", subject="pitch")
        if not -_MOST_DECIBELS <= self.energy <= _MOST_DECIBELS:
            raise SynthesisError(f"energy {self.energy:g} is beyond ±{_MOST_DECIBELS:g} dB", subject="energy")
        if not SOFTEST <= self.volume <= LOUDEST:
            raise SynthesisError(
                f"volume {self.volume:g} is not between {SOFTEST:g} and {LOUDEST:g} dB", subject="volume"
            )
        if not 0.0 <= self.pause <= LONGEST_PAUSE:
            raise SynthesisError(f"pause {self.pause:g} is not between 0 and {LONGEST_PAUSE:g}", subject="pause")
        if not 0.0 <= self.paragraph_pause <= LONGEST_SILENCE:
            raise SynthesisError(
                f"a pause of {self.paragraph_pause:g} s is not between 0 and {LONGEST_SILENCE:g} s",
                subject="paragraph pause",
            )
        if self.takes is not None and not 1 <= self.takes <= _MOST_TAKES:
            raise SynthesisError(
                f"{self.takes} samples per segment is not between 1 and {_MOST_TAKES}", subject="takes"
            )
        if self.attempts < 1:
            raise SynthesisError("at least one attempt is needed", subject="attempts")

    def sampling(self, usual: Sampling) -> Sampling:
        """Return how codes are sampled: as usual, but for what these options say."""
        return replace(usual, **self._given("temperature", "top_k", "top_p", "repetition_penalty", "guidance"))

    def flow_sampling(self) -> FlowSampling:
        """Return how a spectrogram is generated: as usual, but for what these options say."""
        return FlowSampling(**self._given("steps", "guidance", "noise", "prosody_noise", "sharpness"))

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}

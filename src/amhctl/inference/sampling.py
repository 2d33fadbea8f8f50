"""How codes are drawn; loads no torch."""

from dataclasses import dataclass

from amhctl.core.errors import OptionError

_MOST_GUIDANCE = 1_000.0
_MOST_PENALTY = 100.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How codes are drawn.

    Attributes
    ----------
    temperature : float
        0 takes the likeliest code.
    top_k : int
        Draw among so many likeliest codes; 0 among all.
    top_p : float
        Draw among the likeliest codes that together have this probability.
    repetition_penalty : float
        Makes codes less likely that the segment has already, 1 to 100; 1 is none. The IndexTTS-2 programs use 10,
        with which a code hardly comes twice.
    guidance : float
        How far to continue from what the voice would say without the text to what it says with it, and beyond:
        classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598; for codes: MusicGen, arXiv 2306.05284). 0 is
        none, and all that a voice trained without ``model.text_dropout`` can do.
    """

    temperature: float = 0.6
    top_k: int = 30
    top_p: float = 0.9
    repetition_penalty: float = 1.0
    guidance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        OptionError
            If a value is outside its range.
        """
        # Far outside, single precision has no number left for the probabilities.
        if self.temperature != 0.0 and not 1e-3 <= self.temperature <= 1e3:
            raise OptionError(
                f"temperature {self.temperature:g} is neither 0 nor between 0.001 and 1000", subject="--temperature"
            )
        # Logits are tens; a thousand times their difference still fits into single precision, whatever the voice.
        if not 0.0 <= self.guidance <= _MOST_GUIDANCE:
            raise OptionError(
                f"guidance {self.guidance:g} is not between 0 and {_MOST_GUIDANCE:g}", subject="--guidance"
            )
        if self.top_k < 0:
            raise OptionError(f"top-k {self.top_k} is not 0 or more", subject="--top-k")
        if not 0.0 < self.top_p <= 1.0:
            raise OptionError(f"top-p {self.top_p:g} is not above 0 and at most 1", subject="--top-p")
        if not 1.0 <= self.repetition_penalty <= _MOST_PENALTY:
            raise OptionError(
                f"repetition penalty {self.repetition_penalty:g} is not between 1 and {_MOST_PENALTY:g}",
                subject="--repetition-penalty",
            )

"""Whether speech says its text: a recogniser listens to each segment, and what it does not find is a finding.

Beside ``judge``, which needs no recogniser and sees neither another text nor a missing word.
"""

from dataclasses import dataclass
from functools import lru_cache

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.labels import word_labels
from amhctl.recogniser.recognition import Recogniser, load_recogniser
from amhctl.recogniser.verification import TextFit, verify

RULES = Rules(
    Rule(
        "S051",
        Severity.ERROR,
        "says something else",
        "The recogniser finds another text, noise or no speech in the output.",
    ),
    Rule("S052", Severity.ERROR, "word missing", "A word of the text is missing in the output, or its end is cut off."),
    Rule("S053", Severity.ERROR, "word repeated", "The output says a word twice, or more than the text."),
)


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """From where on a recogniser's evidence counts against speech. Logarithms are natural.

    The defaults were chosen so that no more than 1 % of good clips are refused (``tools/measure_self_check.py``,
    docs/evaluation.md).

    Attributes
    ----------
    lowest_fit : float
        ``TextFit.fit`` below which the speech says something else.
    missing, repeated : float
        Gain in log-probability, for each phone of a word, from which the word counts as missing or repeated.
    cut : float
        Gain from which the end counts as cut off.
    added : float
        Phones that the text does not account for, as a fraction of its phones.
    """

    lowest_fit: float = -2.0
    missing: float = 4.4
    repeated: float = -2.0
    cut: float = 30.0
    added: float = 0.25


DEFAULT_LIMITS = CheckLimits()


class SelfCheck:
    """A recogniser that listens to what a voice says.

    Parameters
    ----------
    recogniser : Recogniser
        What recognises.
    limits : CheckLimits
        What counts against speech.
    """

    def __init__(self, recogniser: Recogniser, limits: CheckLimits = DEFAULT_LIMITS) -> None:
        self._recogniser, self._limits = recogniser, limits

    @property
    def name(self) -> str:
        """Name of the recogniser."""
        return self._recogniser.name

    def check(self, waveform: Waveform, phones: str, *, subject: str) -> tuple[Finding, ...]:
        """Return what is wrong with a piece of speech; nothing if it says its text.

        Parameters
        ----------
        waveform : Waveform
            The speech.
        phones : str
            The text as phones, from ``Frontend.phones``.
        subject : str
            The text, for the findings.
        """
        words = word_labels(phones)
        try:
            values = self._recogniser.log_probabilities(waveform)
        except AudioError as fault:
            return (RULES.finding("S051", subject, fault.message),)
        return judge_fit(verify(values, words), self._limits, phones.split(), subject=subject)


def judge_fit(fit: TextFit, limits: CheckLimits, words: list[str], *, subject: str) -> tuple[Finding, ...]:
    """Return what a fit says against a piece of speech.

    Parameters
    ----------
    fit : TextFit
        Of the speech and its text.
    limits : CheckLimits
        What counts against speech.
    words : list[str]
        The words of the text as phones, for the messages.
    subject : str
        The text, for the findings.
    """
    found = []
    if fit.fit < limits.lowest_fit:
        message = f"the text is less probable than what is heard by {-fit.fit:.1f} for each phone"
        found.append(RULES.finding("S051", subject, message))
    if fit.missing > limits.missing:
        found.append(
            RULES.finding("S052", subject, f"word {fit.missing_word + 1} ({words[fit.missing_word]}) is missing")
        )
    elif fit.cut > limits.cut:
        found.append(RULES.finding("S052", subject, "the last phones are missing"))
    if fit.repeated > limits.repeated:
        word = words[fit.repeated_word]
        found.append(RULES.finding("S053", subject, f"word {fit.repeated_word + 1} ({word}) is said twice"))
    elif fit.added > limits.added:
        found.append(RULES.finding("S053", subject, f"{fit.added:.0%} more phones than the text has"))
    return tuple(found)


@lru_cache(maxsize=1)
def load_self_check() -> SelfCheck:
    """Load the check by the bundled recogniser, once for a process.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    return SelfCheck(load_recogniser(DEFAULT_RECOGNISER))

"""Does a recording say its text? A recogniser says what it makes of it. Knows no other fault.

Shapes: ``E frames of 20 ms, V labels``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.checks.measurements import Measurements
from amhctl.core.errors import AudioError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.corpus.records import Record, read_audio
from amhctl.recogniser.decoding import best_path
from amhctl.recogniser.error_rate import count_errors
from amhctl.recogniser.labels import BLANK, spell, without_borders
from amhctl.recogniser.reading import ReadWord, read_spoken
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser, load_recogniser
from amhctl.recogniser.segmentation import place_utterances, without_border_label
from amhctl.text.frontend import Frontend

LONGEST_SECONDS = 60.0
"""What is longer is no utterance (D016), and is not compared."""
NO_FIT = -100.0
"""The fit of a text that is too long for its recording, and the worst of all."""
_SHOWN_PHONES = 60

RULES = Rules(
    Rule(
        "D043",
        Severity.ERROR,
        "text does not match the recording",
        "With --recognise: the phones recognised in the recording are those of another text.",
    ),
    Rule(
        "D044",
        Severity.WARNING,
        "a word does not match the recording",
        "With --recognise: where a word of the text should be, the recogniser finds something else with confidence.",
    ),
)


@dataclass(frozen=True, slots=True)
class Match:
    """How a text and a recording fit together.

    Attributes
    ----------
    fit : float
        Natural log-probability of the text over that of the most probable path, for each phone of the text.
    error_rate : float
        Phone error rate of the most probable path: differences for each phone of the text.
    word : str
        The word of the text that fits worst.
    word_fit : float
        The same of that word, and of the most probable path in its place.
    word_start, word_end : float
        Where it should be, in seconds of the clip.
    recognised : str
        The recognised phones.
    """

    fit: float
    error_rate: float
    word: str
    word_fit: float
    word_start: float
    word_end: float
    recognised: str


@dataclass(frozen=True, slots=True)
class MatchLimits:
    """Below which fit a text, or a word of it, is another one; measured by ``tools/measure_mismatch.py``."""

    text: float = -3.0
    word: float = -5.0


class Matcher:
    """Compares recordings with their texts; a worker process gets its own copy, and each loads the recogniser itself.

    Parameters
    ----------
    recogniser : str
        Name or folder.
    """

    def __init__(self, recogniser: str) -> None:
        self.name = recogniser

    def __reduce__(self) -> tuple[type["Matcher"], tuple[str]]:
        """Return what another process makes it of."""
        return type(self), (self.name,)

    @cached_property
    def recogniser(self) -> Recogniser:
        """The recogniser, loaded on first use.

        Raises
        ------
        CheckpointError
            If there is none, or it is damaged.
        """
        return load_recogniser(self.name, threads=1)

    def match(self, record: Record, folder: Path, frontend: Frontend, measured: Measurements) -> Match | None:
        """Return how a record's text fits its recording; None if there is nothing to compare.

        Raises
        ------
        CheckpointError
            If there is no recogniser.
        """
        words = read_spoken(frontend, record.text)
        if not words or measured.duration > LONGEST_SECONDS or measured.full_scale != 1.0:
            return None
        try:
            values_EV = self.recogniser.log_probabilities(read_audio(record, folder))
        except AudioError:
            # Too short for a single frame, or gone meanwhile: other findings say so.
            return None
        return compare(values_EV, words)


def compare(log_probabilities_EV: NDArray[np.float32], words: Sequence[ReadWord]) -> Match:
    """Return how words, one or more, fit a recording."""
    values_EV = without_border_label(log_probabilities_EV)
    wanted = [phone for word in words for phone in word.phones]
    found = without_borders(best_path(values_EV))
    rate = count_errors(wanted, found).rate
    (placement,) = place_utterances(values_EV, [wanted], price=math.inf)
    if placement is None:
        return Match(NO_FIT, rate, words[0].spoken, NO_FIT, 0.0, 0.0, spell(found))
    best_E = values_EV.max(axis=1).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(best_E)])
    stops_L = np.append(placement.firsts_L[1:], placement.last)
    # What each phone of the text is less probable than what is most probable in its place.
    losses_L = placement.scores_L - (sums[stops_L] - sums[placement.firsts_L])
    # Speech before and after the text is not in the text.
    outside_E = values_EV[:, BLANK] - best_E
    around = float(outside_E[: placement.first].sum() + outside_E[placement.last :].sum())
    ends = np.cumsum([len(word.phones) for word in words])
    begins = np.concatenate([[0], ends[:-1]])
    fits = [float(losses_L[begin:end].mean()) for begin, end in zip(begins, ends, strict=True)]
    worst = int(np.argmin(fits))
    start, end = placement.firsts_L[begins[worst]] * FRAME_SECONDS, placement.lasts_L[ends[worst] - 1] * FRAME_SECONDS
    return Match(
        fit=max(NO_FIT, (float(losses_L.sum()) + around) / len(wanted)),
        error_rate=rate,
        word=words[worst].spoken,
        word_fit=max(NO_FIT, fits[worst]),
        word_start=round(float(start), 2),
        word_end=round(float(end), 2),
        recognised=spell(found),
    )


def judge_match(subject: str, match: Match, limits: MatchLimits = MatchLimits()) -> tuple[Finding, ...]:
    """Return the fault of a text that is another one, or of a word that is."""
    shown = match.recognised if len(match.recognised) <= _SHOWN_PHONES else f"{match.recognised[:_SHOWN_PHONES]}…"
    if match.fit < limits.text:
        message = f"{match.error_rate:.0%} of the phones differ; recognised: {shown or 'nothing'}"
        return (RULES.finding("D043", subject, message, "listen to it: the text belongs to another recording"),)
    if match.word_fit < limits.word:
        message = f"{match.word} at {match.word_start:.2f} to {match.word_end:.2f} s does not fit; recognised: {shown}"
        return (RULES.finding("D044", subject, message, "listen to this word, and correct the text"),)
    return ()

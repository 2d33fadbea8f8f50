"""Whether a recording says a text, the whole of it and nothing twice: by the probabilities of CTC.

A text is compared with what it would be without one of its words, with a word said twice, and without its last phones:
if the recording makes such a text more probable by a margin, it says that instead. And with the best path: a recording
of something else has a text that is far less probable than what it says.

Source of the idea: likelihood ratios of Neyman and Pearson (1933), with the forward algorithm of Graves et al. 2006.

Shapes: ``E frames, V labels, K texts, S states of the longest``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.recogniser.decoding import best_path
from amhctl.recogniser.labels import BLANK, BORDER, join_words

Words = Sequence[tuple[int, ...]]
_END_PHONES = 6


@dataclass(frozen=True, slots=True)
class TextFit:
    """How a recording and a text fit together. Logarithms are natural.

    Attributes
    ----------
    fit : float
        Log-probability of the text over that of the labels on the best path, for each phone of the text: 0 where they
        are the same, -inf where the text is too long for the recording.
    missing : float
        The largest gain in log-probability by leaving a word out, for each of its phones: a short word is easily
        overheard, a long one is not. missing_word is which one. -inf of a single word.
    missing_word : int
        Counted from 0.
    repeated : float
        The largest gain by saying a word twice in a row, for each of its phones; repeated_word is which one.
    repeated_word : int
        Counted from 0.
    cut : float
        The gain by leaving out the last six phones.
    added : float
        Phones on the best path that the text does not account for, over the phones of the text.
    """

    fit: float
    missing: float
    missing_word: int
    repeated: float
    repeated_word: int
    cut: float
    added: float


def verify(log_probabilities_EV: NDArray[np.float32], words: Words) -> TextFit:
    """Return how a recording fits the words of a text; one or more, each with a phone or more."""
    whole = join_words(words)
    without = [join_words([*words[:place], *words[place + 1 :]]) for place in range(len(words))] if words[1:] else []
    twice = [join_words([*words[: place + 1], *words[place:]]) for place in range(len(words))]
    shorter = whole[: max(1, len(whole) - _END_PHONES)]
    found = best_path(log_probabilities_EV)
    chances = text_log_probabilities(log_probabilities_EV, [whole, found, shorter, *twice, *without])
    own, best, cut = chances[:3]
    phones = sum(map(len, words))
    if not np.isfinite(own):
        return TextFit(-np.inf, -np.inf, 0, -np.inf, 0, -np.inf, 0.0)
    lengths = np.array([len(word) for word in words])
    repeats = (chances[3 : 3 + len(twice)] - own) / lengths
    misses = (chances[3 + len(twice) :] - own) / lengths[: len(without)]
    spoken = sum(label != BORDER for label in found)
    return TextFit(
        fit=float(own - best) / phones,
        missing=float(misses.max(initial=-np.inf)),
        missing_word=int(misses.argmax()) if misses.size else 0,
        repeated=float(repeats.max()),
        repeated_word=int(repeats.argmax()),
        cut=float(cut - own),
        added=max(0.0, (spoken - phones) / phones),
    )


def text_log_probabilities(
    log_probabilities_EV: NDArray[np.float32], texts: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Return the log-probability of each of several texts, over all paths, shape (K,); -inf where one does not fit.

    The forward algorithm of CTC, of all texts at once.
    """
    longest = 2 * max(len(text) for text in texts) + 1
    states_KS = np.full((len(texts), longest), BLANK, dtype=np.int64)
    last_K = np.array([2 * len(text) for text in texts])
    for row, text in enumerate(texts):
        states_KS[row, 1 : 2 * len(text) : 2] = text
    may_skip_KS = np.zeros(states_KS.shape, dtype=bool)
    may_skip_KS[:, 3::2] = states_KS[:, 3::2] != states_KS[:, 1:-2:2]
    barred_KS = np.where(may_skip_KS[:, 2:], 0.0, -np.inf)
    score_KS = np.full(states_KS.shape, -np.inf)
    score_KS[:, :2] = log_probabilities_EV[0][states_KS[:, :2]]
    padded = np.full((len(texts), longest + 2), -np.inf)
    for values_V in log_probabilities_EV[1:].astype(np.float64):
        padded[:, 2:] = score_KS
        step_KS = np.logaddexp(score_KS, padded[:, 1:-1])
        step_KS[:, 2:] = np.logaddexp(step_KS[:, 2:], score_KS[:, :-2] + barred_KS)
        score_KS = step_KS + values_V[states_KS]
    rows = np.arange(len(texts))
    final = score_KS[rows, last_K]
    either: NDArray[np.float64] = np.where(
        last_K > 0, np.logaddexp(final, score_KS[rows, np.maximum(last_K - 1, 0)]), final
    )
    return either

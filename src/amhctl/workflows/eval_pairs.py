"""The minimal pairs of ``eval``: a voice says words that differ in one phone; a recogniser tells them apart."""

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import ModelError, SynthesisError, TextError, VocabularyError
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.evaluation.minimal_pairs import PairResult, find_pairs, score_pair, shown
from amhctl.evaluation.scorecard import RULES as SCORECARD_RULES
from amhctl.evaluation.scorecard import UtteranceScore
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.recogniser.recognition import Recogniser


def speak_pairs(
    voice: CodeVoice | SpectrogramVoice,
    recogniser: Recogniser,
    count: int,
    *,
    seed: int,
    findings: list[Finding],
    progress: Progress,
) -> tuple[PairResult, ...]:
    """Let a voice say the words of so many pairs, one word at a time.

    Raises
    ------
    EvaluationError
        If the recogniser knows no pairs.
    """

    def recognise(word: str) -> NDArray[np.float32] | None:
        try:
            speech = voice.speak(word, SpeakOptions(seed=seed))
        except (SynthesisError, TextError, VocabularyError, ModelError) as fault:
            findings.append(SCORECARD_RULES.finding("E002", word, fault.message, fault.hint))
            return None
        return recogniser.log_probabilities(speech.waveform)

    pairs = find_pairs(recogniser.words, count)
    progress.start("minimal pairs", len(pairs), "pairs")
    results = []
    for pair in pairs:
        results.append(score_pair(pair, recognise))
        progress.advance()
    progress.finish()
    return tuple(results)


def pair_scores(results: tuple[PairResult, ...]) -> tuple[UtteranceScore, ...]:
    """Return a score for each pair."""
    return tuple(
        UtteranceScore(
            id=f"pair {'/'.join(each.pair.contrast)} {'/'.join(map(shown, each.pair.sounds))}",
            text=" ".join(each.pair.words),
            seconds=None,
            minimal_pairs=each.right,
        )
        for each in results
    )

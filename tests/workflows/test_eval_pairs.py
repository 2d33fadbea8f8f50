"""Twin of ``workflows/eval_pairs.py``: words are said one at a time, and what cannot be said is wrong."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import SynthesisError
from amhctl.core.findings import Finding
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.scorecard import build_scorecard
from amhctl.recogniser.labels import BLANK, LABELS, NUMBERS
from amhctl.recogniser.words import WordList
from amhctl.workflows.eval_pairs import pair_scores, speak_pairs

SOUNDS = {
    word: tuple(NUMBERS[phone] for phone in phones)
    for word, phones in {"ምርት": ("m", "ɨ", "r", "t"), "ምርጥ": ("m", "ɨ", "r", "tʼ")}.items()
}


class _Voice:
    """Says a word as its number; cannot say one of them."""

    def __init__(self, unspeakable: str = "") -> None:
        self._unspeakable = unspeakable

    def speak(self, text: str, _options: object) -> Any:
        if text == self._unspeakable:
            raise SynthesisError("it cannot be said")
        number = list(SOUNDS).index(text)
        return SimpleNamespace(waveform=Waveform(np.full(800, number, np.float32), 16_000))


class _Recogniser:
    words = WordList({"ምርት": 2, "ምርጥ": 1}, SOUNDS)

    def log_probabilities(self, waveform: Waveform) -> Any:
        sound = list(SOUNDS.values())[int(waveform.samples[0])]
        path = [frame for label in sound for frame in (label, label, BLANK)]
        chances = np.full((len(path), len(LABELS)), 1e-3)
        chances[np.arange(len(path)), path] = 0.9
        return np.log(chances)


@pytest.mark.parametrize(("unspeakable", "right"), [("", 1.0), ("ምርጥ", 0.5)])
def test_each_word_is_said_and_compared(unspeakable: str, right: float) -> None:
    findings: list[Finding] = []
    results = speak_pairs(
        cast("Any", _Voice(unspeakable)),
        cast("Any", _Recogniser()),
        5,
        seed=1,
        findings=findings,
        progress=SilentProgress(),
    )
    assert [each.right for each in results] == [right]
    assert [each.code for each in findings] == (["E002"] if unspeakable else [])
    metric = build_scorecard(pair_scores(results), seed=0).metric("minimal_pairs")
    assert metric is not None
    assert metric.estimate.value == right

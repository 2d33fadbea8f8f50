"""What a recogniser says against speech: which evidence becomes which finding."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.inference.self_check import CheckLimits, SelfCheck, judge_fit
from amhctl.recogniser.labels import BLANK, LABELS, join_words, word_labels
from amhctl.recogniser.recognition import Recogniser
from amhctl.recogniser.verification import TextFit

GOOD = TextFit(fit=-0.2, missing=-3.0, missing_word=0, repeated=-9.0, repeated_word=1, cut=-5.0, added=0.0)
LIMITS = CheckLimits(lowest_fit=-1.0, missing=2.0, repeated=2.0, cut=4.0, added=0.3)
PHONES = "səlam aləm ።"


class _Stub:
    """Recognises the same labels in whatever it is given."""

    name = "stub"

    def __init__(self, labels: tuple[int, ...]) -> None:
        path = [frame for label in labels for frame in (label, label, BLANK)]
        chances = np.full((len(path), len(LABELS)), 1e-3)
        chances[np.arange(len(path)), path] = 0.9
        self._values: NDArray[np.float32] = np.log(chances).astype(np.float32)

    def log_probabilities(self, waveform: Waveform) -> NDArray[np.float32]:
        if waveform.samples.size < 400:
            raise AudioError("too short")
        return self._values


def _check(labels: tuple[int, ...], samples: int = 16_000) -> list[str]:
    waveform = Waveform(np.zeros(samples, np.float32), 16_000)
    recogniser = cast("Recogniser", cast("Any", _Stub(labels)))
    return [each.code for each in SelfCheck(recogniser, LIMITS).check(waveform, PHONES, subject="ሰላም ዓለም")]


def test_speech_that_says_its_text_is_let_out() -> None:
    words = word_labels(PHONES)
    assert _check(join_words(words)) == []


def test_speech_that_does_not_is_refused() -> None:
    first, second = word_labels(PHONES)
    assert "S052" in _check(join_words([first]))
    assert "S053" in _check(join_words([first, second, second]))
    assert "S051" in _check(join_words(word_labels("tʼɨru nəw bət")))
    assert _check(first, samples=100) == ["S051"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"fit": -1.1}, "S051", "less probable"),
        ({"fit": -np.inf}, "S051", "less probable"),
        ({"missing": 2.1}, "S052", "word 1 (səlam)"),
        ({"cut": 4.1}, "S052", "last phones"),
        ({"repeated": 2.1}, "S053", "word 2 (aləm)"),
        ({"added": 0.4}, "S053", "40% more"),
    ],
)
def test_each_limit_has_its_finding(change: dict[str, float], code: str, message: str) -> None:
    (finding,) = judge_fit(replace(GOOD, **cast("Any", change)), LIMITS, PHONES.split(), subject="text")
    assert finding.code == code
    assert message in finding.message
    assert judge_fit(GOOD, LIMITS, PHONES.split(), subject="text") == ()

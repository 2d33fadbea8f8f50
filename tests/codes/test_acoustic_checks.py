"""Twin of ``codes/acoustic_checks.py``."""

from dataclasses import replace

import numpy as np
import pytest
from support.stores import ACOUSTICS

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.acoustic_checks import VoiceCount, VoiceStatistics, judge_acoustics
from amhctl.codes.index import StoredUtterance
from amhctl.corpus.records import Record

_ENTRY = StoredUtterance(
    record=Record(id="u", audio="u.wav", text="ሰላም", duration=1.0),
    part="1-of-1",
    frames=25,
    feature_frames=51,
    codes_offset=0,
    features_offset=0,
    sha256="",
    acoustic_frames=100,
)


def _acoustics(*pitches: float) -> Acoustics:
    return Acoustics(np.zeros((len(pitches), 6), np.float32), np.array(pitches, np.float32))


def test_the_figures_of_each_speaker() -> None:
    count = VoiceCount()
    count.add("b", _acoustics(100.0, 0.0), np.array([1.0, 0.0], np.float32))
    count.add("a", _acoustics(0.0), np.array([0.0, 1.0], np.float32))
    count.add("b", _acoustics(200.0, 200.0, 100.0), np.array([0.0, 1.0], np.float32))
    silent, speaking = count.statistics()
    assert silent == VoiceStatistics("a", 1, 0.0, None, None, 1.0)
    assert (speaking.speaker, speaking.clips, speaking.voiced) == ("b", 2, 0.8)
    # Half an octave up from 100 Hz, and half an octave around it.
    assert speaking.pitch == pytest.approx(100.0 * 2**0.5)
    assert speaking.spread == pytest.approx(6.0)
    assert speaking.cohesion == pytest.approx(0.5**0.5)


@pytest.mark.parametrize(("voiced", "frames", "codes"), [
    (5, 100, []), (4, 100, ["X119"]), (50, 101, []), (50, 102, ["X106"]), (0, 98, ["X119", "X106"]),
])  # fmt: skip
def test_pitch_and_length_are_judged(voiced: int, frames: int, codes: list[str]) -> None:
    acoustics = _acoustics(*[120.0] * voiced, *[0.0] * (frames - voiced))
    findings = list(judge_acoustics(replace(_ENTRY, acoustic_frames=frames), acoustics, ACOUSTICS))
    assert [finding.code for finding in findings] == codes
    assert {finding.subject for finding in findings} <= {"u"}


def test_without_a_duration_there_is_no_length_to_judge() -> None:
    entry = replace(_ENTRY, record=_ENTRY.record.model_copy(update={"duration": None}), acoustic_frames=3)
    assert list(judge_acoustics(entry, _acoustics(1.0, 1.0, 1.0), ACOUSTICS)) == []

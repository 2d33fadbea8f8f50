"""Segments become one waveform: in order, with their pauses, at one loudness; a second attempt is a finding."""

import pytest
from support.speechlike import vowel_train

from amhctl.audio.loudness import loudness
from amhctl.inference.speech import Attempt, Job, assemble_speech


def _job(place: int, pause: float) -> Job:
    return Job(place, f"segment {place}", pause, 4, (1, 2), None)  # type: ignore[arg-type]


def test_segments_are_joined_with_their_pauses() -> None:
    jobs = [_job(0, 0.5), _job(1, 0.2)]
    sounds = {place: Attempt(vowel_train(seconds=1.0 + place), True, ()) for place in (1, 0)}
    speech = assemble_speech(jobs, sounds, {0: 1, 1: 3})
    assert [segment.text for segment in speech.segments] == ["segment 0", "segment 1"]
    assert [segment.attempts for segment in speech.segments] == [1, 3]
    spoken = sum(segment.seconds for segment in speech.segments)
    assert speech.waveform.duration == pytest.approx(spoken + 0.5, abs=0.05)
    assert loudness(speech.waveform) == pytest.approx(-18.0, abs=0.2)
    assert [(finding.code, finding.subject) for finding in speech.findings] == [("S008", "segment 1")]


def test_one_attempt_each_is_no_finding() -> None:
    assert assemble_speech([_job(0, 0.0)], {0: Attempt(vowel_train(), True, ())}, {0: 1}).findings == ()

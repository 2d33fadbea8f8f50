"""Segments become chunks of one sound: in order, with their pauses, each at one loudness; a retry is a finding."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.findings import Finding, Severity
from amhctl.core.units import Seconds
from amhctl.inference.speech import Attempt, Chunk, Job, SpeechStream, gather, make_chunk
from amhctl.inference.stitching import Stitcher


def _chunks(pauses: list[float], attempts: list[int], level: float = 1.0) -> list[Chunk]:
    stitcher = Stitcher(16_000, -18.0)
    made = []
    for place, (pause, tried) in enumerate(zip(pauses, attempts, strict=True)):
        job = Job(place, f"segment {place}", Seconds(pause), 4, (1, 2), None)
        train = vowel_train(seconds=1.0 + place)
        sound = Attempt(Waveform(train.samples * np.float32(level), 16_000), True, ())
        made.append(make_chunk(stitcher, job, sound, tried, last=place == len(pauses) - 1))
    return made


def test_segments_follow_each_other_with_their_pauses() -> None:
    chunks = _chunks([0.5, 0.2], [1, 3])
    assert [chunk.segment.text for chunk in chunks] == ["segment 0", "segment 1"]
    assert [chunk.segment.attempts for chunk in chunks] == [1, 3]
    first, second = (chunk.segment for chunk in chunks)
    assert first.start == 0.0
    assert second.start == pytest.approx(first.seconds + 0.5, abs=0.05)
    assert [chunk.finding and (chunk.finding.code, chunk.finding.subject) for chunk in chunks] == [
        None,
        ("S008", "segment 1"),
    ]


@pytest.mark.parametrize("level", [0.05, 1.0])
def test_each_segment_has_the_loudness_of_spoken_programmes(level: float) -> None:
    for chunk in _chunks([0.0, 0.0], [1, 1], level):
        assert loudness(chunk.waveform) == pytest.approx(-18.0, abs=0.1)


def test_all_of_a_stream_is_gathered() -> None:
    unspoken = Finding("T002", Severity.WARNING, "text", "not spoken")
    chunks = _chunks([0.5, 0.2], [1, 2])
    speech = gather(SpeechStream(2, 16_000, (unspoken,), iter(chunks)))
    np.testing.assert_array_equal(speech.waveform.samples, np.concatenate([chunk.waveform.samples for chunk in chunks]))
    assert speech.segments == tuple(chunk.segment for chunk in chunks)
    assert [finding.code for finding in speech.findings] == ["T002", "S008"]

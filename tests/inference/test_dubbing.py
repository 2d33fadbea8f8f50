"""Subtitles spoken in their times."""

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import any_speech

from amhctl.core.errors import SynthesisError, TextError
from amhctl.inference.dubbing import DubbedChunk, stream_cues
from amhctl.inference.longtext import Position, Role
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.text.subtitles import Cue

LONG = "ልጆች ወደ ትምህርት ቤት ሄዱ እና ተመለሱ።"


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> SpectrogramVoice:
    return load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))


def dubbed(voice: SpectrogramVoice, cues: list[Cue], after: Position | None = None) -> list[DubbedChunk]:
    return list(stream_cues(Role(voice), cues, any_speech(), fastest=1.5, after=after))


def test_each_cue_begins_at_its_time(voice: SpectrogramVoice) -> None:
    one, two = dubbed(voice, [Cue(1.0, 9.0, "ሰላም።"), Cue(20.0, 40.0, f"{LONG} {LONG}", place="a:5")])
    assert (one.segment.start, two.segment.start) == pytest.approx((1.0, 20.0), abs=1e-3)
    assert one.lead == voice.sample_rate
    size = one.lead + one.waveform.samples.size
    assert (size + two.lead) / voice.sample_rate == pytest.approx(20.0, abs=1e-3)
    assert two.segment.words[0].start >= 20.0
    assert len(two.segment.words) == 14
    assert (one.findings, two.findings, one.speed, two.last) == ((), (), 1.0, True)


def test_what_does_not_fit_is_faster_and_then_late(voice: SpectrogramVoice) -> None:
    (plain,) = dubbed(voice, [Cue(0.0, 100.0, LONG)])
    seconds = plain.waveform.duration
    (faster,) = dubbed(voice, [Cue(0.0, seconds / 1.2, LONG)])
    assert 1.0 < faster.speed < 1.5
    assert faster.waveform.duration <= seconds / 1.2
    assert faster.findings == ()
    fast, late = dubbed(voice, [Cue(0.0, seconds / 4, LONG, place="a:1"), Cue(seconds / 4, 100.0, "ሰላም።", place="a:2")])
    assert fast.speed == 1.5
    assert [(one.code, one.subject) for chunk in (fast, late) for one in chunk.findings] == [
        ("S022", "a:1"),
        ("S022", "a:2"),
    ]
    assert "late at 1.50 times the speed" in fast.findings[0].message
    assert (late.lead, late.segment.start) == (0, pytest.approx(fast.waveform.duration))


def test_dubbing_that_is_continued_is_the_same(voice: SpectrogramVoice) -> None:
    cues = [Cue(0.5, 2.0, "ሰላም።"), Cue(2.0, 3.0, "? ?"), Cue(3.0, 4.0, LONG), Cue(9.0, 12.0, "ዓለም።")]
    whole = dubbed(voice, cues)
    assert len(whole) == 3
    rest = dubbed(voice, cues, after=whole[0].position)
    for one, other in zip(whole[1:], rest, strict=True):
        np.testing.assert_array_equal(one.waveform.samples, other.waveform.samples)
        assert (one.segment, one.lead, one.findings) == (other.segment, other.lead, other.findings)
    assert [finding.code for finding in whole[1].findings][:1] == ["T001"]


def test_what_cannot_be_dubbed_is_refused(voice: SpectrogramVoice) -> None:
    with pytest.raises(TextError, match="nothing speakable"):
        dubbed(voice, [Cue(0.0, 1.0, "...")])
    with pytest.raises(TextError, match="more than an hour of silence"):
        dubbed(voice, [Cue(4000.0, 4001.0, "ሰላም።", place="a:1")])
    with pytest.raises(SynthesisError, match="not between 1 and 2"):
        next(stream_cues(Role(voice), [Cue(0.0, 1.0, "ሰላም።")], fastest=3.0))

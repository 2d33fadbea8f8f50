"""What ``speak`` says of what it did."""

from dataclasses import replace
from pathlib import Path

from amhctl.core.units import Seconds
from amhctl.inference.speech import SpokenSegment
from amhctl.workflows.speak_report import SpeakReport, StreamReport

SEGMENT = SpokenSegment("ሰላም።", Seconds(0.0), Seconds(0.5), Seconds(0.1), 3, 1, True, "ሰላም።")
REPORT = SpeakReport(Path("a.mp3"), None, Seconds(2.0), 0.25, (SEGMENT, SEGMENT), (), None)


def test_each_result_has_its_line() -> None:
    assert list(REPORT.lines()) == ["a.mp3: 2.00 s, 2 segments, real-time factor 0.25"]
    assert next(iter(replace(REPORT, precision="bf16").lines())).endswith("real-time factor 0.25, bf16")
    full = replace(REPORT, chapters=(("ሀ", Seconds(0.0)),), subtitles=Path("a.srt"), resumed=1)
    assert list(full.lines())[1:] == ["chapters: 1", "resumed: 1 segments had been spoken before", "a.srt: subtitles"]
    payload = full.payload()
    assert payload["chapters"] == [{"title": "ሀ", "start": 0.0}]
    assert (payload["subtitles"], payload["resumed"], payload["files"]) == ("a.srt", 1, [])
    assert payload["precision"] == "fp32"


def test_a_stream_says_nothing_but_what_was_found() -> None:
    report = StreamReport(iter(()), [])
    assert (report.payload(), list(report.lines()), report.findings) == ({}, [], ())

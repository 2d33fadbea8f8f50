"""Spoken segments as subtitles and JSON."""

import json

from amhctl.core.units import Seconds
from amhctl.inference.captions import find_cues, format_captions, note_words
from amhctl.inference.speech import SpokenSegment
from amhctl.inference.wordtimes import TimedWord

WORDS = (TimedWord("2,500", Seconds(0.1), Seconds(0.9), 0), TimedWord("ብር።", Seconds(1.0), Seconds(1.2), 6))
SEGMENTS = (
    SpokenSegment(
        "ሁለት ሺህ አምስት መቶ ብር።",
        Seconds(0.0),
        Seconds(1.3),
        Seconds(0.4),
        9,
        1,
        True,
        "2,500 ብር።",
        WORDS,
        (("m", Seconds(0.5)),),
    ),
    SpokenSegment("ሰላም።", Seconds(1.25), Seconds(0.5), Seconds(0.1), 3, 1, True),
)


def test_subtitles_are_as_written_and_do_not_overlap() -> None:
    one, two = find_cues(SEGMENTS)
    assert (one.text, one.start, one.end) == ("2,500 ብር።", 0.0, 1.25)
    assert (two.text, two.end, two.words) == ("ሰላም።", 1.75, ())


def test_json_has_everything() -> None:
    document = json.loads("".join(format_captions(SEGMENTS, "json", 1.75)))
    assert document["seconds"] == 1.75
    assert document["segments"][0] == {
        "text": "2,500 ብር።",
        "spoken": "ሁለት ሺህ አምስት መቶ ብር።",
        "start": 0.0,
        "end": 1.3,
        "words": [{"text": "2,500", "start": 0.1, "end": 0.9}, {"text": "ብር።", "start": 1.0, "end": 1.2}],
        "marks": [{"name": "m", "time": 0.5}],
    }
    assert len(document["segments"]) == 2


def test_each_format_begins_as_its_kind_does() -> None:
    begins = {"srt": "1\n00:00:00,000 --> 00:00:01,250\n2,500 ብር።\n", "vtt": "WEBVTT\n", "textgrid": "File type"}
    for wanted, begin in begins.items():
        assert "".join(format_captions(SEGMENTS, wanted, 2.0)).startswith(begin)  # type: ignore[arg-type]


def test_missing_times_of_words_are_a_finding() -> None:
    assert [finding.code for finding in note_words(SEGMENTS, "m")] == ["S021"]
    assert note_words(SEGMENTS[:1], "m") == ()

"""SubRip and WebVTT in and out, TextGrid out."""

import pytest

from amhctl.core.errors import TextError
from amhctl.text.subtitles import Cue, Timed, format_srt, format_textgrid, format_vtt, parse_subtitles

CUES = (
    Cue(0.5, 1.25, "ሰላም ዓለም።", (Timed(0.6, 0.9, "ሰላም"), Timed(0.95, 1.2, "ዓለም።"))),
    Cue(3661.0, 3662.0004, 'a < b & "c"'),
)


@pytest.mark.parametrize("write", [format_srt, format_vtt])
def test_what_is_written_is_read_again(write: object) -> None:
    content = "".join(write(CUES))  # type: ignore[operator]
    cues = parse_subtitles(content, "x")
    assert [(cue.start, round(cue.end, 2), cue.text) for cue in cues] == [
        (0.5, 1.25, "ሰላም ዓለም።"), (3661.0, 3662.0, 'a < b & "c"'),
    ]  # fmt: skip


def test_a_cue_of_webvtt_has_the_time_of_each_word_after_the_first() -> None:
    assert "00:00:00.500 --> 00:00:01.250\nሰላም <00:00:00.950>ዓለም።\n" in "".join(format_vtt(CUES))


def test_what_other_programs_write_is_read() -> None:
    srt = (
        "\ufeff1\r\n00:00:01,5 --> 00:00:02,500  X1:1\r\n<i>ሰላም</i>\r\n{\\an8}ዓለም\r\n\r\n\r\n"
        "2\r\n00:00:00,100 --> 00:00:00,900\r\nቀዳሚ\r\n"
    )
    assert [(cue.start, cue.text, cue.place) for cue in parse_subtitles(srt, "a.srt")] == [
        (0.1, "ቀዳሚ", "a.srt:8"), (1.5, "ሰላም ዓለም", "a.srt:2"),
    ]  # fmt: skip
    vtt = (
        "WEBVTT - title\n\nNOTE no\n\nSTYLE\n::cue {}\n\nid\n01:02.000 --> 01:03.000 line:0\n<v አበበ>a &amp; b\n\n"
        "00:00:05.000 --> 00:00:06.000\n"
    )
    assert [(cue.start, cue.text) for cue in parse_subtitles(vtt, "a.vtt")] == [(62.0, "a & b")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no subtitles"),
        ("WEBVTT\n", "no subtitles"),
        ("ሰላም\n", "no time"),
        ("1\n00:00:02,000 --> 00:00:01,000\nሰላም", "ends before it begins"),
        ("1\n00:00:xx,000 --> 00:00:01,000\nሰላም", "is no time of a subtitle"),
        ("1\n99999999:00:00,000 --> 00:00:01,000\nሰላም", "is no time of a subtitle"),
    ],
)
def test_what_is_no_subtitle_file_is_refused_with_its_line(content: str, message: str) -> None:
    with pytest.raises(TextError, match=message) as refusal:
        parse_subtitles(content, "a.srt")
    assert refusal.value.subject.startswith("a.srt")


def test_the_intervals_of_a_textgrid_leave_nothing_between_them() -> None:
    content = "".join(format_textgrid((*CUES[:1], Cue(1.25, 2.0, 'the "end"')), 3.0))
    assert 'name = "words"' in content
    assert 'text = "the ""end"""' in content
    segments = content.partition("item [2]:")[0]
    numbers = [
        line.split("=")[1].strip() for line in segments.splitlines() if line.strip().startswith(("xmin", "xmax"))
    ]
    edges = [float(number) for number in numbers[4:]]
    assert edges == [0.0, 0.5, 0.5, 1.25, 1.25, 2.0, 2.0, 3.0]
    assert "intervals: size = 4" in segments

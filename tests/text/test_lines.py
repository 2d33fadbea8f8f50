"""Paragraphs, headings, pauses; a text in any pieces gives the same lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.lines import LONGEST_SILENCE, Line, parse_silence, read_lines, split_pieces


def texts_of(text: str) -> list[str]:
    return [line.text for line in read_lines(split_pieces(text))]


def test_a_blank_line_ends_a_paragraph_and_a_line_end_does_not() -> None:
    lines = list(read_lines(split_pieces("ሰላም\nዓለም።\n \n\nሁለት።\n")))
    assert [(line.text, line.paragraph, line.offset) for line in lines] == [
        ("ሰላም\nዓለም።", True, 0),
        ("ሁለት።", True, 12),
    ]


def test_a_paragraph_is_known_before_the_next_one_is_read() -> None:
    def pieces() -> object:
        yield "ሰላም።\n"
        yield "\n"
        raise AssertionError("read too far")

    assert next(read_lines(pieces())).text == "ሰላም።"  # type: ignore[arg-type]


def test_headings_begin_chapters_where_they_are_asked_for() -> None:
    text = "መግቢያ።\n# ምዕራፍ አንድ\nሰላም።\n\n## ሁለት\n"
    lines = list(read_lines(split_pieces(text), "headings"))
    assert [(line.text, line.chapter) for line in lines] == [
        ("መግቢያ።", None), ("ምዕራፍ አንድ", "ምዕራፍ አንድ"), ("ሰላም።", None), ("ሁለት", "ሁለት"),
    ]  # fmt: skip
    assert all(line.text in text[line.offset :][: len(line.text)] for line in lines)
    assert [line.chapter for line in read_lines(split_pieces(text))] == [None, None]
    assert [line.chapter for line in read_lines(split_pieces("አንድ።\n\nሁለት።"), "paragraphs")] == ["አንድ።", "ሁለት።"]


@pytest.mark.parametrize("pause", ["[pause:60s]", "[pause: 1 s]", "ሀ[pause:1s]"])
def test_a_paragraph_is_never_cut_inside_of_a_pause(pause: str) -> None:
    lines = list(read_lines(split_pieces(f"{pause * 1_000}ሀ")))
    assert "".join(line.text for line in lines).strip("ሀ ") == ""
    assert not any(line.findings for line in lines)


def test_a_pause_is_silence_before_what_follows() -> None:
    lines = list(read_lines(["ሰላም [pause:1.5s] ዓለም[PAUSE:300ms][pause:1]ነው።"]))
    assert [(line.text.strip(), line.before, line.paragraph) for line in lines] == [
        ("ሰላም", None, True), ("ዓለም", 1.5, False), ("ነው።", 1.3, False),
    ]  # fmt: skip
    assert [(line.text, line.before) for line in read_lines(["ሰላም።[pause:2s]"])] == [("ሰላም።", None), ("", 2.0)]


@pytest.mark.parametrize("written", ["x", "", "61s", "-1s", "1e9", "1 h", "nan"])
def test_a_pause_that_is_none_is_a_finding_and_is_not_said(written: str) -> None:
    (line,) = read_lines([f"ሰላም [pause:{written}] ዓለም።"])
    assert "pause" not in line.text
    assert line.text.split() == ["ሰላም", "ዓለም።"]
    assert [(finding.code, finding.subject) for finding in line.findings] == [("T004", "text, character 5")]


def test_silence_is_read_in_seconds_and_milliseconds() -> None:
    written = ("1.5s", "300ms", "2", ".5s", f"{LONGEST_SILENCE:g}s", "60.1s", "")
    assert [parse_silence(each) for each in written] == [1.5, 0.3, 2.0, 0.5, LONGEST_SILENCE, None, None]


def test_a_book_on_one_line_is_cut_after_sentences() -> None:
    lines = list(read_lines(["ሰላም ዓለም ነው። " * 1000]))
    assert len(lines) > 5
    assert all(line.text.rstrip().endswith("።") for line in lines)
    assert [line.paragraph for line in lines] == [True] + [False] * (len(lines) - 1)
    assert max(map(len, texts_of("ሰ" * 5000))) == 2000


@given(st.text(alphabet="ሀለ። \n#[pause:1s]", max_size=200), st.integers(1, 9))
def test_however_a_text_comes_nothing_of_it_is_lost(text: str, size: int) -> None:
    # Pieces end with a line or in the middle of one.
    pieces = [part for line in split_pieces(text) for part in (line[:size], line[size:]) if part]
    lines: list[Line] = list(read_lines(pieces))
    assert all(line.text == text[line.offset :][: len(line.text)] for line in lines if "[pause" not in text)
    kept = "".join("".join(line.text.split()) for line in lines)
    assert [letter for letter in kept if letter in "ሀለ"] == [letter for letter in text if letter in "ሀለ"]

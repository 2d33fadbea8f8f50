"""What is to be said, from wherever it comes."""

import io
import os
import threading
from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.workflows import speak_source
from amhctl.workflows.speak_request import SpeakRequest
from amhctl.workflows.speak_source import choose_input, open_source


def request_of(**given: object) -> SpeakRequest:
    return SpeakRequest(output=None, **given)  # type: ignore[arg-type]


def test_the_suffix_says_what_a_file_is_unless_it_is_said() -> None:
    named = {
        "a.txt": "text",
        "a": "text",
        "a.SRT": "srt",
        "a.vtt": "vtt",
        "a.epub": "epub",
        "a.htm": "html",
        "a.ssml": "ssml",
    }
    assert {name: choose_input(request_of(file=Path(name))) for name in named} == named
    assert choose_input(request_of(file=Path("a.srt"), input_format="text")) == "text"
    assert choose_input(request_of(text="ሀ")) == "text"


def test_a_stream_is_read_no_further_than_needed() -> None:
    class Stream(io.StringIO):
        read_lines = 0

        def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
            Stream.read_lines += 1
            return super().readline(size)

    source = open_source(request_of(stream=Stream("\n\nሰላም።\n\nዓለም።\n\n" + "ቀን።\n\n" * 100)))
    assert (source.head, source.characters, source.can_resume) == ("ሰላም።\n", None, False)
    assert next(source.lines()).text == "ሰላም።"
    assert Stream.read_lines == 4


@pytest.mark.parametrize("before", ["", "\n\n  ", "\ufeff", '<?xml version="1.0"?>\n'])
def test_a_stream_that_begins_as_ssml_is_ssml(before: str) -> None:
    text = before + '<speak>ሰላም\n<break time="1s"/>\nዓለም</speak>\n'
    lines = [*open_source(request_of(stream=io.StringIO(text))).lines()]
    assert lines == [*open_source(request_of(text=text.strip())).lines()]
    assert [line.before for line in lines] == [None, 1.0]
    plain = open_source(request_of(stream=io.StringIO(text), input_format="text"))
    assert not any(line.before for line in plain.lines())
    with pytest.raises(TextError, match="not well-formed"):
        open_source(request_of(stream=io.StringIO(before + "<speak>ሰላም")))


def test_a_file_knows_its_length_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\ufeff\n\nሰላም።\r\n\r\nዓለም።\n", encoding="utf-8")
    source = open_source(request_of(file=path))
    assert (source.head, source.characters, source.can_resume) == ("ሰላም።\n\nዓለም።\n", 13, True)
    for _ in range(2):
        assert [line.text for line in source.lines()] == ["ሰላም።", "ዓለም።"]


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_text("ሰላም።\n\nዓለም።\n", encoding="utf-8"))
    writer.start()
    source = open_source(request_of(file=path))
    writer.join()
    assert (source.can_resume, [line.text for line in source.lines()]) == (False, ["ሰላም።", "ዓለም።"])
    writer = threading.Thread(target=lambda: path.write_text("<speak>ሰላም <break time='1s'/>ዓለም</speak>", "utf-8"))
    writer.start()
    assert [line.before for line in open_source(request_of(file=path)).lines()] == [None, 1.0]
    writer.join()


def test_subtitles_ssml_and_pages_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nሰላም\n", encoding="utf-8")
    cues = open_source(request_of(file=path)).cues
    assert cues is not None
    assert cues[0].place == f"{path}:2"
    source = open_source(request_of(text="<speak>ሰላም</speak>", input_format="ssml"))
    assert [line.text for line in source.lines()] == ["ሰላም"]
    source = open_source(request_of(stream=io.StringIO("<p>ሰላም<p>ዓለም"), input_format="html"))
    assert [line.text for line in source.lines()] == ["ሰላም", "ዓለም"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n", "empty"),
        ("a.txt", b"\xff\xfe", "not UTF-8 at byte 0"),
        ("a.html", b"<p></p>", "empty"),
        ("a.ssml", b"", "empty"),
        ("a.ssml", b"<speak/>", "empty"),
        ("a.srt", b"", "empty"),
        ("a.epub", b"", "no EPUB"),
    ],
)
def test_a_file_with_nothing_to_say_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TextError, match=message):
        open_source(request_of(file=path))


@pytest.mark.parametrize("name", ["a.txt", "a.srt", "a.epub", "a.html"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TextError, match="does not exist"):
        open_source(request_of(file=tmp_path / name))
    (tmp_path / name).mkdir()
    with pytest.raises(TextError, match="is a folder"):
        open_source(request_of(file=tmp_path / name))


def test_documents_that_are_read_whole_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speak_source, "_MOST_BYTES", 10)
    path = tmp_path / "a.ssml"
    path.write_text("<speak>ሰላም</speak>", encoding="utf-8")
    for request in (request_of(file=path), request_of(stream=io.StringIO("<speak>ሰላም</speak>"), input_format="ssml")):
        with pytest.raises(TextError, match="longer than"):
            open_source(request)


def test_a_book_needs_a_file() -> None:
    with pytest.raises(TextError, match="read from a file"):
        open_source(request_of(text="x", input_format="epub"))

"""A text as it is given: SSML is known by its beginning, and a plain text is read as it is."""

import pytest

from amhctl.core.errors import TextError
from amhctl.text.passage import kind_of, passage_of, read_passage


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<speak>ሰላም</speak>", "ssml"),
        ("\ufeff\n <speak version='1.1'>ሰላም</speak>", "ssml"),
        ('<?xml version="1.0"?>\n<speak>ሰላም</speak>', "ssml"),
        ("<speak/>", "ssml"),
        ("<speaker>ሰላም</speaker>", "text"),
        ("ሰላም <speak>", "text"),
        ("<!DOCTYPE speak><speak/>", "text"),
        ("", "text"),
    ],
)
def test_ssml_begins_with_speak(content: str, kind: str) -> None:
    assert kind_of(content) == kind


def test_lines_can_be_had_again_and_the_head_has_no_markup() -> None:
    passage = read_passage('<speak>ሰላም<break time="1s"/> <foo>ዓለም</foo></speak>')
    assert [line.text.strip() for line in passage.lines()] == ["ሰላም", "ዓለም"]
    assert [*passage.lines()] == [*passage.lines()]
    assert passage.head.split() == ["ሰላም", "ዓለም"]
    plain = read_passage("<speak>ሰላም</speak>", "text")
    assert [line.text for line in plain.lines()] == ["<speak>ሰላም</speak>"]
    assert read_passage("ሰላም።\r\n\r\nዓለም። [pause:1s] ቀን።").characters == 27
    assert [line.before for line in read_passage("ሰላም [pause:1s] ቀን").lines()] == [None, 1.0]


def test_nothing_to_say_is_refused() -> None:
    for content in (" \n", "<speak> <break/> </speak>"):
        with pytest.raises(TextError, match="the text is empty"):
            read_passage(content)
    with pytest.raises(TextError, match="the text is empty"):
        passage_of((), "book.html")
    with pytest.raises(TextError, match="not well-formed"):
        read_passage("<speak>ሰላም")

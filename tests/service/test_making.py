"""A request becomes the sound that ``amhctl speak`` writes for the same text, byte for byte."""

from typing import Any

import pytest
from support.services import bundled_voice

from amhctl.core.errors import TextError
from amhctl.core.progress import SilentProgress
from amhctl.service.aliases import Aliases
from amhctl.service.body import SpeechBody
from amhctl.service.delivery import Piece
from amhctl.service.making import make_speech
from amhctl.service.shelf import Shelf
from amhctl.workflows import speak
from amhctl.workflows.speak_request import SpeakRequest

MARKUP = (
    '<speak>ሰላም <foo>ዓለም።</foo><break time="300ms"/><p><prosody rate="120%" pitch="+1st">ዛሬ</prosody> ጥሩ ቀን ነው።</p>'
    '<voice name="alffa-11">እሺ።</voice></speak>'
)


def pieces_of(voice: str = "m01", aliases: Aliases | None = None, **body: Any) -> list[Piece]:
    shelf = Shelf([bundled_voice()], aliases)
    asked = SpeechBody.model_validate({"model": "m01", "voice": voice, **body})
    return [*make_speech(shelf, shelf.require_voice("m01", voice), asked, "wav")]


def spoken(text: str, person: str | None = None, **options: Any) -> bytes:
    request = SpeakRequest(output=None, text=text, options=speak.SpeakOptions(person=person, **options))
    report = speak.run(request, SilentProgress())
    assert isinstance(report, speak.StreamReport)
    return b"".join(report.raw)


@pytest.mark.parametrize("text", ["ሰላም። [pause:500ms] ዓለም።\n\nዛሬ ጥሩ ቀን ነው።", MARKUP])
def test_the_server_says_what_speak_writes(text: str) -> None:
    assert b"".join(piece.content for piece in pieces_of(input=text)) == spoken(text)
    faster = pieces_of("alffa-11", input=text, speed=1.25, seed=3, pitch=1.0)
    assert b"".join(piece.content for piece in faster) == spoken(text, "alffa-11", speed=1.25, seed=3, pitch=1.0)


def test_what_is_not_understood_anywhere_is_told_with_the_first_piece() -> None:
    first, *others = pieces_of(input="<speak>ሰላም።<foo>ዓለም።</foo><break time='9x'/> <bar/>ቀን።</speak>")
    assert [finding.message.split()[0] for finding in first.findings] == ["<foo>", "'9x'", "<bar>"]
    assert not any(piece.findings for piece in others)
    first, *_ = pieces_of(input="ሰላም። [pause:long] ዓለም።")
    assert [finding.code for finding in first.findings] == ["T004"]


def test_aliases_are_voices_of_markup_too() -> None:
    own = pieces_of(input="<speak>ሰላም።<voice name='alffa-11'>ዓለም።</voice></speak>")
    named = pieces_of(input="<speak>ሰላም።<voice name='her'>ዓለም።</voice></speak>", aliases=Aliases({"her": "alffa-11"}))
    assert [piece.content for piece in own] == [piece.content for piece in named]
    assert not named[0].findings
    nobody = pieces_of(input="<speak>ሰላም።<voice name='her'>ዓለም።</voice></speak>")
    assert [finding.code for piece in nobody for finding in piece.findings] == ["S020"]


@pytest.mark.parametrize("text", ["<speak>" + "ሰ <break time='60s'/>" * 11 + "</speak>", "ሰላም [pause:60s] " * 11])
def test_a_text_of_pauses_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="asks for 660 s of pauses, and this server makes 600 s at most"):
        pieces_of(input=text)


def test_ssml_that_cannot_be_read_is_refused() -> None:
    for content in ("<speak>ሰላም", "<!DOCTYPE a [<!ENTITY b 'c'>]><speak>&b;</speak>", "<speak>" + "<p>" * 99):
        with pytest.raises(TextError):
            pieces_of(input=content, input_type="ssml")

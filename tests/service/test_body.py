"""Bodies: strict, and of OpenAI's names."""

import pytest
from pydantic import ValidationError

from amhctl.service.body import ReadingBody, SpeechBody

LEAST = {"model": "m01", "input": "ሰላም", "voice": "m01"}


def test_what_is_not_said_is_what_the_api_says() -> None:
    body = SpeechBody.model_validate(LEAST)
    assert (body.response_format, body.speed, body.stream_format, body.lexicon) == ("mp3", 1.0, "audio", {})
    assert SpeechBody.model_validate({**LEAST, "voice": {"id": "alffa-11"}}).voice_name == "alffa-11"


@pytest.mark.parametrize(
    "change",
    [
        {"input": ""},
        {"input": 5},
        {"input": "\ud800"},
        {"model": "m" * 201},
        {"speed": "1"},
        {"speed": float("nan")},
        {"speed": True},
        {"seed": -1},
        {"seed": 2**63},
        {"response_format": "aiff"},
        {"stream_format": "chunks"},
        {"lexicon": {"a": 1}},
        {"lexicon": {str(number): "ሰ" for number in range(501)}},
        {"lexicon": {"ሰ" * 201: "ሰ"}},
        {"lexicon": [["a", "b"]]},
        {"output": "/etc/passwd"},
    ],
)
def test_everything_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SpeechBody.model_validate({**LEAST, **change})


def test_a_reading_needs_no_voice() -> None:
    assert ReadingBody.model_validate({"model": "m01", "input": "ሰላም"}).lexicon == {}
    with pytest.raises(ValidationError):
        ReadingBody.model_validate(LEAST)

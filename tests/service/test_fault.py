"""Faults: each kind of error has its status; what only a bug can raise says nothing of the server."""

import pytest

from amhctl.core.errors import MissingExtra, ShortageError, SynthesisError, TextError, UnspeakableError
from amhctl.service.fault import RequestError, refusal_of, refusal_of_body


@pytest.mark.parametrize(
    ("error", "status", "param"),
    [
        (RequestError(429, "full", "rate_limit_exceeded"), 429, None),
        (UnspeakableError("bad", subject="ሰላም"), 422, "input"),
        (TextError("empty", subject="text"), 400, "input"),
        (SynthesisError("too fast", subject="speed"), 400, "speed"),
        (TextError("faulty", subject="lexicon"), 400, "lexicon"),
        (ShortageError("full"), 503, None),
        (MissingExtra("none"), 503, None),
        (MemoryError(), 503, None),
        (RuntimeError("/home/me/secret"), 500, None),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int, param: str | None) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.param) == (status, param)
    assert "secret" not in refusal.message


def test_hints_about_the_command_line_are_left_out() -> None:
    said = TextError("unread", hint="add them to a lexicon")
    assert refusal_of(said).message == "unread; add them to a lexicon"
    assert refusal_of(TextError("unread", hint="--allow-unspoken skips them")).message == "unread"


def test_the_first_fault_of_a_body_is_named() -> None:
    missing = {"type": "missing", "loc": ("body", "voice"), "msg": "Field required"}
    assert refusal_of_body([missing]).document()["error"] == {
        "message": "voice: Field required",
        "type": "invalid_request_error",
        "param": "voice",
        "code": "missing_field",
    }
    assert refusal_of_body([{"type": "json_invalid", "loc": ("body", 1), "msg": ""}]).code == "invalid_json"
    assert refusal_of_body([{"type": "model_attributes_type", "loc": ("body",), "msg": ""}]).code == "invalid_json"
    assert len(refusal_of_body([{**missing, "msg": "x" * 9_999}]).message) == 500

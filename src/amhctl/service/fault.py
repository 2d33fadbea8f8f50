"""What is wrong with a request, from whatever finds it to the answer in the form of OpenAI's API."""

from collections.abc import Mapping, Sequence
from typing import Any

from amhctl.core.errors import AmhctlError, MissingExtra, ShortageError, UnspeakableError
from amhctl.web.refusal import Refusal

_FIELDS = {"lexicon": "lexicon", "speed": "speed", "pitch": "pitch", "text": "input"}


class RequestError(Exception):
    """A request that is refused.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        What is wrong, and what to do.
    code : str
        The same, for programs.
    param : str | None
        The field that is wrong.
    headers : Mapping[str, str] | None
        Further headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.refusal = Refusal(status, message, code, param, headers or {})


def refusal_of(error: BaseException) -> Refusal:
    """Return the answer to a request that ended with an error; what only a bug can raise says nothing more."""
    if isinstance(error, RequestError):
        return error.refusal
    if isinstance(error, UnspeakableError):
        return Refusal(422, _told(error), "speech_not_good", "input")
    if isinstance(error, ShortageError | MissingExtra | MemoryError):
        return Refusal(503, "the server lacks memory or a library for this request", "server_short")
    if isinstance(error, AmhctlError):
        return Refusal(400, _told(error), "invalid_value", _FIELDS.get(error.subject, "input"))
    return Refusal(500, "an error in the server: its log says more", "internal_error")


def refusal_of_body(faults: Sequence[Mapping[str, Any]]) -> Refusal:
    """Return the answer to a body that has faults, as pydantic finds them; the first is named."""
    fault = faults[0]
    if fault["type"] == "json_invalid":
        return Refusal(400, f"the body is not JSON: {fault.get('ctx', {}).get('error', 'damaged')}", "invalid_json")
    place = [str(part) for part in fault["loc"][1:]]
    if not place:
        return Refusal(
            400,
            "the body is not a JSON object: send one, with the header Content-Type: application/json",
            "invalid_json",
        )
    code = {"missing": "missing_field", "extra_forbidden": "unknown_field"}.get(fault["type"], "invalid_value")
    return Refusal(400, f"{'.'.join(place)}: {fault['msg']}"[:500], code, place[0])


def _told(error: AmhctlError) -> str:
    """Return what happened and what to do; options are named as a command line has them, fields are not."""
    hint = "" if "--" in error.hint else error.hint
    return f"{error.message}; {hint}" if hint else error.message

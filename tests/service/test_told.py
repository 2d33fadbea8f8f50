"""Findings for programs: objects, and headers that are never too long or no ASCII."""

import json

from amhctl.service.access import FINDINGS_COUNT_HEADER, FINDINGS_HEADER
from amhctl.service.told import headers_of, told_of
from amhctl.text.lines import RULES


def test_headers_hold_as_much_as_fits_and_how_much_there_is() -> None:
    one = RULES.finding("T004", "text, line 1", "<ጎ\r\n> is not understood", "see docs/speaking.md")
    headers = headers_of([one])
    assert json.loads(headers[FINDINGS_HEADER]) == [told_of(one)]
    many = headers_of([RULES.finding("T004", f"text, line {number}", "ጎ" * 500) for number in range(100)])
    assert many[FINDINGS_COUNT_HEADER] == "100"
    assert 1 <= len(json.loads(many[FINDINGS_HEADER])) < 100
    for value in (*headers.values(), *many.values()):
        assert len(value) <= 2_002
        assert value.isascii()
        assert value.isprintable()
    assert headers_of([]) == {}


def test_hints_at_options_of_the_command_line_are_left_out() -> None:
    assert told_of(RULES.finding("T004", "a", "b", "try --speed 1"))["hint"] == ""
    assert told_of(RULES.finding("T004", "a", "b", "write less"))["hint"] == "write less"

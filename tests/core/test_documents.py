"""Documents are read within limits, and whatever is wrong with one is one kind of error."""

import io
import os
from pathlib import Path

import pytest

from amhctl.core.documents import (
    MOST_DEPTH,
    limited_lines,
    parse_json,
    parse_toml,
    parse_toml_value,
    read_json,
    read_limited,
    read_toml,
)
from amhctl.core.errors import DocumentError


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, -2.5, true, null, "ሰላም"]}', {"a": [1, -2.5, True, None, "ሰላም"]}),
        ("\ufeff[]", []),
        (f'"{"[" * 1000}"', "[" * 1000),
        ("[" + "[]," * 999 + "[]]", [[]] * 1000),
        (str(2**63 - 1), 2**63 - 1),
        (str(-(2**63)), -(2**63)),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_json_is_read(text: str, value: object) -> None:
    assert parse_json(text) == parse_json(text.encode()) == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON (Expecting property name enclosed in double quotes, column 2)"),
        ("[1,\n 2", "not JSON (Expecting ',' delimiter, line 2 column 3)"),
        (b"\xff", "not JSON: not UTF-8 at byte 0"),
        (nested(100_000), "not JSON that can be read (nested too deeply)"),
        (nested(MOST_DEPTH + 1), "not JSON that can be read (nested too deeply)"),
        ('{"a":' * 100_000, "not JSON that can be read (nested too deeply)"),
        ("9" * 5_000, "not JSON that can be read (a number is too long)"),
        (str(2**63), "not JSON that can be read (a number is too long)"),
        ("[1e999]", "not JSON that can be read (a number is too large)"),
        ("[NaN]", "not JSON that can be read (NaN is not a number)"),
        ("[-Infinity]", "not JSON that can be read (-Infinity is not a number)"),
        ('"\\ud800"', "not JSON that can be read (it contains an incomplete character, a lone surrogate)"),
    ],
)
def test_what_is_wrong_with_json(content: str | bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as error:
        parse_json(content)
    assert error.value.message == reason


def test_the_deepest_json() -> None:
    value = parse_json("[" * MOST_DEPTH + "1" + "]" * MOST_DEPTH)
    for _ in range(MOST_DEPTH):
        assert isinstance(value, list)
        (value,) = value
    assert value == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a = ", "not TOML: Invalid value"),
        (b"a = '\xff'", "not TOML: not UTF-8 at byte 5"),
        (f"a = {nested(100_000)}", "not TOML that can be read (nested too deeply)"),
        (f"a = {nested(MOST_DEPTH + 1)}", "not TOML that can be read (nested too deeply)"),
        (f"{'a.' * 5_000}b = 1", "not TOML that can be read (nested too deeply)"),
        (f"a = {'9' * 5_000}", "not TOML that can be read (a number is too long)"),
        (f"a = {2**63}", "not TOML that can be read (a number is too long)"),
    ],
)
def test_what_is_wrong_with_toml(content: str | bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as error:
        parse_toml(content)
    assert error.value.message.startswith(reason)


def test_toml_is_read() -> None:
    assert parse_toml("\ufeffa.b = [1, 2.5]\n") == {"a": {"b": [1, 2.5]}}
    assert parse_toml_value("[1, 'x']") == [1, "x"]
    with pytest.raises(DocumentError):
        parse_toml_value("1\nother = 2")


def test_a_file_is_named_and_not_read_beyond_its_limit(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text("[1]")
    (tmp_path / "d.toml").write_text("a = 1")
    assert read_json(tmp_path / "d.json") == [1]
    assert read_json(tmp_path / "d.json", most_bytes=3) == [1]
    assert read_toml(tmp_path / "d.toml") == {"a": 1}
    with pytest.raises(DocumentError, match=r"longer than .* MiB") as error:
        read_json(tmp_path / "d.json", most_bytes=2)
    assert error.value.subject == str(tmp_path / "d.json")
    (tmp_path / "d.json").write_text("[")
    with pytest.raises(DocumentError) as error:
        read_json(tmp_path / "d.json")
    assert error.value.subject == str(tmp_path / "d.json")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="not a file"):
        read_json(tmp_path / "pipe")


def test_what_never_ends_is_read_up_to_its_limit() -> None:
    with pytest.raises(DocumentError, match="longer than"):
        read_limited(Path("/dev/zero"), most_bytes=1 << 20)


def test_a_line_without_an_end_is_passed_over() -> None:
    content = b"ab\n" + b"x" * 10 + b"\ncd\n" + b"y" * 11 + b"\nef"
    assert list(limited_lines(io.BytesIO(content), most_bytes=10)) == [b"ab\n", None, b"cd\n", None, b"ef"]
    assert list(limited_lines(io.BytesIO(content), most_bytes=12)) == list(io.BytesIO(content))

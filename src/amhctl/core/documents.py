"""Reading documents: JSON, JSON Lines and TOML, within limits. Knows no document. Standard library only.

Whoever writes a document decides what reading it costs: a hundred thousand brackets exhaust the stack, a number of five
thousand digits is refused by Python with another error than a fault of syntax, a line without an end fills the memory.
So every document is read here, where each of these is the same error as any other fault.

The limits are far above what is ever written: 64 levels, whole numbers of 64 bits (as TOML 1.0 wants them), 64 MiB a
document, 4 MiB a line. NaN and the infinities, which JSON does not have and Python reads all the same, are refused.
UTF-8 is read with or without a byte-order mark.
"""

import importlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from amhctl.core.errors import DocumentError, DocumentLimitError

_Parsed = TypeVar("_Parsed")

MOST_BYTES = 64 << 20
MOST_LINE_BYTES = 4 << 20
MOST_DEPTH = 64
_MOST_WHOLE = 2**63
_MOST_DIGITS = 20


class _NumberRefused(ValueError):
    """A number outside of what is read."""


def parse_json(content: bytes | str) -> object:
    """Return what a JSON text says.

    Raises
    ------
    DocumentError
        If it is not UTF-8, not JSON, or beyond the limits; the message begins with ``not`` and names no place but that
        in the text.
    """
    text = _decode(content, "JSON")
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno} column {error.colno}"
        raise DocumentError(f"not JSON ({error.msg}, {place})") from None
    except RecursionError:
        raise _too_deep("JSON") from None
    except _NumberRefused as error:
        raise DocumentLimitError(f"not JSON that can be read ({error})") from None
    # Counting brackets is a hundred times as fast as walking the value, and of a line of a manifest it is enough.
    if text.count("[") + text.count("{") > MOST_DEPTH:
        _require_shallow(value, "JSON")
    if "\\ud" in text or "\\uD" in text:
        _require_whole_characters(value)
    return value


def parse_toml(content: bytes | str) -> dict[str, object]:
    """Return what a TOML text says.

    Raises
    ------
    DocumentError
        If it is not UTF-8, not TOML, or beyond the limits.
    """
    text = _decode(content, "TOML")
    # On use: most commands read JSON alone.
    toml = importlib.import_module("tomllib")
    try:
        value: dict[str, object] = toml.loads(text)
    except toml.TOMLDecodeError as error:
        raise DocumentError(f"not TOML: {error}") from None
    except RecursionError:
        raise _too_deep("TOML") from None
    except ValueError:
        # Python reads no more than some thousand digits.
        raise DocumentLimitError("not TOML that can be read (a number is too long)") from None
    _require_shallow(value, "TOML")
    return value


def parse_toml_value(text: str) -> object:
    """Return what a single TOML value says, such as that of ``--set key=value``.

    Raises
    ------
    DocumentError
        If it is none, or beyond the limits.
    """
    document = parse_toml(f"value = {text}")
    if len(document) != 1:
        raise DocumentError("not TOML: more than one value")
    return document["value"]


def read_json(path: Path, *, most_bytes: int = MOST_BYTES) -> object:
    """Return what a JSON file says.

    Raises
    ------
    DocumentError
        If it is no file, longer than ``most_bytes``, or as ``parse_json``; the subject is the path.
    OSError
        If it cannot be read.
    """
    return _read(path, parse_json, most_bytes)


def read_toml(path: Path, *, most_bytes: int = MOST_BYTES) -> dict[str, object]:
    """Return what a TOML file says.

    Raises
    ------
    DocumentError
        If it is no file, longer than ``most_bytes``, or as ``parse_toml``; the subject is the path.
    OSError
        If it cannot be read.
    """
    return _read(path, parse_toml, most_bytes)


def _read(path: Path, parse: Callable[[bytes], _Parsed], most_bytes: int) -> _Parsed:
    """Return what a parser finds in a file; what it refuses is told with the path."""
    _require_file(path)
    content = read_limited(path, most_bytes=most_bytes)
    try:
        return parse(content)
    except DocumentError as error:
        raise DocumentError(error.message, subject=str(path)) from None


def read_limited(path: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the bytes of a file, or what comes out of a pipe, that is not longer than it may be.

    Raises
    ------
    DocumentError
        If it is longer.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise DocumentError(f"longer than {most_bytes / 2**20:g} MiB, the limit for such a file", subject=str(path))
    return content


def limited_lines(stream: BinaryIO, *, most_bytes: int = MOST_LINE_BYTES) -> Iterator[bytes | None]:
    """Yield the lines of a stream with their ends; None for one that is longer than it may be, which is skipped."""
    while raw := stream.readline(most_bytes + 1):
        if len(raw) <= most_bytes:
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = stream.readline(most_bytes)
        yield None


def _require_file(path: Path) -> None:
    """Refuse a pipe or device: a document lies where it was written, and a pipe may have nobody who writes."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DocumentError("a pipe or device, not a file", subject=str(path))


def _decode(content: bytes | str, kind: str) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"not {kind}: not UTF-8 at byte {error.start}") from None


def _too_deep(kind: str) -> DocumentLimitError:
    return DocumentLimitError(f"not {kind} that can be read (nested too deeply)")


def _require_whole_characters(value: object) -> None:
    """Refuse strings that JSON can spell and neither a file nor a terminal can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DocumentError(
            "not JSON that can be read (it contains an incomplete character, a lone surrogate)"
        ) from None


def _require_shallow(value: object, kind: str) -> None:
    """Refuse a value with more levels or longer whole numbers than are read; walks it level by level."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        if any(type(each) is int and not -_MOST_WHOLE <= each < _MOST_WHOLE for each in level):
            raise DocumentLimitError(f"not {kind} that can be read (a number is too long)")
        containers = [each for each in level if isinstance(each, dict | list)]
        if not containers:
            return
        level = [inner for each in containers for inner in (each.values() if isinstance(each, dict) else each)]
    raise _too_deep(kind)


def _whole(digits: str) -> int:
    # Longer ones are not even converted, which takes a time that grows with the square of their length.
    value = int(digits) if len(digits) <= _MOST_DIGITS else _MOST_WHOLE
    if not -_MOST_WHOLE <= value < _MOST_WHOLE:
        raise _NumberRefused("a number is too long")
    return value


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _NumberRefused("a number is too large")
    return value


def _constant(name: str) -> float:
    raise _NumberRefused(f"{name} is not a number")


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_constant)

"""A pattern is compiled on use, finds what ``re`` finds, and every one of reading can be compiled."""

import importlib
import pkgutil
import re

import pytest

import amhctl.text
from amhctl.text.pattern import Pattern

SOURCE = r"(?P<letter>[አ-ዎ])\d"
TEXT = "አ1 ለ2 ኡ3"


def patterns() -> list[tuple[str, Pattern]]:
    """Return every pattern that a module of the text room has by a name."""
    found = []
    for module in pkgutil.walk_packages(amhctl.text.__path__, "amhctl.text."):
        names = vars(importlib.import_module(module.name))
        found += [(f"{module.name}.{name}", each) for name, each in names.items() if isinstance(each, Pattern)]
    return found


def test_it_finds_what_re_finds() -> None:
    ours, theirs = Pattern(SOURCE), re.compile(SOURCE)
    assert ours.findall(TEXT) == theirs.findall(TEXT) == ["አ", "ኡ"]
    assert [one.span() for one in ours.finditer(TEXT)] == [one.span() for one in theirs.finditer(TEXT)]
    assert ours.sub(r"\g<letter>", TEXT) == theirs.sub(r"\g<letter>", TEXT) == "አ ለ2 ኡ"
    assert ours.fullmatch(TEXT) is None
    for method in ("search", "match"):
        for start in (0, 1, 3):
            one, other = (getattr(each, method)(TEXT, start) for each in (ours, theirs))
            assert (one and one.span()) == (other and other.span())
    assert ours.fullmatch("አ1") is not None


def test_nothing_is_compiled_before_it_is_looked_for() -> None:
    wrong = Pattern("(")
    with pytest.raises(re.error):
        wrong.search(TEXT)


def test_every_pattern_of_reading_can_be_compiled() -> None:
    assert len(patterns()) > 50
    for name, pattern in patterns():
        assert pattern.compiled.pattern == pattern.pattern, name

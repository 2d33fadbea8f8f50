"""A pattern that is compiled when it is first looked for.

Reading has some 400 patterns, and one text needs few of them: compiling all would take a fifth of the time that a
short sentence needs from the command to its sound.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any


class Pattern:
    """A regular expression; its methods are those of ``re.Pattern``.

    Parameters
    ----------
    source : str
        What it is compiled from. A mistake in it shows when it is first looked for.
    """

    def __init__(self, source: str) -> None:
        self.pattern = source

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self.pattern)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """Return the first match at or after a place."""
        return self.compiled.search(text, start)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """Return the match that begins at a place."""
        return self.compiled.match(text, start)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the match of the whole text."""
        return self.compiled.fullmatch(text)

    def sub(self, instead: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Return the text with every match replaced."""
        return self.compiled.sub(instead, text)

    def findall(self, text: str) -> list[Any]:
        """Return every match, or its groups."""
        return self.compiled.findall(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Iterate over every match."""
        return self.compiled.finditer(text)

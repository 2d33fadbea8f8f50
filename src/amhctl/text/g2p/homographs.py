"""Words with one spelling and several pronunciations, distinguished by words beside them. Knows no rule, no backend.

A table gives each word its usual phones, its other phones, and the neighbours that ask for the other: ገና is ɡəna
"still", but ɡənna "Christmas" before በዓል. A neighbour with ``*`` is any word that ends so, or begins so: አለ after a
finite verb, or after the mark that ends a quotation, is alə "he said" (እመጣለሁ አለ). Only what is sure is in the table;
every other word is left to the backends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from amhctl.core.errors import TextError
from amhctl.text.g2p.phones import PHONES, split_phones

_KNOWN = frozenset(PHONES)


@dataclass(frozen=True, slots=True)
class Homograph:
    """The two readings of a word.

    Attributes
    ----------
    usual : tuple[str, ...]
        Its phones where no neighbour asks for others.
    other : tuple[str, ...]
        Its phones beside one of the neighbours.
    before : Neighbours
        Neighbours that come before it.
    behind : Neighbours
        Neighbours that come after it.
    """

    usual: tuple[str, ...]
    other: tuple[str, ...]
    before: "Neighbours"
    behind: "Neighbours"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Words, and the beginnings and endings of words."""

    words: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]

    def hold(self, word: str) -> bool:
        """Return whether a word is one of these."""
        return word in self.words or word.startswith(self.starts) or word.endswith(self.ends)


class Homographs:
    """Tells words apart by their neighbours.

    Parameters
    ----------
    table : Mapping[str, str]
        Word to ``usual|other|<before >behind …``.

    Raises
    ------
    TextError
        If an entry is not of this form.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self._readings = {word: _parse(word, entry) for word, entry in table.items()}

    def find(self, words: Sequence[str], place: int) -> tuple[str, ...] | None:
        """Return the phones of the word at a place of a sentence, or None for a word that is no homograph."""
        reading = self._readings.get(words[place])
        if reading is None:
            return None
        asked = (place > 0 and reading.before.hold(words[place - 1])) or (
            place + 1 < len(words) and reading.behind.hold(words[place + 1])
        )
        return reading.other if asked else reading.usual


def _parse(word: str, entry: str) -> Homograph:
    parts = entry.split("|")
    if len(parts) == 3:
        usual, other = split_phones(parts[0]), split_phones(parts[1])
        neighbours = parts[2].split()
        known = usual and other and {*usual, *other} <= _KNOWN
        if known and neighbours and all(one[0] in "<>" and len(one.strip("<>*")) > 0 for one in neighbours):
            return Homograph(usual, other, _gather("<", neighbours), _gather(">", neighbours))
    raise TextError(
        f"{entry!r} is not usual|other|<before >behind", subject=word, hint="copy the file from the checkpoint again"
    )


def _gather(side: str, neighbours: Sequence[str]) -> Neighbours:
    """Return the neighbours of one side: whole words, ``x*`` that begin so, ``*x`` that end so."""
    own = [one[1:] for one in neighbours if one[0] == side]
    return Neighbours(
        frozenset(one for one in own if "*" not in one),
        tuple(one[:-1] for one in own if one.endswith("*")),
        tuple(one[1:] for one in own if one.startswith("*")),
    )


@cache
def read_homographs() -> Mapping[str, str]:
    """Return the package's table."""
    text = (resources.files("amhctl.text.g2p") / "tables" / "homographs.tsv").read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return MappingProxyType({word: entry.replace("\t", "|") for word, _, entry in rows})

"""The stems of listed words and verbs, worked out when a word comes that may hold them. Knows no affix.

All verbs together have fifty thousand stems, which take longer to write down than a sentence takes to speak; a sentence
holds a few. So a verb waits until a word has its radicals in their order, and a noun until a word has its first two
consonants. What is known of a word does not depend on the words that came before: stems that are written alike stand
in the order of their table, whenever they were worked out.

Several threads may ask at once: what is worked out twice comes out the same, and what others may read is never changed
but replaced.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from amhctl.text.g2p.segments import spell
from amhctl.text.g2p.verbstems import PALATALS, list_stems, share_radicals

Stems = dict[tuple[str, tuple[int, ...]], int]
"""The classes that a string of segments may be a stem of, with its doubled letters, and the rank of that reading."""

_Entry = tuple[int, tuple[str, tuple[int, ...]], int]
"""The place of a verb in its table, the class of a stem with its doubled letters, its rank."""
_Verb = tuple[int, int, str, str, str]
"""The radicals of a verb as bits, its place in the table, its radicals, its perfect and the letters of its types."""


class NounStems:
    """The listed words as stems that take the affixes of nouns.

    Parameters
    ----------
    words : Mapping[str, tuple[bool, ...]]
        Word to which of its letters are doubled.
    """

    def __init__(self, words: Mapping[str, tuple[bool, ...]]) -> None:
        self._words = words
        self._waiting: dict[str, list[str]] = {}
        for word in words:
            if len(word) > 1:
                self._waiting.setdefault(spell(word[:2])[::2], []).append(word)
        self._known: dict[str, Stems] = {}

    def list_near(self, spelt: str) -> Mapping[str, Stems]:
        """Return stems by their segments, among them all that a word, given by its segments, may hold."""
        for first, second in pairwise(spelt[::2]):
            words = self._waiting.get(first + second)
            if words is not None:
                self._known.update(self._read(words))
                self._waiting.pop(first + second, None)
        return self._known

    def _read(self, words: Iterable[str]) -> dict[str, Stems]:
        found: dict[str, Stems] = {}
        for word in words:
            spelt = spell(word)
            kind = "NC" if spelt[-1] == "5" else "N" + spelt[-1]
            marks = tuple(place for place, doubled in enumerate(self._words[word]) if doubled)
            found.setdefault(spelt[:-1], {}).setdefault((kind, marks), 0)
        return found


class VerbStems:
    """The stems of verbs.

    Parameters
    ----------
    verbs : Iterable[tuple[str, str]]
        Perfect of each verb, and the letters of its types.
    """

    def __init__(self, verbs: Iterable[tuple[str, str]]) -> None:
        self._bits: dict[str, int] = {}
        self._waiting: list[_Verb] = []
        for place, (perfect, types) in enumerate(verbs):
            radicals = share_radicals(perfect, types)
            bits = sum(self._bits.setdefault(one, 1 << len(self._bits)) for one in set(radicals))
            self._waiting.append((bits, place, radicals, perfect, types))
        self._entries: dict[str, list[_Entry]] = {}
        self._known: dict[str, Stems] = {}

    def list_near(self, spelt: str) -> Mapping[str, Stems]:
        """Return stems by their segments, among them all that a word, given by its segments, may hold."""
        consonants = [_HARD.get(one, one) for one in spelt[::2]]
        outside = ~sum(self._bits.get(one, 0) for one in set("".join(consonants)))
        near = [verb for verb in self._waiting if not verb[0] & outside and _is_in(verb[2], consonants)]
        if near:
            self._gather(near)
            self._waiting = [verb for verb in self._waiting if verb not in near]
        return self._known

    def _gather(self, verbs: Iterable[_Verb]) -> None:
        changed = set()
        for _, place, _, perfect, types in verbs:
            for kind, plain, marks, rare in list_stems({perfect: types}):
                aspect = kind[-2]
                # The compound imperfect and the one that needs -ም have the stem of the simple one, the imperative
                # mostly that of the jussive.
                for one in {"I": "IXD", "J": "Jj"}.get(aspect, aspect):
                    rank = 3 if one in "Jj" else 1 + rare
                    self._entries.setdefault(plain, []).append((place, (kind.replace(aspect, one), marks), rank))
                changed.add(plain)
        for plain in changed:
            stems: Stems = {}
            for _, reading, rank in sorted(self._entries[plain], key=lambda entry: entry[0]):
                stems.setdefault(reading, rank)
            self._known[plain] = stems


def _is_in(radicals: str, consonants: Iterable[str]) -> bool:
    """Return whether consonants, each with those that it may be the palatal of, hold radicals in their order."""
    rest = iter(consonants)
    return all(any(radical in one for one in rest) for radical in radicals)


def _list_hard() -> dict[str, str]:
    found: dict[str, str] = {}
    for hard, palatal in PALATALS.items():
        found[palatal] = found.get(palatal, palatal) + hard
    return found


_HARD = _list_hard()
"""Palatals to themselves and the consonants that become them at the end of a stem."""

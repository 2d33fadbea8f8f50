"""Takes a word apart into prefix, stem and suffix, and says which of its letters are doubled. Knows no sentence.

Nouns and other words come with their geminates marked, verbs with their type; what their affixes double is known
(`affixes`, `verbstems`). A word that is no such stem with affixes that it may have gets no reading: nothing is guessed.
Where several readings fit, a listed word goes before a verb, a verb before its reciprocal and frequentative and those
before an imperative, then a long stem before a short one; አል- … -ም is a negative whatever stem that leaves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from amhctl.core.errors import TextError
from amhctl.text.g2p.affixes import Marks, list_prefixes, list_suffixes
from amhctl.text.g2p.segments import spell
from amhctl.text.g2p.stems import NounStems, Stems, VerbStems
from amhctl.text.g2p.verbstems import TYPES
from amhctl.text.pattern import Pattern

_FIRST = frozenset(("አ5", "አ3"))
"""The prefix of "I": its auxiliary is -አለሁ."""
_FIRST_ENDING = Pattern("ለ0(?:ሀ1|ወ5)")
_BOUND = ("5ከ", "5ሀ", "5ሸ", "5ነ")

_NO_STEMS: Stems = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a word.

    Attributes
    ----------
    doubled : tuple[bool, ...]
        For each letter, whether it is doubled.
    bound : int | None
        The place of a letter that leans on the one before it without ɨ: ሰበርን səbbərn, ላክኩ lakku.
    sure : bool
        Whether the word is known, letter for letter.
    stem : int | None
        Where a noun or a perfect begins after its preposition, 0 if there is none; None where that is not known.
    """

    doubled: tuple[bool, ...]
    bound: int | None = None
    sure: bool = False
    stem: int | None = None


class Morphology:
    """Knows some stems, and every affix.

    Parameters
    ----------
    words : Mapping[str, tuple[bool, ...]]
        Word to which of its letters are doubled.
    verbs : Mapping[str, str]
        Perfect of a verb to the letters of its types.

    Raises
    ------
    TextError
        If a verb has a type that there is not.
    """

    def __init__(self, words: Mapping[str, tuple[bool, ...]], verbs: Mapping[str, str]) -> None:
        strange = next((verb for verb, types in verbs.items() if not types or not TYPES.issuperset(types)), None)
        if strange is not None:
            raise TextError(
                f"a verb has an unknown type: {verbs[strange]!r}",
                subject=strange,
                hint="copy the file from the checkpoint again",
            )
        self._words, self._verbs = words, tuple(verbs.items())

    @cached_property
    def _noun_stems(self) -> NounStems:
        return NounStems(self._words)

    @cached_property
    def _verb_stems(self) -> VerbStems:
        return _share_verbs(self._verbs)

    def find(self, word: str) -> Reading | None:
        """Return what is known of a word of fidel, or None."""
        best = min(self._list(spell(word)), key=lambda found: found[0], default=None)
        if best is None:
            return None
        _, marks, bound, stem = best
        return Reading(tuple(place in marks for place in range(len(word))), bound, sure=True, stem=stem)

    def _list(self, spelt: str) -> Iterator[tuple[tuple[int, int, int], frozenset[int], int | None, int | None]]:
        """Yield rank, doubled letters, bound letter and place of the stem, for each way to take a word apart."""
        prefixes = list_prefixes()
        for order, (begin, end, kind, inside, rank) in enumerate(self._find_stems(spelt)):
            prefix, suffix = spelt[:begin], spelt[end:]
            behind = list_suffixes(kind.removeprefix("a")).find(suffix)
            if behind is None or (not begin and 0 in inside) or not _agree(prefix, kind, suffix):
                continue
            aspect = kind[0] if kind[0] in "NV" else kind[:-1]
            for before in (marks for one, marks in prefixes[prefix] if one == aspect):
                denied = aspect[-1] == "P" and prefix.startswith("አ3ለ") and suffix.endswith("መ5")
                length = 0 if denied else begin // 2 + len(spelt) // 2 - end // 2
                late = 2 if kind == "NC" and _is_rare(spelt[begin:end], suffix) else rank
                marks = _join(before, begin // 2, inside, end // 2, behind)
                bound = end // 2 + 1 if kind == "PC" and suffix.startswith(_BOUND) else None
                yield (late, length, order), marks, bound, _place_stem(aspect, begin)

    def _find_stems(self, spelt: str) -> Iterator[tuple[int, int, str, Marks, int]]:
        """Yield the span, the class, the doubled letters and the rank of each stem that may come after a prefix."""
        prefixes = list_prefixes()
        known = (self._noun_stems.list_near(spelt), self._verb_stems.list_near(spelt))
        for begin in range(0, len(spelt), 2):
            if spelt[:begin] not in prefixes:
                continue
            for end in range(begin + 1, len(spelt), 2):
                stem = spelt[begin:end]
                for stems in known:
                    for (kind, inside), rank in stems.get(stem, _NO_STEMS).items():
                        yield begin, end, kind, inside, rank


def _agree(prefix: str, kind: str, suffix: str) -> bool:
    """Return whether prefix and suffix of an imperfect or jussive may speak of the same person."""
    if kind[-2] == "X" and prefix in _FIRST:
        return _FIRST_ENDING.search(suffix) is not None
    # A palatal is the mark of "you" of a woman, who has the prefix ት- but in the imperative.
    return not (kind[-1] == "F" and kind[-2] in "IXDJ" and "ተ" not in prefix)


def _place_stem(aspect: str, begin: int) -> int | None:
    """Return where a stem begins after a preposition; a noun without one may be a compound that begins with one."""
    if aspect not in ("N", "V", "P"):
        return 0
    return None if aspect == "N" and not begin else begin // 2


def _is_rare(stem: str, suffix: str) -> bool:
    """Return whether a verb is mostly meant where a noun with this suffix is written like it.

    That is so of the plural -ኣት, and of "their" and "your" after a short noun (ሰማችሁ "you heard", not "your wax").
    """
    return suffix.startswith("3ተ") or (len(stem) == 3 and stem[1] == "0" and suffix.startswith("3ቸ"))


def _join(before: Marks, begin: int, inside: Marks, last: int, behind: Marks) -> frozenset[int]:
    """Return the doubled letters of a word, from those of its prefix, its stem and its suffix."""
    return frozenset((*before, *(begin + one for one in inside), *(last + one for one in behind)))


@lru_cache(maxsize=4)
def _share_verbs(verbs: tuple[tuple[str, str], ...]) -> VerbStems:
    """Return the stems of verbs; kept, as most frontends of a process have the same verbs."""
    return VerbStems(verbs)

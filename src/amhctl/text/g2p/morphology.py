"""Takes a word apart into prefix, stem and suffix, and says which of its letters are doubled. Knows no sentence.

Nouns and other words come with their geminates marked, verbs with their type; what their affixes double is known
(`affixes`, `verbstems`). A word that is no such stem with affixes that it may have gets no reading: nothing is guessed.
Where several readings fit, a listed word goes before a verb, a verb before an imperative, and a long stem before a
short one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from amhctl.core.errors import TextError
from amhctl.text.g2p.affixes import Marks, list_prefixes, list_suffixes
from amhctl.text.g2p.segments import spell
from amhctl.text.g2p.verbstems import TYPES, list_stems

_FIRST = frozenset(("አ5", "አ3"))
"""The prefix of "I": its auxiliary is -አለሁ."""
_FIRST_ENDING = re.compile("ለ0(?:ሀ1|ወ5)")
_BOUND = frozenset(("5ከ5", "5ሀ5", "5ሸ5", "5ነ5"))

Stems = dict[tuple[str, Marks], int]
"""The classes that a string of segments may be a stem of, with its doubled letters, and the rank of that reading."""
_NO_STEMS: Stems = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a word.

    Attributes
    ----------
    doubled : tuple[bool, ...]
        For each letter, whether it is doubled.
    bound : int | None
        The place of a letter that leans on the one before it without ɨ: ሰበርን səbbərn, ፈለግሽ fəlləɡʃ.
    sure : bool
        Whether the word is known, letter for letter.
    """

    doubled: tuple[bool, ...]
    bound: int | None = None
    sure: bool = False


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
                f"a verb has a type that there is not: {verbs[strange]!r}",
                subject=strange,
                hint="take the file from the checkpoint again",
            )
        self._words, self._verbs = words, tuple(verbs.items())

    @cached_property
    def _nouns(self) -> dict[str, Stems]:
        """The listed words as stems that take the affixes of nouns."""
        found: dict[str, Stems] = {}
        for word, doubled in self._words.items():
            spelt = spell(word)
            if len(word) > 1:
                kind = "NC" if spelt[-1] == "5" else "N" + spelt[-1]
                _add(found, spelt[:-1], kind, tuple(place for place, one in enumerate(doubled) if one), 0)
        return found

    def find(self, word: str) -> Reading | None:
        """Return what is known of a word of fidel, or None."""
        best = min(self._list(spell(word)), key=lambda found: found[0], default=None)
        if best is None:
            return None
        _, marks, bound = best
        return Reading(tuple(place in marks for place in range(len(word))), len(word) - 1 if bound else None, sure=True)

    def _list(self, spelt: str) -> Iterator[tuple[tuple[int, int, int], frozenset[int], bool]]:
        """Yield rank, doubled letters and whether the last letter is bound, for each way to take a word apart."""
        prefixes, known, order = list_prefixes(), (self._nouns, _gather_verbs(self._verbs)), 0
        for begin in range(0, len(spelt), 2):
            readings = prefixes.get(spelt[:begin])
            if readings is None:
                continue
            for end in range(begin + 1, len(spelt), 2):
                stem = spelt[begin:end]
                for stems in known:
                    for (kind, inside), rank in stems.get(stem, _NO_STEMS).items():
                        suffix = spelt[end:]
                        behind = list_suffixes(kind.removeprefix("a")).get(suffix)
                        if behind is None or (not begin and 0 in inside):
                            continue
                        aspect = kind[0] if kind[0] in "NV" else kind[:-1]
                        if aspect == kind[:-1] and not _agree(spelt[:begin], kind, suffix):
                            continue
                        for before in (marks for one, marks in readings if one == aspect):
                            order += 1
                            marks = _join(before, begin // 2, inside, end // 2, behind)
                            length = begin // 2 + len(spelt) // 2 - end // 2
                            late = 2 if kind == "NC" and suffix.startswith("3ተ") else rank
                            yield (late, length, order), marks, kind == "PC" and suffix in _BOUND


def _agree(prefix: str, kind: str, suffix: str) -> bool:
    """Return whether prefix and suffix of an imperfect or jussive may speak of the same person."""
    if kind[-2] == "X" and prefix in _FIRST:
        return _FIRST_ENDING.search(suffix) is not None
    # A palatal is the mark of "you" of a woman, who has the prefix ት- but in the imperative.
    return not (kind[-1] == "F" and kind[-2] in "IXDJ" and "ተ" not in prefix)


def _join(before: Marks, begin: int, inside: Marks, last: int, behind: Marks) -> frozenset[int]:
    """Return the doubled letters of a word, from those of its prefix, its stem and its suffix."""
    return frozenset((*before, *(begin + one for one in inside), *(last + one for one in behind)))


@lru_cache(maxsize=4)
def _gather_verbs(verbs: tuple[tuple[str, str], ...]) -> dict[str, Stems]:
    """Return the stems of verbs; kept, as most frontends of a process have the same verbs."""
    found: dict[str, Stems] = {}
    for kind, plain, marks, rare in list_stems(dict(verbs)):
        aspect = kind[-2]
        # The compound imperfect and the one that needs -ም have the stem of the simple one, the imperative mostly that
        # of the jussive.
        for one in {"I": "IXD", "J": "Jj"}.get(aspect, aspect):
            _add(found, plain, kind.replace(aspect, one), marks, 3 if one in "Jj" else 1 + rare)
    return found


def _add(stems: dict[str, Stems], plain: str, kind: str, marks: Marks, rank: int) -> None:
    stems.setdefault(plain, {}).setdefault((kind, marks), rank)

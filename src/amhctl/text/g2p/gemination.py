"""Which letters of a word are doubled in speech, where the writing does not say. Knows no phones and no backend.

Amharic does not write gemination, though words differ by it (አለ alə "he said", allə "there is"). What is known, in the
order in which it is asked:

1. a writer's own marks (U+135F): a word that has one is taken as fully marked;
2. the table of frequent words, alone or behind a prefix;
3. the suffixes that are always doubled (-ኛ, the plural -ኦች) and a linear tagger over each letter, its neighbours, the
   orders of the word around it and its affixes. Its weights are whole numbers in a table, learned by `tagger_training`
   from a list of words with their geminates and from the paradigms of verbs (`paradigms`).

With both tables empty nothing is doubled but what is marked: that is how frontends of an earlier state read.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from amhctl.core.errors import TextError
from amhctl.text.script import GEMINATION, SYLLABLES, build_homophones

PREFIXES = ("እንደ", "ስለ", "ያለ", "የ", "በ", "ለ", "ከ")
"""What may stand before a word of the table; what follows it is read as the table says."""

_SEVENTH = frozenset(letter for letter, syllable in SYLLABLES.items() if syllable.order == 6)
_HOMOPHONES = build_homophones()


def _describe(letter: str) -> tuple[str, str]:
    syllable = SYLLABLES[_HOMOPHONES.get(letter, letter)]
    return syllable.series, "w" if syllable.labialised else str(syllable.order)


_DESCRIBED = {letter: _describe(letter) for letter in SYLLABLES}


class Gemination:
    """Finds the doubled letters of words.

    Parameters
    ----------
    words : Mapping[str, str]
        Plain word to the same word with U+135F behind its doubled letters.
    weights : Mapping[str, str]
        Feature to weight, a whole number as a string.

    Raises
    ------
    TextError
        If a weight is no number, or a marked word is not the plain one.
    """

    def __init__(self, words: Mapping[str, str], weights: Mapping[str, str]) -> None:
        self._words: dict[str, tuple[bool, ...]] = {}
        for word, marked in words.items():
            plain, doubled = split_marks(marked)
            if plain != word:
                raise TextError("a word of the gemination table is not its own marked form", subject=word)
            self._words[word] = doubled
        try:
            self._weights = {feature: int(weight) for feature, weight in weights.items()}
        except ValueError as error:
            raise TextError(f"a weight of the gemination table is no number: {error}", subject="gemination") from error

    def mark(self, word: str) -> tuple[bool, ...]:
        """Return, for each letter of a word without its marks, whether it is doubled."""
        plain, marked = split_marks(word)
        if any(marked) or not plain:
            return marked
        known = self._find(plain)
        if known is not None:
            return known
        if not self._weights:
            return marked
        weights = self._weights
        scores = (sum(weights.get(feature, 0) for feature in features) for features in list_features(plain))
        sure = find_sure(plain)
        # No word begins with a doubled consonant (Leslau 1995).
        return tuple(place > 0 and (score > 0 or place in sure) for place, score in enumerate(scores))

    def _find(self, plain: str) -> tuple[bool, ...] | None:
        known = self._words.get(plain)
        if known is not None or not self._words:
            return known
        for prefix in PREFIXES:
            if plain.startswith(prefix) and (rest := self._words.get(plain[len(prefix) :])) is not None:
                return (False,) * len(prefix) + rest
        return None


UNMARKED = Gemination({}, {})
"""Knows no word and has learned nothing: only what is marked is doubled."""


@cache
def read_words() -> Mapping[str, str]:
    """Return the package's table of words, plain to marked: frequent words and common nouns."""
    return MappingProxyType({split_marks(word)[0]: word for word in (*_list("nouns.txt"), *_list("geminates.txt"))})


@cache
def read_nouns() -> tuple[str, ...]:
    """Return the package's common nouns, marked."""
    return tuple(_list("nouns.txt"))


@cache
def read_weights() -> Mapping[str, str]:
    """Return the package's weights of the tagger."""
    rows = (line.partition("\t") for line in _read("gemination.tsv").splitlines())
    return MappingProxyType({feature: weight for feature, _, weight in rows})


def _list(name: str) -> list[str]:
    return [line for line in _read(name).splitlines() if line and not line.startswith("#")]


def _read(name: str) -> str:
    return (resources.files("amhctl.text.g2p") / "tables" / name).read_text(encoding="utf-8")


def split_marks(word: str) -> tuple[str, tuple[bool, ...]]:
    """Return a word without its gemination marks, and which of its letters had one.

    >>> split_marks("ገና፟")
    ('ገና', (False, True))
    """
    letters: list[str] = []
    doubled: list[bool] = []
    for letter in word:
        if letter != GEMINATION:
            letters.append(letter)
            doubled.append(False)
        elif doubled:
            doubled[-1] = True
    return "".join(letters), tuple(doubled)


def find_sure(plain: str) -> frozenset[int]:
    """Return the places of the suffixes that are doubled in every word: -ኛ and the plural -ኦች.

    Leslau 1995: the suffix of adjectives and ordinals is -əɲɲa, the plural is -ot͡ʃt͡ʃ.
    """
    places = {place for place, letter in enumerate(plain) if letter == "ኛ" and place > 1}
    if len(plain) > 2 and plain[-1] == "ች" and plain[-2] in _SEVENTH:
        places.add(len(plain) - 1)
    return frozenset(places)


def list_features(plain: str) -> list[list[str]]:
    """Return the features of each letter: what the tagger looks at. The first character names the kind.

    Letters are folded to their homophones and taken apart into series and order (``w`` for a labialised one).
    """
    described = [_DESCRIBED[letter] for letter in plain]
    letters = ["^", *(series + order for series, order in described), "$"]
    series = "^" + "".join(one for one, _ in described) + "$"
    orders = "^^" + "".join(order for _, order in described) + "$$"
    template, last = orders[2:-2], len(plain) - 1
    first = letters[1]
    begin = first + (letters[2] if last else "")
    features: list[list[str]] = []
    for place, (own, order) in enumerate(described):
        left = last - place
        window = orders[place + 1 : place + 4]
        trio = series[place : place + 3]
        near, far = min(place, 4), min(left, 4)
        twins = (
            f"{own == series[place + 2]:d}{own == series[place]:d}"
            f"{place > 1 and own == series[place - 1]:d}{left > 1 and own == series[place + 3]:d}"
        )
        features.append(
            [
                "b",
                "o" + window,
                "O" + orders[place : place + 5],
                "l" + own + order,
                "p" + letters[place] + own + order,
                "n" + own + order + letters[place + 2],
                "c" + trio,
                "r" + trio[:2],
                "q" + trio[1:],
                f"T{place}{template}",
                "E" + orders[place + 1 : -1],
                "B" + first + template[: place + 2],
                "e" + ("".join(letters[place + 1 :]) if left < 4 else ""),
                "t" + ("".join(letters[place:]) if left < 3 else ""),
                f"f{first}{near}{order}",
                f"F{begin}{near}",
                f"d{twins}{far}",
                f"k{own}{min(place, 3)}{min(left, 3)}",
                f"m{first}{letters[-2]}{place}{last}",
                f"h{window}{far}{first}",
                "x" + trio + window,
            ]
        )
    return features

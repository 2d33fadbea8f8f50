"""Which letters of a word are doubled in speech, where the writing does not say. Knows no phones and no backend.

Amharic does not write gemination, though words differ by it (አለ alə "he said", allə "there is"). What is known, in the
order in which it is asked:

1. a writer's own marks (U+135F): a word that has one is taken as fully marked;
2. the table of words, and with the table of verbs every form of a listed word or verb (`morphology`); without that
   table, a listed word alone, after a prefix or before an ending;
3. the suffixes that are always doubled (-ኛ, the plural -ኦች) and a linear tagger over each letter, its neighbours, the
   orders of the word around it, its affixes and its stem. Its weights are whole numbers in a table, learned by
   `tools/gemination` from a list of words with their geminates, the paradigms of verbs and a corpus.

With all tables empty nothing is doubled but what is marked.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from amhctl.core.errors import TextError
from amhctl.text.g2p.morphology import Morphology, Reading
from amhctl.text.pattern import Pattern
from amhctl.text.script import GEMINATION, SYLLABLES, build_homophones

PREFIXES = ("እንደ", "ስለ", "ያለ", "የ", "በ", "ለ", "ከ")
"""What may come before a word of the table; what follows it is read as the table says."""
ENDINGS = ("ን", "ም", "ና፟", "ው", "ውን", "ንም", "ውም", "ዎች፟", "ዎቹ፟", "ዎች፟ን")
"""What may come after a word of the table of three letters and more: endings that leave its last letter as it is."""

_OUTER = Pattern(
    "(?:(?:እንደ|ስለ|የ|በ|ለ|ከ)(?=...))?(?:(?:ሚ|ማይ|እንዲ|እንዳይ|ሳይ|ባይ|አይ|አል|ሲ|ሊ|ቢ|ይ|ት|እየ|እን)(?=..))?(?:(?:አስ|ተ|አ)(?=...))?"
)
_SUFFIXES = Pattern("(?:ዎች|ቸው|ችሁ|ነት|[ችኛናውምንትኮስሁህሽኝዋ])+$")
_SEVENTH = frozenset(letter for letter, syllable in SYLLABLES.items() if syllable.order == 6)
_HOMOPHONES = build_homophones()


_STEMS = ("nouns.txt", "basics.txt")
_NONE: Mapping[str, str] = MappingProxyType({})


def _describe(letter: str) -> tuple[str, str]:
    syllable = SYLLABLES[_HOMOPHONES.get(letter, letter)]
    return syllable.series, "w" if syllable.labialised else str(syllable.order)


_DESCRIBED = {letter: _describe(letter) for letter in SYLLABLES}


def split_marks(word: str) -> tuple[str, tuple[bool, ...]]:
    """Return a word without its gemination marks, and which of its letters had one.

    >>> split_marks("ገና፟")
    ('ገና', (False, True))
    """
    parts = word.split(GEMINATION)
    plain = "".join(parts)
    doubled = [False] * len(plain)
    place = 0
    for part in parts[:-1]:
        place += len(part)
        if place:
            doubled[place - 1] = True
    return plain, tuple(doubled)


class Gemination:
    """Finds the doubled letters of words.

    Parameters
    ----------
    words : Mapping[str, str]
        Plain word to the same word with U+135F after its doubled letters.
    weights : Mapping[str, str]
        Feature to weight, a whole number as a string.
    stems : Mapping[str, str]
        Nouns and other words that take affixes, plain to marked.
    verbs : Mapping[str, str]
        Perfect of a verb to the letters of its types (`verbstems`).

    Raises
    ------
    TextError
        If a weight is no number, a marked word is not the plain one, or there is no such type of verb.
    """

    def __init__(
        self,
        words: Mapping[str, str],
        weights: Mapping[str, str],
        stems: Mapping[str, str] = _NONE,
        verbs: Mapping[str, str] = _NONE,
    ) -> None:
        self._words = _MarkedWords(words)
        try:
            # A few hundred numbers stand for the tens of thousands of weights.
            numbers = {weight: int(weight) for weight in set(weights.values())}
        except ValueError as error:
            raise TextError(
                f"a weight of the gemination table is not a number: {error}", subject="gemination"
            ) from error
        self._weights = dict(zip(weights, map(numbers.__getitem__, weights.values()), strict=True))
        self._morphology = Morphology(_MarkedWords(stems), verbs) if verbs or stems else None

    def mark(self, word: str) -> tuple[bool, ...]:
        """Return, for each letter of a word without its marks, whether it is doubled."""
        return self.read(word).doubled

    def read(self, word: str) -> Reading:
        """Return which letters of a word are doubled, and which one leans on the letter before it."""
        plain, marked = split_marks(word)
        if any(marked) or not plain:
            return Reading(marked)
        if self._morphology is None:
            return Reading(self._find(plain) or self._guess(plain) or marked)
        listed = self._words.get(plain)
        if listed is not None:
            return Reading(listed, sure=True)
        listed = self._find(plain, shortest=3)
        if listed is not None:
            return Reading(listed, sure=True, stem=self._find_begin(plain) or None)
        return self._morphology.find(plain) or Reading(self._guess(plain) or marked)

    def _guess(self, plain: str) -> tuple[bool, ...] | None:
        """Return what the tagger says of a word, if it has learned anything."""
        if not self._weights:
            return None
        weights = self._weights
        scores = (sum(weights.get(feature, 0) for feature in features) for features in list_features(plain))
        sure = find_sure(plain)
        # No word begins with a doubled consonant (Leslau 1995).
        return tuple(place > 0 and (score > 0 or place in sure) for place, score in enumerate(scores))

    def _find(self, plain: str, shortest: int = 1) -> tuple[bool, ...] | None:
        """Return what is known of a word of the table with a prefix or an ending; ``shortest`` is its least length."""
        if not self._words:
            return None
        if (known := self._extend(plain, shortest)) is not None:
            return known
        for prefix in PREFIXES:
            rest = plain.removeprefix(prefix)
            if len(rest) < max(shortest, 1) or len(rest) == len(plain):
                continue
            if (known := self._extend(rest, shortest)) is not None:
                return (False,) * len(prefix) + known
        return None

    def _find_begin(self, plain: str) -> int:
        """Return the length of the prefix before a word of the table."""
        if self._extend(plain, 3) is not None:
            return 0
        return next(len(one) for one in PREFIXES if plain.startswith(one) and self._extend(plain[len(one) :], 3))

    def _extend(self, plain: str, shortest: int) -> tuple[bool, ...] | None:
        """Return what is known of a word of the table, with an ending or without."""
        known = self._words.get(plain)
        if known is not None:
            return known
        for ending, doubled in _ENDINGS if shortest == 1 else _PLAIN_ENDINGS:
            if (
                plain.endswith(ending)
                and len(plain) >= len(ending) + 3
                and (stem := self._words.get(plain[: -len(ending)]))
            ):
                return stem + doubled
        return None


class _MarkedWords(Mapping[str, tuple[bool, ...]]):
    """A table of marked words as word to doubled letters, found when they are asked for: a text has few of the words.

    Parameters
    ----------
    table : Mapping[str, str]
        Plain word to marked word.

    Raises
    ------
    TextError
        If a marked word is not the plain one.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        for word, marked in table.items():
            if marked.replace(GEMINATION, "") != word:
                raise TextError("a word of the gemination table is not its own marked form", subject=word)
        self._table = table

    def __getitem__(self, word: str) -> tuple[bool, ...]:
        """Return which letters of a word are doubled."""
        return split_marks(self._table[word])[1]

    def __contains__(self, word: object) -> bool:
        """Return whether a word is in the table."""
        return word in self._table

    def __iter__(self) -> Iterator[str]:
        """Return the plain words."""
        return iter(self._table)

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._table)


_ENDINGS = tuple(split_marks(ending) for ending in ENDINGS)
_PLAIN_ENDINGS = tuple(ending for ending in _ENDINGS if ending[0][0] in "ንምና")
"""Endings that any word may have; those of nouns are left to `morphology`."""
UNMARKED = Gemination({}, {})
"""Knows no word and has learned nothing: only what is marked is doubled."""


@cache
def read_words() -> Mapping[str, str]:
    """Return the package's table of words, plain to marked: its stems, and frequent words in an inflected form."""
    return MappingProxyType({**read_stems(), **{split_marks(word)[0]: word for word in _list("geminates.txt")}})


@cache
def read_stems() -> Mapping[str, str]:
    """Return the package's words that take affixes, plain to marked: common nouns, basic words and names."""
    return MappingProxyType({split_marks(word)[0]: word for name in _STEMS for word in _list(name)})


@cache
def read_verbs() -> Mapping[str, str]:
    """Return the package's verbs by their perfect, with the letters of their types."""
    found: dict[str, str] = {}
    for line in _list("verbs.tsv"):
        kind, _, perfects = line.partition("\t")
        for perfect in perfects.split():
            found[perfect] = found.get(perfect, "") + kind
    return MappingProxyType(found)


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


def find_sure(plain: str) -> frozenset[int]:
    """Return the places of the suffixes that are doubled in every word: -ኛ and the plural -ኦች.

    Leslau 1995: the suffix of adjectives and ordinals is -əɲɲa, the plural is -ot͡ʃt͡ʃ.
    """
    places = {place for place, letter in enumerate(plain) if letter == "ኛ" and place > 1}
    if len(plain) > 2 and plain[-1] == "ች" and plain[-2] in _SEVENTH:
        places.add(len(plain) - 1)
    return frozenset(places)


def find_bounds(plain: str) -> tuple[int, int]:
    """Return where the stem of a word begins and ends, by the prefixes and suffixes that it may have."""
    begin = match.end() if (match := _OUTER.match(plain)) else 0
    suffixes = _SUFFIXES.search(plain, begin + 2)
    return begin, suffixes.start() if suffixes else len(plain)


def list_features(plain: str) -> list[list[str]]:
    """Return the features of each letter: what the tagger looks at. The first character names the kind.

    Letters are folded to their homophones and taken apart into series and order (``w`` for a labialised one).
    """
    described = [_DESCRIBED[letter] for letter in plain]
    letters = ["^", *(series + order for series, order in described), "$"]
    series = "^" + "".join(one for one, _ in described) + "$"
    orders = "^^" + "".join(order for _, order in described) + "$$"
    template, last = orders[2:-2], len(plain) - 1
    begin_stem, end_stem = find_bounds(plain)
    stem, radicals, suffix = template[begin_stem:end_stem], series[begin_stem + 1 : end_stem + 1], plain[end_stem:]
    first = letters[1]
    begin = first + (letters[2] if last else "")
    features: list[list[str]] = []
    for place, (own, order) in enumerate(described):
        left = last - place
        window = orders[place + 1 : place + 4]
        trio = series[place : place + 3]
        inside = str(place - begin_stem)
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
                f"S{inside}{stem}",
                f"Y{inside}{stem}|{plain[:begin_stem]}",
                f"Z{inside}{radicals}",
                f"V{place - end_stem}{stem[-3:]}{suffix}",
            ]
        )
    return features

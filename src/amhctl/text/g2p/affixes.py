"""What Amharic puts before and behind stems, with the letters that are doubled in it. Knows no stem.

An affix is a pattern of `segments`. Prefixes end with a vowel and suffixes begin with one: the stem between them ends
with a consonant. Which affixes a stem may have is told by its class, an aspect and what its last radical is:

* ``P`` perfect, ``I`` imperfect, ``J`` jussive, ``j`` imperative, ``G`` converb (gerund), ``V`` infinitive, ``N``
  noun; behind ``a`` the verb stems that begin with the vowel of a causative (አሰበረ, ያሰብራል);
* ``C`` for a last radical that is a consonant, ``A`` and ``E`` for one that has left a or ə (መታ, ሰጠ), ``F`` for one
  that became a palatal before i or e: "you" of a woman, and "I" of the converb (ትሄጃለሽ, ሄጄ).

Source: W. Leslau, *Reference Grammar of Amharic* (1995), chapters on the personal pronouns and their suffixes, the
prepositional suffixes, the verb classes, the relative verb, the compound imperfect and the noun. What is doubled: t͡ʃ
of the plural and of -at͡ʃt͡ʃəw, -at͡ʃt͡ʃɨn, -at͡ʃt͡ʃɨhu; ɲ of "me" (ሰጠኝ sətʼtʼəɲɲ); l and b of the prepositional suffixes
(-llɨɲɲ); t͡ʃ of "she" before an object (ሰጠችኝ sətʼtʼət͡ʃt͡ʃɨɲɲ); m of the relative (የሚ-, የማይ-); n of "we" (እንሰብራለን
ɨnnɨsəbralən); l of the auxiliary before a vowel (እሰብራለሁ ɨsəbralləhu); j of እየ-; n of -ነት and "and".
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property

from amhctl.text.g2p.segments import read_pattern

Marks = tuple[int, ...]
"""Places of doubled letters, counted from the first letter of the part."""

_PREPOSITIONS = ("የ0", "በ0", "ለ0", "ከ0", "ሰ5ለ0", "አ5ነ5ደ0", "አ5ሰ5ከ0")
_NOUN_PREFIXES = (
    "", *_PREPOSITIONS, "ወ0ደ0", "የ0በ0", "የ0ለ0", "የ0ከ0", "በ0የ:0", "ለ0የ:0", "ከ0የ:0", "ሰ5ለ0የ:0", "የ0የ:0", "አ5የ:0", "በ3ለ0",
    "የ0በ3ለ0", "በ0በ3ለ0", "ለ0በ3ለ0", "ከ0በ3ለ0", "የ3ለ0", "አ5ነ0", "የ0አ5ነ0", "በ0አ5ነ0", "ለ0አ5ነ0", "ከ0አ5ነ0", "ከ0ነ0", "በ0ሰ5ተ0",
    "ወ0ደ0የ:0",
)  # fmt: skip
_OBJECTS_AFTER = {
    # me us you.m you.f him her them you.pl polite; the vowel that the subject ends with decides what is between.
    "0": ("0ኘ:5", "0ነ5", "0ሀ5", "0ሸ5", "0ወ5", "3ተ5", "3ቸ:0ወ5", "3ቸ:5ሀ1", "0ወ6ተ5", "0ወ6"),
    "5": ("0ኘ:5", "0ነ5", "5ሀ5", "5ሸ5", "0ወ5", "3ተ5", "3ቸ:0ወ5", "3ቸ:5ሀ1", "5ወ6ተ5", "5ወ6"),
    "1": ("1ኘ:5", "1ነ5", "1ሀ5", "1ሸ5", "1ተ5", "wተ5", "wቸ:0ወ5", "wቸ:5ሀ1", "1ወ6ተ5", "1ወ3ተ5"),
    "3": ("3ኘ:5", "3ነ5", "3ሀ5", "3ሸ5", "3ወ5", "3ተ5", "3ቸ:0ወ5", "3ቸ:5ሀ1", "3ወ6ተ5", "3ወ6"),
    "2": ("2ኘ:5", "2ነ5", "2ወ5", "2የ3ተ5", "2የ3ቸ:0ወ5"),
    "6": ("6ኘ:5", "6ነ5", "6ሀ5", "6ሸ5", "6ተ5", "wተ5", "wቸ:0ወ5", "wቸ:5ሀ1", "6ወ6ተ5", "6ወ6"),
    ":4": (":4ሀ5", ":4ሸ5", ":4ወ5", ":4የ3ተ5", ":4የ3ቸ:0ወ5", ":4የ3ቸ:5ሀ1", ":4ወ6ተ5"),
    "ቸ5": ("ቸ:5ኘ:5", "ቸ:5ነ5", "ቸ:5ሀ5", "ቸ:5ሸ5", "ቸ:5ወ5", "ቸ:3ተ5", "ቸ:3ቸ:0ወ5", "ቸ:3ቸ:5ሀ1"),
    "ነ5": ("ነ5ሀ5", "ነ0ሀ5", "ነ0ሸ5", "ነ0ወ5", "ነ3ተ5", "ነ3ቸ:0ወ5", "ነ3ቸ:5ሀ1"),
}
_RELATIONS = ("ለ:", "በ:")
_RELATED = ("5ኘ:5", "5ነ5", "5ሀ5", "5ሸ5", "0ተ5", "3ተ5", "3ቸ:0ወ5", "3ቸ:5ሀ1", "5ወ6ተ5")
_AUXILIARIES = ("3ለ5", "3ለ:0ቸ5", "3ለ:1", "3ለ:0ሀ1", "3ለ:0ወ5", "3ለ:0ሀ5", "3ለ:0ሸ5", "3ለ:0ነ5", "3ለ:3ቸ:5ሀ1")
_TAILS = ("", "ነ5", "መ5", "ነ5መ5", "ነ:3", "ነ5ነ:3", "ሰ5", "ነ5ሰ5", "መ3", "ሰ3", "ከ6", "ነ5ከw", "ነ5ከwነ5", "መ5ነ:3")
"""What may follow any word: object, also, and, as for."""
_MANY = 500
"""Suffixes that are looked for one by one, which takes as long as to put all of a class together."""


def _objects(end: str) -> Iterator[str]:
    """Yield the objects after a subject that ends with a vowel, or with a consonant that may come before them."""
    yield from _OBJECTS_AFTER[end]
    vowel = {"ቸ5": "ቸ:5", "ነ5": "ነ0", "0": "0"}.get(end, end)
    for relation in _RELATIONS:
        yield from (vowel + relation + one for one in _RELATED)


def _perfect(*, last: str) -> Iterator[str]:
    """Yield the endings of the perfect: ``last`` is 5 after a consonant, or the vowel that a verb ends with."""
    third = "0" if last == "5" else last
    for subject, end in (("", third), (third, "ቸ5"), ("", "1")):
        yield from (subject + one for one in (end, *_objects(end)))
    first = ("ሀ",) if last != "5" else ("ከ", "ሀ")
    for consonant in first:
        # I, and you: ሰበርኩት, ሰበርኳቸው, ሰበርከኝ.
        yield last + consonant + "1"
        yield from (last + consonant + one for one in _objects("1"))
        yield last + consonant + "5"
        yield from (last + consonant + one for one in _objects("0"))
        yield from (last + "ኸ" + one for one in _objects("0"))
    yield last + "ሸ5"
    yield from (last + "ሸ" + one for one in ("5ኘ:5", "5ነ5", "5ወ5", "3ተ5", "3ቸ:0ወ5", "1ተ5"))
    yield last + "ነ5"
    yield from (last + one for one in _objects("ነ5"))
    yield "3ቸ:5ሀ1"
    yield from ("3ቸ:5ሀ" + one for one in _objects("1"))


def _simple(*, last: str) -> Iterator[str]:
    """Yield the endings of imperfect and jussive without auxiliary."""
    for end in (last, "1", "2"):
        yield end
        yield from _objects(end)


def _compound(*, last: str) -> Iterator[str]:
    """Yield the endings of the imperfect with the auxiliary: ይሰብራል, ይሰጠኛል, እወድሃለሁ."""
    yield from _AUXILIARIES
    for end in (last, "1", "2"):
        for one in _objects(end):
            yield from _with_auxiliary(one)


def _with_auxiliary(ending: str) -> Iterator[str]:
    if ending.endswith("1"):
        yield ending[:-1] + "wለ5"
    elif ending.endswith("5"):
        yield from (ending[:-1] + one for one in _AUXILIARIES)


def _converb() -> Iterator[str]:
    """Yield the endings of the converb, its compound perfect included: ሰብሮ, ሰጥቶኛል."""
    subjects = ("6", "3", ":4", "0ሀ5", "0ሸ5", "0ነ5", "3ቸ:5ሀ1", "0ወ5")
    yield from subjects
    yield from ("wለ5", "3ለ:0ቸ5", ":4የ3ለ:0ሀ1", ":4አ3ለ:0ሀ1", ":3ለ:0ሀ1", "0ሀ3ለ5", "0ሸ3ለ5", "0ነ3ለ5", "3ቸ:5ሀwለ5", "0ወ3ለ5")
    objects = [one for end in ("6", "3", ":4") for one in _objects(end)]
    objects += ["0ሀ" + one for one in _objects("0")] + ["0ሸ" + one for one in _OBJECTS_AFTER["5"]]
    objects += ["0ነ" + one for one in _objects("0")] + ["3ቸ:5ሀ" + one for one in _objects("1")]
    objects += ["0ወ5ኘ:5", "0ወ5ነ5", "0ወ5ሀ5", "0ወ5ሸ5", "0ወ5ተ5", "0ወ3ተ5", "0ወ3ቸ:0ወ5", "0ወ3ቸ:5ሀ1"]
    objects += ["0ወ5" + relation + one for relation in _RELATIONS for one in _RELATED]
    for one in objects:
        yield one
        yield from _with_auxiliary(one)


_POSSESSIVES_C = ("5", "1", "4", "5ሀ5", "5ሸ5", "w", "5ወ3", "3ቸ:5ነ5", "3ቸ:5ሀ1", "3ቸ:0ወ5", "5ወ6", "2ተ1", "2ተw", "5ተw")
_POSSESSIVES_V = (
    "",
    "ወ5",
    "ወ3",
    "የ4",
    "ሀ5",
    "ሸ5",
    "ቸ:5ነ5",
    "ቸ:5ሀ1",
    "ቸ:0ወ5",
    "የ3ቸ:5ነ5",
    "የ3ቸ:5ሀ1",
    "የ3ቸ:0ወ5",
    "ወ6",
    "ተw",
)
_ABSTRACT = ("5", "1", "4", "3ቸ:5ነ5", "3ቸ:0ወ5", "3ቸ:5ሀ1", "w", "5ሀ5")


def _noun(*, vowel: str = "") -> Iterator[str]:
    """Yield the endings of a noun after a consonant, or after a vowel."""
    plural = [("6ቸ:" if not vowel else vowel + "ወ6ቸ:") + one for one in _POSSESSIVES_C]
    if vowel == "3":
        plural += ["6ቸ:" + one for one in _POSSESSIVES_C]  # ጓደኛ, ጓደኞች
    own = [vowel + one for one in _POSSESSIVES_V] if vowel else list(_POSSESSIVES_C)
    link = vowel or "5"
    abstract = [link + "ነ:0ተ" + one for one in _ABSTRACT]
    belonging = [link + "ኘ:" + one for one in ("3", "3ወ5", "3ወ3", "6ቸ:5", "6ቸ:1", "3ወ6ቸ:5", "3ነ:0ተ5")]
    if not vowel:
        belonging += [begin + one[1:] for begin in ("0", "5ተ0") for one in belonging]
        belonging += ["3ወ2", "3ወ2ወ5", "3ወ2ነ:0ተ5", "3ወ2ተ5", "3ተ5", "3ተ1", "3ነ5"]
    yield from (*own, *plural, *abstract, *belonging)


def _relative(vowel: str) -> Iterator[str]:
    """Yield the prefixes of the relative imperfect and its negative, before a stem (``5``) or a causative (``3``)."""
    behind_i = "2" if vowel == "5" else "2የ3"
    for preposition in (*_PREPOSITIONS, "ወ0ደ0"):
        for subject in (behind_i, "5ተ" + vowel, "5ነ:" + vowel, vowel):
            yield preposition + "መ:" + subject
        for subject in ("3የ", "3ተ", "3ነ:", "3ለ"):
            yield preposition + "መ:" + subject + vowel


def _conjoined(vowel: str) -> Iterator[str]:
    """Yield the prefixes of conjunctions before the imperfect: ሲሰብር, እንዳይሰብር."""
    behind_i = "2" if vowel == "5" else "2የ3"
    for conjunction in ("ሰ", "ለ", "በ", "አ5ነ5ደ"):
        yield from (conjunction + one for one in (behind_i, "5ተ" + vowel, "5ነ:" + vowel, vowel))
        yield from (conjunction + one + vowel for one in ("3የ", "3ተ", "3ነ:", "3ለ"))


def _prefixes() -> Iterator[tuple[str, str]]:
    """Yield each aspect and a prefix that it may have."""
    denied = [one[:-1] + "3ለ" for one in (*_PREPOSITIONS, "አ0")]
    for preposition in ("", *_PREPOSITIONS, "አ5የ:0"):
        yield "P", preposition
        yield "aP", preposition[:-1] + "3" if preposition else "አ3"
    for begin, vowel in (("", "5"), ("a", "3")):
        yield from ((begin + "P", one + vowel) for one in denied)
        yield from ((begin + "X", one + vowel) for one in ("የ", "ተ", "አ", "አ5ነ:"))
        yield from ((begin + "I", one) for one in (*_relative(vowel), *_conjoined(vowel)))
        for subject in ("አ3የ", "አ3ተ", "አ3ነ:", "አ3ለ"):
            yield begin + "D", subject + vowel
            yield begin + "J", subject + vowel
        yield from ((begin + "J", one + vowel) for one in ("የ", "ተ", "ለ", "አ5ነ:"))
    yield from (("j", ""), ("aj", "አ3"), ("G", ""), ("aG", "አ3"))
    for prefix in _NOUN_PREFIXES:
        yield "N", prefix
        yield "V", prefix
    yield from (("V", one) for one in ("አ3ለ0", "በ3ለ0", "የ3ለ0", "ከ3ለ0", "ለ3ለ0", "ሰ5ለ3ለ0", "አ5ነ5ደ3ለ0"))


@cache
def list_prefixes() -> Mapping[str, tuple[tuple[str, Marks], ...]]:
    """Return each prefix, spelled in segments: the aspects that it comes before, and its doubled letters.

    ``X`` is the imperfect that needs an auxiliary, ``D`` the one that needs -ም.
    """
    found: dict[str, dict[tuple[str, Marks], None]] = {}
    for aspect, pattern in _prefixes():
        plain, marks = read_pattern(pattern)
        found.setdefault(plain, {})[aspect, marks] = None
    return {plain: tuple(readings) for plain, readings in found.items()}


class Suffixes(Mapping[str, Marks]):
    """The suffixes of a class, spelled in segments from a vowel on: endings, and what may follow them.

    There are thousands, and a sentence has a few: the first ones that are asked for are taken apart into ending and
    tail; if many are, all are put together.

    Parameters
    ----------
    endings, tails : Iterable[str]
        Patterns; of suffixes that are spelled alike, the first ending with its first tail is meant.
    kept : tuple[str, ...]
        How the suffixes begin.
    """

    def __init__(self, endings: Iterable[str], tails: Iterable[str], kept: tuple[str, ...] = ("",)) -> None:
        self._endings: dict[str, tuple[int, str]] = {}
        for order, ending in enumerate(endings):
            self._endings.setdefault(ending.replace(":", ""), (order, ending))
        self._tails = [read_pattern(tail) for tail in tails]
        self._kept = kept
        self._asked = 0

    def __getitem__(self, suffix: str) -> Marks:
        """Return the doubled letters of a suffix, counted from the stem's last letter, whose vowel it begins with."""
        marks = self.find(suffix)
        if marks is None:
            raise KeyError(suffix)
        return marks

    def find(self, suffix: str) -> Marks | None:
        """Return the doubled letters of a suffix, or None if it is none of them."""
        if self._asked > _MANY:
            return self._whole.get(suffix)
        self._asked += 1
        found = [
            (*known, tail, more)
            for tail, more in self._tails
            if suffix.endswith(tail) and (known := self._endings.get(suffix[: len(suffix) - len(tail)]))
        ]
        if not found or not suffix.startswith(self._kept):
            return None
        _, ending, tail, more = min(found, key=_first)
        return _join(_read_ending(ending), len(suffix) - len(tail), more)

    @cached_property
    def _whole(self) -> dict[str, Marks]:
        found: dict[str, Marks] = {}
        for plain, (_, ending) in self._endings.items():
            marks = _read_ending(ending)
            for tail, more in self._tails:
                found.setdefault(plain + tail, _join(marks, len(plain), more))
        return {suffix: marks for suffix, marks in found.items() if suffix.startswith(self._kept)}

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the suffixes."""
        return iter(self._whole)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._whole)


def _first(found: tuple[int, str, str, Marks]) -> int:
    return found[0]


def _read_ending(ending: str) -> Marks:
    """Return the doubled letters of an ending, counted from the stem's last consonant, which comes before it."""
    return read_pattern("ለ" + ending)[1]


def _join(marks: Marks, length: int, more: Marks) -> Marks:
    """Return the doubled letters of an ending of so many characters with those of a tail."""
    behind = (length + 1) // 2
    return marks + tuple(behind + one for one in more)


@cache
def list_suffixes(kind: str) -> Suffixes:
    """Return each suffix of a class and its doubled letters."""
    aspect, last = kind[0], kind[1:]
    vowel = {"C": "5", "A": "3", "E": "0"}.get(last, last)
    endings: Iterable[str]
    tails: tuple[str, ...] = _TAILS
    if aspect == "P":
        endings = _perfect(last=vowel)
    elif aspect == "X":
        endings, tails = _compound(last="3" if last == "A" else "5"), ("", "ነ:3", "መ5", "ሰ5", "ከ6")
    elif aspect in "IJjD":
        endings = _simple(last="3" if last == "A" else "5")
        tails = {"D": ("መ5", "መ5ነ:3"), "j": ("",)}.get(aspect, _TAILS)
    elif aspect == "G":
        endings = _converb()
    else:
        endings = _noun(vowel="" if last == "C" else last)
    if last == "F":
        return Suffixes(endings, tails, ("4", "3ለ0ሀ1") if aspect == "G" else ("2", "5", "3ለ0ሸ5"))
    return Suffixes(endings, tails)

"""User lexicons: how a word is said, by the person who knows. Knows no file, no rule and no backend."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from amhctl.core.errors import TextError
from amhctl.text.draft import TIE, Draft, Edit
from amhctl.text.g2p.affixes import list_suffixes
from amhctl.text.g2p.phones import split_phones
from amhctl.text.g2p.segments import spell
from amhctl.text.script import GEMINATION, SYLLABLES, is_sixth_order, with_order

RULE = "lexicon"
PREFIXES = ("እንደ", "ስለ", "ያለ", "እነ", "የ", "በ", "ለ", "ከ")
"""What may come before a word of a lexicon and is kept."""

_POINTS = frozenset(".,:/")
"""What may stand inside a number."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Readings of words.

    Attributes
    ----------
    spoken : Mapping[str, str]
        Written word to spoken Amharic.
    phones : Mapping[str, str]
        Word of fidel to its phones, run together.
    """

    spoken: Mapping[str, str] = field(default_factory=dict)
    phones: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: "Lexicon") -> "Lexicon":
        """Return both lexicons as one; of two readings of a word, in fidel or in phones, the other's is kept."""
        return Lexicon(
            {**_without(self.spoken, other.phones), **other.spoken},
            {**_without(self.phones, other.spoken), **other.phones},
        )


def _without(table: Mapping[str, str], words: Collection[str]) -> dict[str, str]:
    return {word: said for word, said in table.items() if word not in words}


class LexiconReader:
    """Finds the words of a lexicon's spoken readings in a text, alone, after a prefix or before a suffix.

    Parameters
    ----------
    spoken : Mapping[str, str]
        Written word to spoken Amharic.
    words : Iterable[str]
        Further words that the user knows: they are left as they are, but a full stop beside one ends a sentence.

    Raises
    ------
    TextError
        If a reading holds a word of the lexicon: what was read once would be read again.
    """

    def __init__(self, spoken: Mapping[str, str], words: Iterable[str] = ()) -> None:
        self._spoken = dict.fromkeys(words, "") | dict(spoken)
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(self._spoken, key=len, reverse=True):
            self._by_first.setdefault(word[0], []).append(word)
        self._stiff: set[str] = set()
        for word, reading in self._spoken.items():
            for _, _, held, rest in self._find(reading):
                if rest:
                    # Its inflected form is in a reading: read with its suffixes, that reading would be read again.
                    self._stiff.add(held)
                elif self._spoken[held] not in (held, ""):
                    raise TextError(
                        f"the pronunciation of {word}, {reading}, contains {held}, which has an entry of its own",
                        subject="lexicon",
                        hint="write the pronunciation in full",
                    )

    def apply(self, draft: Draft) -> None:
        """Read the words that the lexicon knows; what they become is tied and is not read again."""
        if self._by_first:
            edits = (self._read(draft.text, *found) for found in self._find(draft.text))
            draft.rewrite(RULE, [edit for edit in edits if edit is not None])

    def _read(self, text: str, begin: int, end: int, word: str, rest: str) -> Edit | None:
        """Return the edit for a word that was found, or None if nothing changes."""
        said = self._spoken[word]
        reading = text[begin:end] if not said else _inflect(said, rest).replace(" ", TIE)
        before, after = text[max(0, begin - 2) : begin], text[end : end + 2]
        if len(after) == 2 and after[0] == "." and after[1] in SYLLABLES:
            reading, end = f"{reading}. ", end + 1
        elif said and "." in word and after == ". " and text[end + 2 : end + 3].isalnum():
            end += 1  # the stop that ends an abbreviation, not the sentence
        if len(before) == 2 and before[1] == "." and before[0] in SYLLABLES:
            reading, begin = f". {reading}", begin - 1
        return None if reading == text[begin:end] else (begin, end, reading)

    def _find(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """Yield the span of each known word, the word, and the letters of its suffix from its last letter on."""
        place = 0
        while place < len(text):
            found = self._at(text, place) if _begins(text, place) else None
            if found is None:
                place += 1
                continue
            yield found
            # A full stop belongs to the word before it, so that two words beside one do not both claim it.
            place = found[1] + (text[found[1] : found[1] + 1] == ".")

    def _at(self, text: str, place: int) -> tuple[int, int, str, str] | None:
        """Return the longest word of the lexicon that begins a word here, with or without affixes."""
        for prefix in ("", *PREFIXES):
            if not text.startswith(prefix, place):
                continue
            begin = place + len(prefix)
            candidates = self._by_first.get(text[begin : begin + 1], ())
            for word in candidates:
                end = begin + len(word)
                if text.startswith(word, begin) and _ends(text, end):
                    return begin, end, word, ""
            for word in candidates:
                if word not in self._stiff and (rest := self._suffix(text, begin, word)):
                    return begin, begin + len(word) - 1 + len(rest), word, rest
        return None

    def _suffix(self, text: str, begin: int, word: str) -> str:
        """Return what is in a text from the last letter of a word on, if that is a suffix that it may take."""
        said = self._spoken[word]
        last = begin + len(word) - 1
        end = last + 1
        while end < len(text) and text[end] in SYLLABLES:
            end += 1
        rest = text[last:end]
        if not said or len(word) < 2 or end <= last + (word[-1] not in SYLLABLES) or not _ends(text, end):
            return ""
        if not text.startswith(word[:-1], begin):
            return ""
        if word[-1] in SYLLABLES:
            suffix = find_suffix(word[-1], rest) if is_sixth_order(word[-1]) == is_sixth_order(said[-1]) else None
        elif rest[0] == word[-1] and said[-1] in SYLLABLES:
            suffix = find_suffix(said[-1], said[-1] + rest[1:])
        else:
            suffix = None
        return "" if suffix is None else rest


def _inflect(said: str, rest: str) -> str:
    """Return a reading with a suffix, given from the last letter of the written word on: ``ሲ ቢ ኢ`` and ``Eን``."""
    if not rest:
        return said
    if is_sixth_order(said[-1]) and rest[0] in SYLLABLES:
        return said[:-1] + with_order(said[-1], SYLLABLES[rest[0]].order) + rest[1:]
    return said + rest[1:]


def find_suffix(last: str, rest: str) -> tuple[int, ...] | None:
    """Return the doubled letters of a noun's suffix, or None if that is none.

    Parameters
    ----------
    last : str
        The last letter of the noun.
    rest : str
        The inflected word from that letter on; its vowel may be another one.
    """
    if SYLLABLES[last].series != SYLLABLES[rest[0]].series or (rest[0] != last and not is_sixth_order(last)):
        return None
    spelt = spell(last)
    kind = "NC" if spelt[1] == "5" else "N" + spelt[1]
    return list_suffixes(kind).find(spell(rest)[1:]) if spell(rest)[1:] != spelt[1:] else None


def _begins(text: str, place: int) -> bool:
    """Return whether a word may begin at a place: inside no other, and not after the point of a number."""
    before = text[max(0, place - 1) : place]
    inside = before in _POINTS and text[max(0, place - 2) : place - 1].isdigit() and text[place].isdigit()
    return not (inside or before.isalnum() or before == GEMINATION)


def _ends(text: str, end: int) -> bool:
    """Return whether a word may end before a place: it does not continue, and is not the 3 of 3.5."""
    after = text[end : end + 1]
    inside = after in _POINTS and text[end - 1].isdigit() and text[end + 1 : end + 2].isdigit()
    return not (inside or after.isalnum() or after == GEMINATION)


@dataclass(frozen=True, slots=True)
class Given:
    """A word that a lexicon of phones knows inside of a longer one.

    Attributes
    ----------
    before : str
        The letters before it, which are a word or a prefix of their own.
    phones : tuple[str, ...]
        What the user says of it.
    rest : str
        The letters of its suffix, from its last letter on, doubled letters marked; or the word that follows it in a
        compound; or nothing.
    suffix : bool
        Whether ``rest`` is a suffix.
    """

    before: str
    phones: tuple[str, ...]
    rest: str = ""
    suffix: bool = False


def find_phones(word: str, phones: Mapping[str, str], words: Collection[str] = ()) -> Given | None:
    """Return what a lexicon knows of a word: alone, after a prefix, before a suffix, or beside another word.

    Parameters
    ----------
    word : str
        A word of fidel.
    phones : Mapping[str, str]
        The lexicon.
    words : Collection[str]
        Words that a compound may be made of, besides those of the lexicon.

    Examples
    --------
    >>> find_phones("በገና", {"ገና": "ɡənna"})
    Given(before='በ', phones=('ɡ', 'ə', 'n', 'n', 'a'), rest='', suffix=False)
    >>> find_phones("ገናን", {"ገና": "ɡənna"}).rest
    'ናን'
    """
    starts = [prefix for prefix in ("", *PREFIXES) if word.startswith(prefix)]
    for prefix in starts:
        if (known := phones.get(word[len(prefix) :])) is not None:
            return Given(prefix, split_phones(known))
    for prefix in starts:
        stem = word[len(prefix) :]
        for length in range(len(stem), 1, -1):
            if (rest := _cut_suffix(stem, length, phones)) is not None:
                return rest if not prefix else Given(prefix, rest.phones, rest.rest, suffix=True)
    return _find_part(word, phones, words)


def _cut_suffix(stem: str, length: int, phones: Mapping[str, str]) -> Given | None:
    """Return a word of so many letters that a stem begins with, if the rest of the stem is its suffix."""
    last = stem[length - 1]
    if last not in SYLLABLES or any(letter not in SYLLABLES for letter in stem[length:]):
        return None
    for ending in dict.fromkeys((last, with_order(last, 5))):
        known = phones.get(stem[: length - 1] + ending)
        if known is None:
            continue
        rest = stem[length - 1 :]
        doubled = find_suffix(ending, rest)
        if doubled is not None:
            marked = "".join(letter + GEMINATION * (place in doubled) for place, letter in enumerate(rest))
            return Given("", split_phones(known), marked, suffix=True)
    return None


def _find_part(word: str, phones: Mapping[str, str], words: Collection[str]) -> Given | None:
    """Return a word of the lexicon that makes a compound with another word: አዲስ and ገና in አዲስገና."""
    for place in range(len(word) - 2, 1, -1):
        before, behind = word[:place], word[place:]
        if behind in phones and before in words:
            return Given(before, split_phones(phones[behind]))
        if before in phones and (behind in words or behind in phones):
            return Given("", split_phones(phones[before]), behind)
    return None

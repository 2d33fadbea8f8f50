"""User lexicons: how a word is said, by the person who knows. Knows no rule and no backend.

A lexicon is a file in one of two forms, UTF-8:

* ``.tsv``: two columns, the written word and how it is said; lines that are empty or begin with ``#`` are passed over;
* ``.toml``: strings, ``"written" = "said"``, at the top or in tables of any name.

What is said is spoken Amharic (``CBE`` → ``ሲ ቢ ኢ``) or, for one word of fidel, its phones (``ገና`` → ``ɡənna``): they
are told apart by their script. A written word is matched whole, as it is spelt, alone or behind a prefix (የ በ ለ ከ …).
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amhctl.core.documents import parse_toml, read_limited
from amhctl.core.errors import DocumentError, TextError
from amhctl.text.draft import TIE, Draft, Edit
from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.script import GEMINATION, SYLLABLES

RULE = "lexicon"
PREFIXES = ("እንደ", "ስለ", "ያለ", "እነ", "የ", "በ", "ለ", "ከ")
"""What may stand before a word of a lexicon and is kept."""

_LONGEST = 200
_POINTS = frozenset(".,:/")
"""What may stand inside a number."""
_KNOWN_PHONES = frozenset(PHONES)


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


def read_lexicons(paths: Iterable[Path]) -> Lexicon:
    """Read lexicon files; a later one overrides an earlier one.

    Raises
    ------
    TextError
        If a file cannot be read, or with every faulty line of it.
    """
    lexicon = Lexicon()
    for path in paths:
        lexicon = lexicon.joined(_read(path))
    return lexicon


def _read(path: Path) -> Lexicon:
    try:
        content = read_limited(path).decode("utf-8-sig")
    except OSError as error:
        raise TextError(
            f"the lexicon cannot be read: {error.strerror}",
            subject=str(path),
            hint="check --lexicon and paths.lexicons",
        ) from error
    except DocumentError as error:
        raise TextError(f"the lexicon is {error.message}", subject=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TextError("the lexicon is not UTF-8", subject=f"{path}:{line}", hint="save it as UTF-8") from error
    entries = _toml_entries(path, content) if path.suffix == ".toml" else _tsv_entries(content)
    spoken: dict[str, str] = {}
    phones: dict[str, str] = {}
    faults: list[str] = []
    for where, written, said in entries:
        fault = _sort(written, said, spoken, phones)
        if fault:
            faults.append(f"{where}: {fault}")
    if faults:
        shown = "; ".join(faults[:10]) + (f"; and {len(faults) - 10} more" if len(faults) > 10 else "")
        raise TextError(
            f"the lexicon has {len(faults)} faulty {'entry' if len(faults) == 1 else 'entries'}: {shown}",
            subject=str(path),
            hint="an entry is a written word and how it is said, in fidel or in phones",
        )
    return Lexicon(spoken, phones)


def _tsv_entries(content: str) -> Iterator[tuple[str, str, str | None]]:
    for number, line in enumerate(content.split("\n"), start=1):
        stripped = line.rstrip("\r")
        if not stripped.strip() or stripped.startswith("#"):
            continue
        written, _, said = stripped.partition("\t")
        yield f"line {number}", written, said if "\t" in stripped and "\t" not in said else None


def _toml_entries(path: Path, content: str) -> Iterator[tuple[str, str, str | None]]:
    try:
        document = parse_toml(content)
    except DocumentError as error:
        raise TextError(
            f"the lexicon is {error.message}",
            subject=str(path),
            hint='write "written" = "said", a line for each word',
        ) from error
    pending = list(document.items())
    for key, value in pending:
        if isinstance(value, dict):
            pending += value.items()
        else:
            yield f"key {key!r}", key, value if isinstance(value, str) else None


def _sort(written: str, said: str | None, spoken: dict[str, str], phones: dict[str, str]) -> str | None:
    """Put an entry where it belongs, or return why it belongs nowhere."""
    if said is None:
        return "not exactly two columns, or not a string"
    word, reading = (" ".join(unicodedata.normalize("NFC", part).split()) for part in (written, said))
    if not word or not reading:
        return "the written word or its reading is empty"
    if max(len(word), len(reading)) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if word in spoken or word in phones:
        return f"{word} has a reading already"
    if all(letter in SYLLABLES or letter in f" {GEMINATION}" for letter in reading):
        if reading[0] == GEMINATION:
            return f"{reading!r} begins with a gemination mark"
        spoken[word] = reading
        return None
    units = split_phones(reading.replace(" ", ""))
    strange = sorted({unit for unit in units if unit not in _KNOWN_PHONES})
    if strange:
        return f"{reading!r} is neither fidel nor phones: {' '.join(strange)}"
    if not all(letter in SYLLABLES or letter == GEMINATION for letter in word):
        return f"{word!r} is not one word of fidel, which phones can be given for"
    phones[word] = "".join(units)
    return None


class LexiconReader:
    """Finds the words of a lexicon's spoken readings in a text.

    Parameters
    ----------
    spoken : Mapping[str, str]
        Written word to spoken Amharic.

    Raises
    ------
    TextError
        If a reading holds a word of the lexicon: what was read once would be read again.
    """

    def __init__(self, spoken: Mapping[str, str]) -> None:
        self._spoken = dict(spoken)
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(self._spoken, key=len, reverse=True):
            self._by_first.setdefault(word[0], []).append(word)
        for word, reading in self._spoken.items():
            for begin, end, _ in self._find(reading):
                if self._spoken[reading[begin:end]] != reading[begin:end]:
                    raise TextError(
                        f"the reading of {word}, {reading}, holds {reading[begin:end]}, which has a reading of its own",
                        subject="lexicon",
                        hint="write the reading out in full",
                    )

    def apply(self, draft: Draft) -> None:
        """Read the words that the lexicon knows; what they become is tied and is not read again."""
        if self._by_first:
            draft.rewrite(RULE, list(self._find(draft.text)))

    def _find(self, text: str) -> Iterator[Edit]:
        place = 0
        while place < len(text):
            found = self._at(text, place) if _begins(text, place) else None
            if found is None:
                place += 1
                continue
            begin, end = found
            yield begin, end, self._spoken[text[begin:end]].replace(" ", TIE)
            place = end

    def _at(self, text: str, place: int) -> tuple[int, int] | None:
        """Return the span of the longest word of the lexicon that begins a word here, with or without a prefix."""
        for prefix in ("", *PREFIXES):
            if not text.startswith(prefix, place):
                continue
            begin = place + len(prefix)
            for word in self._by_first.get(text[begin : begin + 1], ()):
                end = begin + len(word)
                if text.startswith(word, begin) and _ends(text, end):
                    return begin, end
        return None


def _begins(text: str, place: int) -> bool:
    """Return whether a word may begin at a place: inside no other, and not behind the point of a number."""
    before = text[max(0, place - 1) : place]
    inside = before in _POINTS and text[max(0, place - 2) : place - 1].isdigit() and text[place].isdigit()
    return not (inside or before.isalnum() or before == GEMINATION)


def _ends(text: str, end: int) -> bool:
    """Return whether a word may end before a place: it does not go on, and is not the 3 of 3.5."""
    after = text[end : end + 1]
    inside = after in _POINTS and text[end - 1].isdigit() and text[end + 1 : end + 2].isdigit()
    return not (inside or after.isalnum() or after == GEMINATION)


def find_phones(word: str, phones: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """Return the prefix and the phones of a word that a lexicon knows, alone or behind a prefix; None if it does not.

    >>> find_phones("በገና", {"ገና": "ɡənna"})
    ('በ', ('ɡ', 'ə', 'n', 'n', 'a'))
    """
    for prefix in ("", *PREFIXES):
        if word.startswith(prefix) and (known := phones.get(word[len(prefix) :])) is not None:
            return prefix, split_phones(known)
    return None

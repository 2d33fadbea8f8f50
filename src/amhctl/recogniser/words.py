"""From phones back to written words: the words of a corpus by their sound, and letters for words it does not know.

Several spellings sound alike; the most frequent one is written. An unknown word is spelled by the orders of the fidel,
with the plain letter where several sound alike: ሰ, not ሠ.
"""

import lzma
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from amhctl.core.errors import CheckpointError
from amhctl.recogniser.labels import LABELS
from amhctl.text.g2p.phones import VOWELS
from amhctl.text.g2p.rules import CONSONANTS_OF_SERIES
from amhctl.text.script import build_homophones

Labels = tuple[int, ...]
WORDS_FILE = "words.tsv.xz"
_ORDERS = {"ə": 0, "u": 1, "i": 2, "a": 3, "e": 4, "ɨ": 5, "o": 6}
_BARE = 5
_UNKNOWN_SHARE = 0.05


class WordList:
    """Words, how often they occur, and how they sound.

    Parameters
    ----------
    counts : Mapping[str, int]
        How often each written word occurs.
    phones : Mapping[str, Labels]
        The labels of each.
    """

    def __init__(self, counts: Mapping[str, int], phones: Mapping[str, Labels]) -> None:
        self._counts, self._phones = dict(counts), dict(phones)
        total = sum(self._counts.values())
        self._by_sound: dict[Labels, tuple[str, float]] = {}
        # The most frequent spelling comes first, and the others of its sound add to its share.
        shares: dict[Labels, int] = {}
        for word in sorted(self._counts, key=lambda word: (-self._counts[word], word)):
            sound = self._phones[word]
            shares[sound] = shares.get(sound, 0) + self._counts[word]
            if sound not in self._by_sound:
                self._by_sound[sound] = (word, 0.0)
        for sound, share in shares.items():
            chance = (1.0 - _UNKNOWN_SHARE) * share / total
            self._by_sound[sound] = (self._by_sound[sound][0], math.log(chance))

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._counts)

    def ranked(self) -> Iterator[tuple[str, Labels]]:
        """Yield the words and their sounds, the most frequent first."""
        for word in sorted(self._counts, key=lambda word: (-self._counts[word], word)):
            yield word, self._phones[word]

    def sound(self, word: str) -> Labels | None:
        """Return the labels of a written word; None if it is not among them."""
        return self._phones.get(word)

    def find(self, sound: Sequence[int]) -> tuple[str, float] | None:
        """Return the word of a sound and its natural log-probability; None if there is none."""
        return self._by_sound.get(tuple(sound))

    @property
    def log_unknown(self) -> float:
        """Natural log-probability that a word is none of these."""
        return math.log(_UNKNOWN_SHARE)

    def write(self, sound: Sequence[int]) -> str:
        """Return the most frequent word of a sound, or its letters."""
        found = self.find(sound)
        return spell_fidel(sound) if found is None else found[0]

    def dump(self) -> bytes:
        """Return the words as a compressed table, most frequent first."""
        rows = sorted(self._counts, key=lambda word: (-self._counts[word], word))
        lines = "".join(f"{word}\t{self._counts[word]}\t{_pack(self._phones[word])}\n" for word in rows)
        return lzma.compress(lines.encode("utf-8"), preset=9)

    @classmethod
    def parse(cls, data: bytes, *, subject: str) -> "WordList":
        """Return the words of a table that ``dump`` made.

        Raises
        ------
        CheckpointError
            If it is damaged.
        """
        counts, phones = {}, {}
        try:
            for line in lzma.decompress(data).decode("utf-8").splitlines():
                word, count, packed = line.split("\t")
                counts[word], phones[word] = int(count), _unpack(packed)
            if not counts or min(counts.values()) < 1:
                raise ValueError("no words")
        except (lzma.LZMAError, ValueError, EOFError) as fault:
            raise CheckpointError(
                f"the word list is damaged: {fault}", subject=subject, hint="copy the folder from its source again"
            ) from fault
        return cls(counts, phones)


def count_words(sentences: Iterable[str], read: Callable[[str], Labels | None], *, largest: int = 60_000) -> WordList:
    """Return the most frequent words of spoken text.

    Parameters
    ----------
    sentences : Iterable[str]
        Normalised text: fidel and spaces.
    read : Callable[[str], Labels | None]
        Labels of a word; None if it cannot be read.
    largest : int
        How many words are kept.

    Raises
    ------
    ValueError
        If the text has no word that can be read.
    """
    counts: dict[str, int] = {}
    for sentence in sentences:
        for word in sentence.split():
            counts[word] = counts.get(word, 0) + 1
    phones: dict[str, Labels] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        if len(phones) == largest:
            break
        if labels := read(word):
            phones[word] = labels
    if not phones:
        raise ValueError("the text has no word that can be read")
    return WordList({word: counts[word] for word in phones}, phones)


def spell_fidel(sound: Sequence[int]) -> str:
    """Return letters that sound so.

    >>> spell_fidel([NUMBERS[phone] for phone in ("s", "ə", "l", "a", "m")])
    'ሰላም'
    """
    letters = []
    waiting = ""
    for phone in (LABELS[label] for label in sound):
        if phone not in VOWELS:
            if waiting:
                letters.append(_letter(waiting, _BARE))
            waiting = phone
        else:
            letters.append(_letter(waiting, _ORDERS[phone]))
            waiting = ""
    if waiting:
        letters.append(_letter(waiting, _BARE))
    return "".join(letters)


_FOLDED = build_homophones()


def _series() -> dict[str, str]:
    """Return the plain series of each consonant; that of vowels alone is አ."""
    plain: dict[str, str] = {}
    for series, consonant in CONSONANTS_OF_SERIES.items():
        if series not in _FOLDED and series not in "ኧኸ":
            plain.setdefault(consonant, series)
    return plain


_SERIES = _series()


def _letter(consonant: str, order: int) -> str:
    if not consonant and order == 0:
        return "ኧ"
    series = _SERIES[consonant]
    if consonant.endswith("ʷ") and order in (1, 6):
        # These series have no such letters: what is rounded before u and o is written as the plain consonant.
        return chr(ord(_SERIES[consonant.removesuffix("ʷ")]) + order)
    if consonant == "h" and order == 0:
        return "ኸ"
    letter = chr(ord(series) + order)
    return _FOLDED.get(letter, letter)


def _pack(labels: Labels) -> str:
    return "".join(chr(ord("0") + label) for label in labels)


def _unpack(packed: str) -> Labels:
    labels = tuple(ord(character) - ord("0") for character in packed)
    if any(not 0 < label < len(LABELS) for label in labels):
        raise ValueError("a label that does not exist")
    return labels

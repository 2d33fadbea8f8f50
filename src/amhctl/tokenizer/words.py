"""The words of a corpus and how often each occurs, in bounded memory. Knows no vocabulary and no training.

Vocabularies are learnt from words, not from lines: no piece reaches over a space, so a word counted a thousand times
says all that a thousand lines say, and a corpus of any length becomes a table of at most `MOST_WORDS` entries. Where
there are more different words, the rarest are dropped again and again (in the manner of lossy counting, Manku and
Motwani, VLDB 2002); they could not have given a piece that is worth its row. Their letters are kept, so that none
becomes unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import Alphabet

MOST_WORDS = 750_000
"""Different words kept at once: about 150 MB here and some 450 MB in SentencePiece."""


@dataclass(frozen=True, slots=True)
class WordCounts:
    """A corpus as its words.

    Attributes
    ----------
    counts : Mapping[str, int]
        How often each word occurs; the words in the order in which they first occur.
    letters : Mapping[str, int]
        How often each character occurs, those of dropped words included.
    lines : int
        Lines that held a word.
    dropped : int
        Occurrences of words that were dropped for being rare.
    """

    counts: Mapping[str, int]
    letters: Mapping[str, int]
    lines: int
    dropped: int


def count_words(lines: Iterable[str], alphabet: Alphabet, *, most: int = MOST_WORDS) -> WordCounts:
    """Count the words of strings of units, read once.

    Raises
    ------
    VocabularyError
        If the corpus is empty, or has characters outside the alphabet; all of them are named, each with the line in
        which it comes first.
    """
    counts: dict[str, int] = {}
    letters: dict[str, int] = {}
    first_seen: dict[str, int] = {}
    kept = dropped = 0
    for number, line in enumerate(lines, start=1):
        filled = False
        for word in line.split(" "):
            if word in counts:
                counts[word] += 1
                filled = True
            elif word:
                filled = True
                if strangers := alphabet.strangers(word):
                    for char in strangers:
                        first_seen.setdefault(char, number)
                else:
                    counts[word] = 1
        kept += filled
        if len(counts) > most:
            dropped += _make_room(counts, letters, most * 3 // 4)
    if first_seen:
        raise _strange(first_seen, alphabet)
    if not kept:
        raise VocabularyError("the corpus is empty", hint="give at least one line of text")
    _add_letters(letters, counts)
    return WordCounts(counts, letters, kept, dropped)


def _make_room(counts: dict[str, int], letters: dict[str, int], left: int) -> int:
    """Drop the rarest words until at most ``left`` remain; return how many occurrences went with them."""
    floor = dropped = 0
    while len(counts) > left:
        floor += 1
        rare = {word: count for word, count in counts.items() if count <= floor}
        for word in rare:
            del counts[word]
        _add_letters(letters, rare)
        dropped += sum(rare.values())
    return dropped


def _add_letters(letters: dict[str, int], counts: Mapping[str, int]) -> None:
    for word, count in counts.items():
        for char in word:
            letters[char] = letters.get(char, 0) + count


def _strange(first_seen: Mapping[str, int], alphabet: Alphabet) -> VocabularyError:
    shown = list(first_seen.items())[:10]
    more = len(first_seen) - len(shown)
    named = ", ".join(f"{char!r} (U+{ord(char):04X}) in line {number}" for char, number in shown)
    return VocabularyError(
        f"the corpus has characters that are not {alphabet.units}: {named}" + (f" and {more} more" if more else ""),
        subject=f"line {shown[0][1]}",
        hint="process the text with the frontend first",
    )

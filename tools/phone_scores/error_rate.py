"""How far phones are from the phones of a reference: the phone error rate. Knows no backend and no letters.

The rate is the Levenshtein distance (substitutions, insertions and deletions, one each) summed over words, divided by
the phones of the references. Where a reference list gives several pronunciations of a word, the nearest one counts.
Conventions that differ between lists and that nobody hears are evened out first, on both sides: the glottal stop is
left out of our inventory altogether, and ɨ at the very end of a word (ልብ lɨbb or lɨbbɨ) is dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amhctl.text.g2p.phones import VOWELS

Word = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhoneErrors:
    """Errors of phones against references.

    Attributes
    ----------
    errors : int
        Substitutions, insertions and deletions.
    phones : int
        Phones of the references.
    words : int
        Words compared.
    wrong : int
        Words with at least one error.
    """

    errors: int
    phones: int
    words: int
    wrong: int

    @property
    def rate(self) -> float:
        """The phone error rate; 0 where nothing was compared."""
        return self.errors / self.phones if self.phones else 0.0


def count_errors(pairs: Iterable[tuple[Word, Sequence[Word]]], *, gemination: bool) -> PhoneErrors:
    """Compare words with their references.

    Parameters
    ----------
    pairs : Iterable[tuple[Word, Sequence[Word]]]
        The phones of each word, and its accepted pronunciations.
    gemination : bool
        Whether a phone written twice differs from the phone written once.
    """
    errors = phones = words = wrong = 0
    for said, references in pairs:
        prepared = [even_out(reference, gemination=gemination) for reference in references]
        distance, length = min(
            (edit_distance(even_out(said, gemination=gemination), one), len(one)) for one in prepared
        )
        errors += distance
        phones += length
        words += 1
        wrong += distance > 0
    return PhoneErrors(errors, phones, words, wrong)


def even_out(word: Word, *, gemination: bool) -> Word:
    """Return a word by the conventions of the comparison.

    >>> even_out(("l", "ɨ", "b", "b", "ɨ"), gemination=False)
    ('l', 'ɨ', 'b')
    """
    if len(word) > 1 and word[-1] == "ɨ" and any(phone in VOWELS for phone in word[:-1]):
        word = word[:-1]
    if gemination:
        return word
    return tuple(phone for place, phone in enumerate(word) if place == 0 or phone != word[place - 1])


def edit_distance(said: Word, reference: Word) -> int:
    """Return the Levenshtein distance of two words (Levenshtein 1966), by the usual table of one row."""
    row = list(range(len(reference) + 1))
    for place, phone in enumerate(said, start=1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(reference, start=1):
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, diagonal + (phone != other))
    return row[-1]

"""Which pieces of a vocabulary a letter it lacks resembles: what a new row of a network may start from. Knows no rows.

A foreign vocabulary cannot spell ሰ, but it may have a piece that sounds or serves alike: the homophone ሠ, the bare
consonant ስ, for a mark the Latin one, for a numeral the digit, and for any syllable the Latin letters that romanise it
(BGN/PCGN 1967 system for Amharic, without its diacritics). Rows started from such pieces are nearer to their use than
the mean of all rows (transliteration as a bridge: Khemchandani et al., "Exploiting Language Relatedness for Low Web-
Resource Language Model Adaptation", ACL 2021).
"""

import unicodedata
from collections.abc import Collection
from functools import cache

from amhctl.text.g2p.phones import PHONES
from amhctl.text.g2p.rules import CONSONANTS_OF_SERIES
from amhctl.text.script import ORDER_VOWELS, SYLLABLES, build_homophones, build_nearest, with_order
from amhctl.tokenizer.alphabet import WORD_BOUNDARY

LATIN_OF_PHONE = {
    "ʃ": "sh", "kʼ": "q", "t͡ʃ": "ch", "ɲ": "ny", "ʒ": "zh", "j": "y", "d͡ʒ": "j", "ɡ": "g", "tʼ": "t", "t͡ʃʼ": "ch",
    "pʼ": "p", "sʼ": "ts", "kʷ": "kw", "kʼʷ": "qw", "ɡʷ": "gw", "hʷ": "hw", "ə": "e", "ɨ": "i",
}  # fmt: skip
"""Romanisation of the phones that are not written alike."""

LIKE_MARKS = {
    "።": (".", "。"), "፣": (",", "，"), "፤": (";", "；"), "፥": (":", "："), "፦": (":", "："),
    "፧": ("?", "？"), "!": ("！",), "፡": (WORD_BOUNDARY,),
}  # fmt: skip
"""Marks of other scripts that end or part a sentence in the same way."""

_BARE_ORDER = 5


def find_same(piece: str, present: Collection[str]) -> str | None:
    """Return the same string under another form: with or without the word boundary before it.

    >>> find_same("▁ሰላም", {"ሰላም"})
    'ሰላም'
    """
    other = piece.removeprefix(WORD_BOUNDARY) if piece.startswith(WORD_BOUNDARY) else WORD_BOUNDARY + piece
    return other if other and other in present else None


def find_related(letter: str, present: Collection[str]) -> tuple[str, ...]:
    """Return the pieces a letter, mark or phone resembles, the best kind of likeness only; none if there are none.

    >>> find_related("።", {".", "a"})
    ('.',)
    """
    kinds = (_homophones().get(letter, ()), _bare_consonant(letter), LIKE_MARKS.get(letter, ()), _digit(letter))
    for candidates in kinds:
        if found := tuple(candidate for candidate in candidates if candidate in present):
            return found
    return _spell_latin(_romanise(letter), present)


def _bare_consonant(letter: str) -> tuple[str, ...]:
    if letter not in SYLLABLES:
        return ()
    bare = with_order(letter, _BARE_ORDER)
    # ኧ is a series of one syllable; what stands five places on is a syllable of another.
    kept = bare in SYLLABLES and SYLLABLES[bare].series == SYLLABLES[letter].series
    return (bare,) if kept else ()


@cache
def _homophones() -> dict[str, tuple[str, ...]]:
    """Return the letters that sound like each, whichever of them the folding table keeps."""
    groups: dict[str, set[str]] = {}
    for source, target in build_homophones().items():
        groups.setdefault(target, {target}).add(source)
    return {letter: tuple(sorted(group - {letter})) for group in groups.values() for letter in group}


def _digit(letter: str) -> tuple[str, ...]:
    value = unicodedata.numeric(letter, None) if len(letter) == 1 else None
    return () if value is None else (str(int(value)),)


def _romanise(letter: str) -> str:
    """Return the Latin spelling of a phone, or of a fidel's consonant and vowel; empty if it has none."""
    if letter in PHONES:
        return LATIN_OF_PHONE.get(letter, letter)
    spelling = ""
    for fidel in _nearest().get(letter, letter):
        if (syllable := SYLLABLES.get(fidel)) is None:
            return ""
        consonant = CONSONANTS_OF_SERIES.get(syllable.series, "")
        spelling += LATIN_OF_PHONE.get(consonant, consonant) + "w" * syllable.labialised
        vowel = ORDER_VOWELS[syllable.order]
        spelling += LATIN_OF_PHONE.get(vowel, vowel)
    return spelling


@cache
def _nearest() -> dict[str, str]:
    return build_nearest()


def _spell_latin(spelling: str, present: Collection[str]) -> tuple[str, ...]:
    """Return a spelling as one piece, or letter by letter, in capitals or not; none where a letter is missing."""
    for form in (spelling, spelling.upper()):
        if not form:
            return ()
        if form in present:
            return (form,)
        if all(char in present for char in form):
            return tuple(form)
    return ()

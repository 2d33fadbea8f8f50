"""A word as a string of segments: two characters a letter, its consonant and its vowel. Knows no word and no affix.

Affixes and stems meet inside of a letter (ሰበረ and -ኡ make ሰበሩ), so they are cut between a consonant and its vowel. A
segment is the first letter of the series, homophones folded, and the order as a digit; ``w`` stands for a labialised
letter with a: ``መ0ጠ5ተwለ5`` is መጥቷል. First-order ሀ and አ are written as fourth-order ones, which they are said like,
and ጐ as ጎ. In patterns ``:`` after a consonant doubles it.
"""

from itertools import accumulate

from amhctl.text.script import SYLLABLES, build_homophones

_HOMOPHONES = build_homophones()
_LABIOVELAR = {"ቈ": "ቀ", "ኈ": "ሀ", "ዀ": "ሀ", "ኰ": "ከ", "ጐ": "ገ"}
_OPEN = frozenset("ሀአ")


def _spell_letter(letter: str) -> str:
    syllable = SYLLABLES[_HOMOPHONES.get(letter, letter)]
    series, order = syllable.series, str(syllable.order)
    if series in _LABIOVELAR:
        # kʷa is w; kʷə is mostly another spelling of ko (ጐጃም, ጎጃም).
        series, order = _LABIOVELAR[series], {"3": "w", "0": "6"}.get(order, order)
    if syllable.labialised:
        order = "w"
    if series in _OPEN and order == "0":
        order = "3"
    return series + order


_SPELT = {letter: _spell_letter(letter) for letter in SYLLABLES}


def spell(word: str) -> str:
    """Return the segments of a word of fidel.

    >>> spell("መጥቷል")
    'መ0ጠ5ተwለ5'
    """
    return "".join(map(_SPELT.__getitem__, word))


def read_pattern(pattern: str) -> tuple[str, tuple[int, ...]]:
    """Return the segments of a pattern without its colons, and which of its letters they double.

    >>> read_pattern("ሰ0በ:0ረ")
    ('ሰ0በ0ረ', (1,))
    """
    if ":" not in pattern:
        return pattern, ()
    parts = pattern.split(":")
    places = tuple((length - 1) // 2 for length in accumulate(map(len, parts[:-1])))
    return "".join(parts), places

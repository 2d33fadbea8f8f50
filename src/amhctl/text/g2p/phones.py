"""The closed inventory of phones and marks. Frozen: vocabularies and voices are made of it.

IPA. Ejectives, affricates and labialised velars are single units of several characters, so text is never cut by
character but by `split_phones`. A geminate is the phone written twice. Sources: Leslau, *Reference Grammar of
Amharic* (1995), ch. 1; Hayward & Hayward, "Amharic", *Handbook of the IPA* (1999). The glottal stop is left out: እ
and ዕ are silent in running speech.
"""

from amhctl.text.pattern import Pattern

VOWELS: tuple[str, ...] = ("ə", "u", "i", "a", "e", "ɨ", "o")

CONSONANTS: tuple[str, ...] = (
    "h", "l", "m", "s", "r", "ʃ", "kʼ", "b", "v", "t", "t͡ʃ", "n", "ɲ", "k", "w", "z", "ʒ", "j", "d", "d͡ʒ", "ɡ",
    "tʼ", "t͡ʃʼ", "pʼ", "sʼ", "f", "p", "kʷ", "kʼʷ", "ɡʷ", "hʷ",
)  # fmt: skip

PHONES: tuple[str, ...] = VOWELS + CONSONANTS
"""7 vowels and 31 consonants."""

MARKS: tuple[str, ...] = ("።", "፣", "፧", "!")
"""The marks that phone strings keep."""

_PHONE = Pattern("|".join(sorted((*PHONES, *MARKS), key=len, reverse=True)))


def split_phones(text: str) -> tuple[str, ...]:
    """Cut a run of phones and marks into units, the longest first; anything else comes out character by character.

    >>> split_phones("t͡ʃʼəkʼʷa")
    ('t͡ʃʼ', 'ə', 'kʼʷ', 'a')
    """
    units: list[str] = []
    position = 0
    for match in _PHONE.finditer(text):
        units.extend(text[position : match.start()])
        units.append(match.group())
        position = match.end()
    units.extend(text[position:])
    return tuple(units)

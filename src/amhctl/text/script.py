"""The Ethiopic script as Amharic uses it: series, orders, homophones, marks. Knows nothing of words.

Facts from the Unicode charts (U+1200-139F, U+2D80-2DDF, U+AB00-AB2F): a consonant series starts at a multiple of
eight; places 0-6 are the seven orders, place 7 is the labialised syllable. The labiovelar series (ቈ ኈ ኰ ዀ ጐ) use
places 0, 2, 3, 4 and 5.
"""

import unicodedata
from dataclasses import dataclass

GEMINATION = "\u135f"
"""COMBINING GEMINATION MARK, written after the geminated letter."""

SENTENCE_MARKS = "።፧!"
PAUSE_MARKS = "፤፣"
MARKS = SENTENCE_MARKS + PAUSE_MARKS
"""Every mark that spoken text may hold; the strongest first is ፧ ! ። ፤ ፣."""

ORDER_VOWELS = ("ə", "u", "i", "a", "e", "", "o")
"""Vowels of the orders 1-7; the sixth is ɨ or nothing, which only the word decides."""

_PLAIN_SERIES = "ሀለሐመሠረሰሸቀበቨተቸኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ"
_LABIOVELAR_SERIES = "ቈኈኰዀጐ"
_LABIOVELAR_ORDERS = {0: 0, 2: 2, 3: 3, 4: 4, 5: 5}
# Place 7 of these series is not Cwa but another vowel or unassigned; ኧ is handled on its own.
_WITHOUT_PLACE_SEVEN = "ሀአወዐየኀከኸቀገ"


@dataclass(frozen=True, slots=True)
class Syllable:
    """One fidel: the first letter of its series, its order 0-6, and whether the consonant is followed by w."""

    series: str
    order: int
    labialised: bool = False


def _build_syllables() -> dict[str, Syllable]:
    table: dict[str, Syllable] = {}
    for first in _PLAIN_SERIES:
        for order in range(7):
            table[chr(ord(first) + order)] = Syllable(first, order)
        if first not in _WITHOUT_PLACE_SEVEN:
            table[chr(ord(first) + 7)] = Syllable(first, 3, labialised=True)
    for first in _LABIOVELAR_SERIES:
        for place, order in _LABIOVELAR_ORDERS.items():
            table[chr(ord(first) + place)] = Syllable(first, order)
    table["ኧ"] = Syllable("ኧ", 0)
    return table


SYLLABLES: dict[str, Syllable] = _build_syllables()
"""Every fidel that spoken Amharic may hold."""

LETTERS = "".join(sorted(SYLLABLES))
"""The same fidel as one string, in code-point order."""

LETTER_CLASS = f"[{LETTERS}]"
"""A regular expression for one speakable fidel."""

DIGITS = "፩፪፫፬፭፮፯፰፱፲፳፴፵፶፷፸፹፺፻፼"
"""The Ethiopic numerals 1-9, 10-90, 100 and 10,000."""

HOMOPHONE_SERIES: tuple[tuple[str, str], ...] = (("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ኸ", "ሀ"), ("ሠ", "ሰ"), ("ዐ", "አ"), ("ፀ", "ጸ"))
"""Series that sound alike, each with the series it is folded to (Leslau 1995, ch. 1)."""


def build_homophones() -> dict[str, str]:
    """Return the fixed folding table, fidel to fidel; ሃ is folded to ሀ and ኣ to አ too, but ኸ (hə) and ኧ (ə) stay."""
    table = {"ሃ": "ሀ", "ኣ": "አ"}
    for theirs, ours in HOMOPHONE_SERIES:
        for letter, syllable in SYLLABLES.items():
            if syllable.series != theirs or letter == "ኸ":
                continue
            target = chr(ord(ours) + ord(letter) - ord(theirs))
            table[letter] = table.get(target, target)
    table["ዃ"] = table["ሗ"] = "ኋ"
    for place in (0, 2, 4, 5):
        table[chr(ord("ዀ") + place)] = chr(ord("ኈ") + place)
    return {source: target for source, target in table.items() if source != target}


def with_order(letter: str, order: int) -> str:
    """Return the fidel of the same series in another order, 0-6.

    >>> with_order("ት", 0)
    'ተ'
    """
    return chr(ord(SYLLABLES[letter].series) + order)


def is_sixth_order(letter: str) -> bool:
    """Return whether a fidel carries no vowel of its own."""
    return letter in SYLLABLES and SYLLABLES[letter].order == 5


def count_syllables(text: str) -> int:
    """Return the number of fidel in a text; one fidel is about one syllable."""
    return sum(letter in SYLLABLES for letter in text)


# Series of other languages of Ethiopia and the Amharic series nearest to each, by the consonant of their Unicode
# names.
_FOREIGN_CONSONANTS = {
    "QH": "ቀ", "DD": "ደ", "GG": "ገ", "SS": "ሸ", "CC": "ቸ", "ZZ": "ዠ", "CCH": "ጨ", "TTH": "ጠ", "BB": "በ", "PH": "ጰ",
    "XY": "ሸ", "KY": "ከ", "QY": "ቀ", "GY": "ገ", "CHH": "ጨ", "DDH": "ደ", "PP": "ጰ", "KX": "ኸ", "DZ": "ዘ", "CCHH": "ጨ",
    "H": "ሀ", "L": "ለ", "HH": "ሐ", "M": "መ", "SZ": "ሠ", "R": "ረ", "S": "ሰ", "SH": "ሸ", "Q": "ቀ", "B": "በ",
    "V": "ቨ", "T": "ተ",
    "C": "ቸ", "X": "ኀ", "N": "ነ", "NY": "ኘ", "GLOTTAL ": "አ", "K": "ከ", "W": "ወ", "PHARYNGEAL ": "ዐ", "Z": "ዘ",
    "ZH": "ዠ", "Y": "የ",
    "D": "ደ", "J": "ጀ", "G": "ገ", "TH": "ጠ", "CH": "ጨ", "TS": "ጸ", "TZ": "ፀ", "F": "ፈ", "P": "ፐ",
}  # fmt: skip
_VOWEL_ORDERS = {"A": 0, "U": 1, "I": 2, "AA": 3, "EE": 4, "E": 5, "O": 6, "OA": 6}
_ETHIOPIC_BLOCKS = ((0x1200, 0x1400), (0x2D80, 0x2DE0), (0xAB00, 0xAB30))


def build_nearest() -> dict[str, str]:
    """Return, for each Ethiopic syllable that Amharic does not use, the Amharic spelling nearest to it."""
    table = {"ፘ": "ርያ", "ፙ": "ምያ", "ፚ": "ፍያ"}
    for start, end in _ETHIOPIC_BLOCKS:
        for point in range(start, end):
            letter = chr(point)
            name = unicodedata.name(letter, "")
            if letter in SYLLABLES or letter in table or not name.startswith("ETHIOPIC SYLLABLE "):
                continue
            spelling = _spell_name(name.removeprefix("ETHIOPIC SYLLABLE ").removeprefix("SEBATBEIT "))
            if spelling:
                table[letter] = spelling
    return table


def _spell_name(name: str) -> str:
    body = name.rstrip("AEIOU")
    order = _VOWEL_ORDERS.get(name[len(body) :])
    if order is None:
        return ""
    if body in _FOREIGN_CONSONANTS:
        return chr(ord(_FOREIGN_CONSONANTS[body]) + order)
    if body.endswith("W") and body[:-1] in _FOREIGN_CONSONANTS:
        return chr(ord(_FOREIGN_CONSONANTS[body[:-1]]) + 5) + chr(ord("ወ") + order)
    return ""

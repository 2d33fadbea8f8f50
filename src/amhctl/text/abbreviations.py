"""Abbreviations written with stops or slashes, read in full, with the prefixes and suffixes that stick to them.

A key is written with stops; stops and slashes are the same in text (ዓ.ም ዓ/ም), and so are homophones (ጽ/ቤት ፅ/ቤት). A
key that ends with a stop is the first part of a compound and needs a rest of two fidel (ገ. + መድኅን: ገብረ መድኅን).
Collected from common use and, cleaned of its slips, from the list of EdenMelaku/Amharic-TTS-with-Tacotron2
(Apache-2.0); only what is sure is here.
"""

import re

from amhctl.text.draft import TIE, Draft
from amhctl.text.script import LETTER_CLASS, is_sixth_order, with_order

ABBREVIATIONS: dict[str, str] = {
    # eras
    "ዓ.ም": "ዓመተ ምሕረት", "አ.ም": "ዓመተ ምሕረት", "ዓ.ዓ": "ዓመተ ዓለም", "እ.ኤ.አ": "እንደ ኤሮፓውያን አቆጣጠር", "እ.ኢ.አ": "እንደ ኢትዮጵያ አቆጣጠር",
    "ቅ.ል.ክ": "ቅድመ ልደተ ክርስቶስ",
    "ከ.ክ.ል.በ": "ከክርስቶስ ልደት በፊት", "ዓ.ዓለም": "ዓመተ ዓለም", "ዓ.ምሕረት": "ዓመተ ምሕረት",
    # titles
    "ዶ.ር": "ዶክተር", "ዶ.ሩ": "ዶክተሩ", "ፕ.ር": "ፕሮፌሰር", "ረ.ፕ.ር": "ረዳት ፕሮፌሰር", "ረ.ፕሮፌሰር": "ረዳት ፕሮፌሰር", "ወ.ሮ": "ወይዘሮ",
    "ወ.ት": "ወይዘሪት",
    "ወ.ሪት": "ወይዘሪት", "ወ.ር": "ወታደር", "መ.ር": "መምህር", "ኢ.ር": "ኢንጂነር", "ኢንጂ.ር": "ኢንጂነር", "ሚ.ር": "ሚኒስትር", "ሚ.ሩ": "ሚኒስትሩ",
    "ጠ.ሚ": "ጠቅላይ ሚኒስትር", "ጠ.ሚ.ር": "ጠቅላይ ሚኒስትር", "ጠ.ሚ.ሩ": "ጠቅላይ ሚኒስትሩ", "ጠ.ሚሩ": "ጠቅላይ ሚኒስትሩ",
    "ም.ጠ.ሚ": "ምክትል ጠቅላይ ሚኒስትር",
    "ም.ጠ.ሚ.ር": "ምክትል ጠቅላይ ሚኒስትር", "ም.ጠ.ሚ.ሩ": "ምክትል ጠቅላይ ሚኒስትሩ", "ው.ጉ.ሚ": "ውጭ ጉዳይ ሚኒስቴር", "ው.ጉ.ሚ.ር": "ውጭ ጉዳይ ሚኒስቴር",
    "ፕ.ት": "ፕሬዚዳንት", "ፕ.ቱ": "ፕሬዚዳንቱ", "ም.ፕ.ት": "ምክትል ፕሬዚዳንት", "ም.ል": "ምክትል", "ሊ.መንበር": "ሊቀ መንበር",
    "ም.ሊ.መንበር": "ምክትል ሊቀ መንበር",
    "ሊ.መ": "ሊቀ መንበር", "ሥ.አስኪያጅ": "ሥራ አስኪያጅ", "ም.ሥ.አስኪያጅ": "ምክትል ሥራ አስኪያጅ", "ሥ.አስፈፃሚ": "ሥራ አስፈፃሚ", "ዐ.ሕግ": "ዐቃቤ ሕግ",
    # ranks
    "ሜ.ጄኔራል": "ሜጀር ጄኔራል", "ሜ.ጄ.ል": "ሜጀር ጄኔራል", "ሜ.ጄ": "ሜጀር ጄኔራል", "ብ.ጄኔራል": "ብርጋዴር ጄኔራል", "ብ.ጀኔራል": "ብርጋዴር ጄኔራል",
    "ብ.ጄ.ል": "ብርጋዴር ጄኔራል", "ብ.ጄ": "ብርጋዴር ጄኔራል", "ሌ.ጄኔራል": "ሌተናል ጄኔራል", "ሌ.ጄ.ል": "ሌተናል ጄኔራል", "ሌ.ጄ": "ሌተናል ጄኔራል",
    "ጄ.ል": "ጄኔራል", "ኮ.ል": "ኮሎኔል", "ሌ.ኮሎኔል": "ሌተናል ኮሎኔል", "ሌ.ኮ.ል": "ሌተናል ኮሎኔል", "ሌ.ኮ": "ሌተናል ኮሎኔል", "ሻ.ቃ": "ሻለቃ",
    "ሻ.ል": "ሻምበል",
    "መ.አለቃ": "መቶ አለቃ", "ም.መ.አለቃ": "ምክትል መቶ አለቃ", "ሃ.አለቃ": "ሃምሳ አለቃ", "ቀ.ኃ.ሥላሴ": "ቀዳማዊ ኃይለ ሥላሴ",
    # houses and bodies
    "ም.ቤት": "ምክር ቤት", "ፍ.ቤት": "ፍርድ ቤት", "ት.ቤት": "ትምህርት ቤት", "መ.ቤት": "መሥሪያ ቤት", "ጽ.ቤት": "ጽሕፈት ቤት",
    "ቅ.ጽ.ቤት": "ቅርንጫፍ ጽሕፈት ቤት",
    "ማ.ቤት": "ማረሚያ ቤት", "ጠ.ፍ.ቤት": "ጠቅላይ ፍርድ ቤት", "ከ.ፍ.ቤት": "ከፍተኛ ፍርድ ቤት", "ወ.ፍ.ቤት": "ወረዳ ፍርድ ቤት",
    "ጠ.ም.ቤት": "ጠቅላይ ምክር ቤት",
    "ን.ም.ቤት": "ንግድ ምክር ቤት", "ፌ.ም.ቤት": "ፌዴሬሽን ምክር ቤት", "ም.ቤቱ": "ምክር ቤቱ", "ት.ት": "ትምህርት", "ት.ክፍል": "ትምህርት ክፍል",
    "ቤ.ክ": "ቤተ ክርስቲያን",
    "ቤ.ክርስቲያን": "ቤተ ክርስቲያን", "ቤ.ክህነት": "ቤተ ክህነት", "ቤ.መንግሥት": "ቤተ መንግሥት", "ቤ.መጻሕፍት": "ቤተ መጻሕፍት", "ክ.ከተማ": "ክፍለ ከተማ",
    "ክ.ከ": "ክፍለ ከተማ",
    "ክ.ሀገር": "ክፍለ ሀገር", "ክ.ሃገር": "ክፍለ ሀገር", "ክ.አገር": "ክፍለ አገር", "ሆ.ል": "ሆስፒታል", "ማ.ኮ": "ማዕከላዊ ኮሚቴ",
    "ማ.ኮሚቴ": "ማዕከላዊ ኮሚቴ",
    "ተ.መ.ድ": "የተባበሩት መንግሥታት ድርጅት", "አ.አ.ድ": "የአፍሪካ አንድነት ድርጅት", "አ.አ.ዩ": "አዲስ አበባ ዩኒቨርሲቲ",
    "ኃ.የተ.የግ.ማ": "ኃላፊነቱ የተወሰነ የግል ማኅበር",
    "ኃ.የተ.የግ.ማኅበር": "ኃላፊነቱ የተወሰነ የግል ማኅበር", "አ.ማ": "አክሲዮን ማኅበር", "ቀ.ገ.ማ": "ቀበሌ ገበሬ ማኅበር",
    # places
    "አ.አ": "አዲስ አበባ", "አ.አበባ": "አዲስ አበባ", "ደ.አፍሪካ": "ደቡብ አፍሪካ", "ደ.ዘይት": "ደብረ ዘይት", "ደ.ብርሃን": "ደብረ ብርሃን",
    "ደ.ማርቆስ": "ደብረ ማርቆስ",
    "ባ.ዳር": "ባሕር ዳር", "ድ.ዳዋ": "ድሬዳዋ", "ቅ.ድንግል": "ቅድስት ድንግል", "ቅ.ማርያም": "ቅድስት ማርያም", "ቅ.ሥላሴ": "ቅድስት ሥላሴ",
    "ቅ.አርሴማ": "ቅድስት አርሴማ",
    # measures and references
    "ኪ.ሜ": "ኪሎ ሜትር", "ኪ.ሜትር": "ኪሎ ሜትር", "ሴ.ሜ": "ሴንቲ ሜትር", "ሴ.ሜትር": "ሴንቲ ሜትር", "ሚ.ሜ": "ሚሊ ሜትር", "ካ.ሜ": "ካሬ ሜትር",
    "ኪ.ግ": "ኪሎ ግራም",
    "ኪ.ግራም": "ኪሎ ግራም", "ሚ.ግ": "ሚሊ ግራም", "ሚ.ሊ": "ሚሊ ሊትር", "ኪ.ዋ": "ኪሎ ዋት", "ሜ.ዋ": "ሜጋ ዋት", "ሚ.ብር": "ሚሊዮን ብር",
    "ስ.ቁ": "ስልክ ቁጥር", "መ.ቁ": "መዝገብ ቁጥር",
    "ተ.ቁ": "ተራ ቁጥር", "ፖ.ሣ.ቁ": "ፖስታ ሣጥን ቁጥር", "ሥ.ሥ": "ሥነ ሥርዓት", "ወ.ዘ.ተ": "ወዘተ",
    # first parts of compounds
    "ገ.": "ገብረ", "ወ.": "ወልደ", "ኃ.": "ኃይለ", "ተ.": "ተክለ", "ም.": "ምክትል", "ቅ.": "ቅዱስ", "ጠ.": "ጠቅላይ", "ረ.": "ረዳት",
    "ፍ.": "ፍቅረ", "ኪ.": "ኪዳነ",
}  # fmt: skip
"""Every abbreviation and what it is read as."""

_HOMOPHONES = ("ሰሠ", "ስሥ", "ሣሳ", "ጸፀ", "ጽፅ", "ጻፃ", "አኣ", "ዐዓ", "እዕ", "ሀሐኀሃሓኃ", "ህሕኅ")
# What may stand before an abbreviation in the same word.
_PREFIX = "(?:እንደ|ስለ|እስከ|ወደ|ያለ|የእነ|[የበለከ]?እነ|[የበለከ]ነ|[በለከስ]የ|[የበለከ])"
_DOT = r"[./]"
# A key that ends with one letter takes short suffixes only, so that ጠ/ሚኒስትሩ is not ጠ/ሚ with a long one.
_SUFFIX = f"(?:(?<=[./ ]{LETTER_CLASS}){LETTER_CLASS}{{0,2}}|(?<={LETTER_CLASS}{{2}}){LETTER_CLASS}{{0,6}})"
_MIN_REST = 2


class Abbreviations:
    """Reads a table of abbreviations in one pass, the longest key first."""

    def __init__(self, table: dict[str, str]) -> None:
        self._words = {_canonical(key): words for key, words in table.items()}
        # ፍ/ቤት ፍ/ቤቱ ፍ/ቤቶች: a key whose last letter is its words' last letter takes endings in that letter's vowel.
        self._inflected = {
            _canonical(key): words for key, words in table.items() if key[-1] == words[-1] and is_sixth_order(key[-1])
        }
        whole = sorted((key for key in table if not key.endswith(".")), key=len, reverse=True)
        heads = sorted((key[:-1] for key in table if key.endswith(".")), key=len, reverse=True)
        body = "|".join(_pattern(key, inflected=_canonical(key) in self._inflected) for key in whole) or "(?!)"
        start = f"(?<!{LETTER_CLASS})(?<!{LETTER_CLASS}[./])(?P<prefix>{_PREFIX}?)"
        # After a whole key: its suffix, then perhaps one stop that belongs to the abbreviation.
        self._whole = re.compile(
            f"{start}(?P<key>{body})(?P<suffix>{_SUFFIX})(?!{LETTER_CLASS}|[./]{LETTER_CLASS})(?P<stop>[./]?)"
        )
        head = "|".join(_pattern(key) for key in heads) or "(?!)"
        self._heads = re.compile(f"{start}(?P<key>{head})/(?={LETTER_CLASS}{{{_MIN_REST},}})")

    def apply(self, draft: Draft) -> None:
        """Read every abbreviation of a draft in full."""
        if "." in draft.text or "/" in draft.text:
            draft.substitute("abbreviation", self._whole, self._read_whole)
            draft.substitute("abbreviation", self._heads, self._read_head)

    def _read_whole(self, match: re.Match[str]) -> str | None:
        key = _canonical(match["key"])
        words = self._words.get(key) or self._inflect(key)
        prefix = match["prefix"]
        if words[0] == "የ" and prefix[-1:] in ("የ", "በ", "ለ", "ከ"):
            words = words[1:]  # የ + የተባበሩት is said once: የተ.መ.ድ የተባበሩት, በተ.መ.ድ በተባበሩት
        stop = "" if match["stop"] != "/" else " "
        return prefix + words.replace(" ", TIE) + match["suffix"] + stop

    def _inflect(self, key: str) -> str:
        return self._inflected[key[:-1] + with_order(key[-1], 5)][:-1] + key[-1]

    def _read_head(self, match: re.Match[str]) -> str:
        return match["prefix"] + self._words[_canonical(match["key"]) + "."] + TIE


def _canonical(key: str) -> str:
    key = re.sub(r"\s*[./]\s*", ".", key)
    for alike in _HOMOPHONES:
        for letter in alike[1:]:
            key = key.replace(letter, alike[0])
    return key


def _pattern(key: str, *, inflected: bool = False) -> str:
    classes = {letter: f"[{alike}]" for alike in _HOMOPHONES for letter in alike}
    letters = [_DOT + " ?" if letter == "." else classes.get(letter, letter) for letter in key]
    if inflected:
        letters[-1] = "[" + "".join(with_order(key[-1], order) for order in range(7)) + "]"
    return "".join(letters)


_ACRONYM = re.compile(
    f"(?<!{LETTER_CLASS})(?P<prefix>{_PREFIX}?)(?P<letters>{LETTER_CLASS}{{1,3}}(?:[.]{LETTER_CLASS}{{1,3}})+)(?:[.](?!{LETTER_CLASS}))?"
)


def read_dotted(draft: Draft) -> None:
    """Read dotted letters that no table knows: ኢ.ፌ.ድ.ሪ ኢፌድሪ as a word, ቢ.ቢ.ሲ and ኤ.ኤፍ.ፒ by their letter names."""

    def make(match: re.Match[str]) -> str | None:
        parts = match["letters"].split(".")
        if len(parts) == 2 and max(map(len, parts)) > 2:
            return None  # ነው.ሰላም is a full stop without its space
        single = all(len(part) == 1 for part in parts)
        bare = any(is_sixth_order(part) for part in parts)
        return match["prefix"] + ("" if single and bare else TIE).join(parts)

    if "." in draft.text:
        draft.substitute("dotted-letters", _ACRONYM, make)

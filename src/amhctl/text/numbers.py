"""Numbers in words, and Ethiopic numerals both ways. Knows nothing of the text around a number.

``twenty-one`` is ``ሃያ አንድ``: words are joined by a tie so that nothing cuts a number later. Sources: Leslau 1995
(numerals); the Ethiopic numerals follow W3C CSS Counter Styles Level 3, section ethiopic-numeric: 100 and
10,000 multiply what precedes them.
"""

from dataclasses import dataclass

from amhctl.core.errors import TextError
from amhctl.text.draft import TIE
from amhctl.text.script import DIGITS, is_sixth_order, with_order
from amhctl.text.table import read_words

LARGEST = 10**18 - 1

NUMERALS: dict[str, str] = read_words("numerals")
"""The words of numbers, one spelling each."""

VULGAR: dict[str, tuple[int, int]] = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
"""Fractions that are one character (Unicode, Number Forms)."""

_GROUPS = (10**15, 10**12, 10**9, 10**6, 10**3)
_UNITS = {letter: value for value, letter in enumerate(DIGITS[:9], start=1)}
_TENS = {letter: value * 10 for value, letter in enumerate(DIGITS[9:18], start=1)}
_HUNDRED, _MYRIAD = DIGITS[18], DIGITS[19]


@dataclass(frozen=True, slots=True)
class NumberWords:
    """Reads numbers with a table of words.

    Attributes
    ----------
    words : dict[str, str]
        The table; `NUMERALS` unless a voice learnt another.
    hundred : str
        How 100 is read where nothing multiplies it.
    negative : str
        What comes before a negative number; empty for the word of the table.
    """

    words: dict[str, str]
    hundred: str = "መቶ"
    negative: str = ""

    @property
    def minus(self) -> str:
        """What is said before a negative number, its tie included."""
        return (self.negative or self.words["minus"]).replace(" ", TIE) + TIE

    def cardinal(self, number: int) -> str:
        """Return a whole number in words, from 0 to `LARGEST`.

        Raises
        ------
        TextError
            If the number is outside that range.
        """
        if not 0 <= number <= LARGEST:
            raise TextError("the number is too large to be read in words", subject=str(number))
        if number == 0:
            return self.words["0"]
        parts: list[str] = []
        for group in _GROUPS:
            count, number = divmod(number, group)
            if count:
                parts += (self._below_thousand(count), self.words[str(group)])
        if number:
            parts.append(self._below_thousand(number))
        return TIE.join(parts)

    def _below_thousand(self, number: int) -> str:
        hundreds, rest = divmod(number, 100)
        parts: list[str] = []
        if hundreds == 1:
            parts.append(self.hundred.replace(" ", TIE))
        elif hundreds:
            parts += (self.words[str(hundreds)], self.words["100"])
        if 11 <= rest <= 19:
            parts += (self.words["teen"], self.words[str(rest - 10)])
            return TIE.join(parts)
        tens, units = divmod(rest, 10)
        if tens:
            parts.append(self.words[str(tens * 10)])
        if units:
            parts.append(self.words[str(units)])
        return TIE.join(parts)

    def year(self, number: int) -> str:
        """Return a year: 1100-1999 in hundreds (1990 አሥራ ዘጠኝ መቶ ዘጠና), others as cardinals."""
        if not 1100 <= number <= 1999:
            return self.cardinal(number)
        hundreds, rest = divmod(number, 100)
        head = f"{self._below_thousand(hundreds)}{TIE}{self.words['100']}"
        return f"{head}{TIE}{self._below_thousand(rest)}" if rest else head

    def spell_year(self, digits: str) -> str:
        """Return a year as it is written: ``1990`` in hundreds, ``93`` as a number, ``05`` digit by digit."""
        return self.digits(digits) if digits.startswith("0") else self.year(int(digits))

    def ordinal(self, number: int) -> str:
        """Return an ordinal: አንደኛ, ሃያ አንደኛ, መቶኛ."""
        return make_ordinal(self.cardinal(number))

    def digits(self, digits: str) -> str:
        """Return digits one by one: 09 ዜሮ ዘጠኝ."""
        return TIE.join(self.words[digit] for digit in digits)

    def decimal(self, whole: str, fraction: str) -> str:
        """Return a decimal number, its fraction digit by digit: 3.14 ሦስት ነጥብ አንድ አራት."""
        return TIE.join((self.number(whole), self.words["point"], self.digits(fraction)))

    def number(self, digits: str) -> str:
        """Return a run of digits in words; a leading zero or more than 12 digits make it digit by digit."""
        if (len(digits) > 1 and digits[0] == "0") or len(digits) > 12:
            return self.digits(digits)
        return self.cardinal(int(digits))

    def fraction(self, numerator: int, denominator: int) -> str:
        """Return a fraction: 1/2 ግማሽ, 1/4 ሩብ, 3/4 ሦስት አራተኛ."""
        if (numerator, denominator) == (1, 2):
            return self.words["half"]
        if (numerator, denominator) == (1, 4):
            return self.words["quarter"]
        return f"{self.cardinal(numerator)}{TIE}{self.ordinal(denominator)}"


def make_ordinal(words: str) -> str:
    """Put ኛ to the last word; a final sixth order becomes first order (ሁለት ሁለተኛ, ዘጠኝ ዘጠነኛ).

    ሺህ takes ኛ as it stands (ሺህኛ), which is doubtful.
    """
    last = words[-1]
    if words.endswith("ሺህ") or not is_sixth_order(last):
        return f"{words}ኛ"
    stem = "ነ" if last == "ኝ" else with_order(last, 0)
    return f"{words[:-1]}{stem}ኛ"


def parse_ethiopic(numeral: str) -> int | None:
    """Return the value of an Ethiopic numeral, or None if its letters do not make one number.

    A group (tens and units, nothing meaning 1) before ፻ is multiplied by 100; the sum so far (nothing meaning 1)
    before ፼ by 10,000.

    >>> parse_ethiopic("፲፱፻፺")
    1990
    """
    if not numeral:
        return None
    total = 0
    section = 0
    group = 0
    last_rank = 4
    for letter in numeral:
        if letter in _TENS:
            rank, value = 2, _TENS[letter]
        elif letter in _UNITS:
            rank, value = 1, _UNITS[letter]
        elif letter == _HUNDRED:
            if section:
                return None
            section, group, last_rank = (group or 1) * 100, 0, 3
            continue
        elif letter == _MYRIAD:
            total = (total + section + group or 1) * 10_000
            section = group = 0
            last_rank = 4
            continue
        else:
            return None
        if rank >= last_rank:
            return None
        group += value
        last_rank = rank
    return total + section + group


def format_ethiopic(number: int) -> str:
    """Return a whole number from 1 up as an Ethiopic numeral; 1 is left out before ፻, and before ፼ at the start.

    Raises
    ------
    TextError
        If the number is below 1: there is no Ethiopic zero.
    """
    if number < 1:
        raise TextError("Ethiopic numerals have no zero and no negative numbers", subject=str(number))
    sections: list[int] = []
    while number:
        number, section = divmod(number, 10_000)
        sections.append(section)
    return _MYRIAD.join(
        _format_section(section, leading=place == 0 and len(sections) > 1, alone=len(sections) == 1)
        for place, section in enumerate(reversed(sections))
    )


def _format_section(section: int, *, leading: bool, alone: bool) -> str:
    if section == 1 and leading and not alone:
        return ""
    hundreds, rest = divmod(section, 100)
    text = ""
    if hundreds:
        text = (_format_pair(hundreds) if hundreds > 1 else "") + _HUNDRED
    return text + _format_pair(rest)


def _format_pair(number: int) -> str:
    tens, units = divmod(number, 10)
    return (DIGITS[8 + tens] if tens else "") + (DIGITS[units - 1] if units else "")

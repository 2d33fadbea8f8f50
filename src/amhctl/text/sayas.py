"""Text that is to be said in a certain way: digit by digit, as an ordinal, letter by letter, by given phones."""

import re

from amhctl.core.errors import TextError
from amhctl.text.draft import TIE
from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.latin import LETTER_NAMES
from amhctl.text.numbers import NUMERALS, NumberWords, parse_ethiopic
from amhctl.text.script import SYLLABLES

_NUMBERS = NumberWords(NUMERALS)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,18}")
_DATE = re.compile(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})")
_ORDERS = {"": "dmy", "dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}
_AS_READ = ("time", "currency", "address", "name")
_PHONES = frozenset(PHONES)
# Stress, syllables and length, which the symbols of the house do not have; and the letters that look like others.
_PLAIN = str.maketrans({"ˈ": "", "ˌ": "", ".": "", "ʔ": "", "g": "ɡ", "'": "ʼ", "’": "ʼ"})
_LONG = re.compile("(.͡.ʼ?|.ʷ|.ʼʷ|.ʼ|.)ː")


def say_as(text: str, kind: str, order: str = "") -> str | None:
    """Return a text as it is to be said; None if it cannot be said so or the kind is unknown.

    Parameters
    ----------
    text : str
        What is written.
    kind : str
        cardinal, ordinal, digits, telephone, characters, spell-out, date or time.
    order : str
        Order of day, month and year in a date: dmy, mdy or ymd.
    """
    written = text.strip()
    if kind in ("cardinal", "number", "ordinal"):
        number = _read_number(written)
        if number is None:
            return None
        words = _NUMBERS.ordinal(number) if kind == "ordinal" else _NUMBERS.cardinal(number)
        return words.replace(TIE, " ")
    if kind in ("digits", "telephone"):
        digits = [letter for letter in written if letter in "0123456789"]
        return " ".join(NUMERALS[digit] for digit in digits) or None
    if kind in ("characters", "spell-out", "verbatim"):
        return "፣ ".join(filter(None, map(_name_letter, written))) or None
    if kind == "date":
        return _order_date(written, order)
    return text if kind in _AS_READ else None


def mark_phones(word: str, phones: str) -> str | None:
    """Return a word with its phones in markup; None if it is not a word of fidel, or they are none of Amharic."""
    word = word.strip()
    said = _LONG.sub(r"\1\1", "".join(phones.split()).translate(_PLAIN))
    units = split_phones(said)
    if not word or any(letter not in SYLLABLES for letter in word) or not units or not _PHONES.issuperset(units):
        return None
    return f" {word}[[{''.join(units)}]] "


def _read_number(written: str) -> int | None:
    if _GROUPED.fullmatch(written):
        return int(written.replace(",", ""))
    try:
        return parse_ethiopic(written)
    except TextError:
        return None


def _name_letter(letter: str) -> str:
    if letter in NUMERALS and letter.isdigit():
        return NUMERALS[letter]
    return LETTER_NAMES.get(letter.upper(), letter if letter in SYLLABLES else "")


def _order_date(written: str, order: str) -> str | None:
    """Return a date as day/month/year, which the rules of reading know."""
    match = _DATE.fullmatch(written)
    if match is None or order not in _ORDERS:
        return None
    named = dict(zip(_ORDERS[order], match.groups(), strict=True))
    day, month, year = int(named["d"]), int(named["m"]), named["y"]
    if not 1 <= day <= 31 or not 1 <= month <= 13 or len(year) not in (2, 4):
        return None
    return f"{day}/{month}/{year}"

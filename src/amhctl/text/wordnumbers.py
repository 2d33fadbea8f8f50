"""Numbers back from words: the other way of ``numbers``."""

from amhctl.core.errors import TextError
from amhctl.text.numbers import LARGEST, NUMERALS, NumberWords, format_ethiopic, parse_ethiopic
from amhctl.text.script import build_homophones

_FOLD = str.maketrans(build_homophones())
_SPELLINGS = {"ሺ": "1000", "ሺሕ": "1000", "ሚልዮን": "1000000", "ቢልዮን": "1000000000"}
_VALUES = {
    word.translate(_FOLD): name for word, name in ((word, name) for name, word in NUMERALS.items() if name.isdigit())
}
_VALUES |= {word.translate(_FOLD): name for word, name in _SPELLINGS.items()}
_TEEN = NUMERALS["teen"].translate(_FOLD)
_MINUS = {NUMERALS["minus"].translate(_FOLD)}
_GROUPS = (1000, 10**6, 10**9, 10**12, 10**15)


def parse_words(text: str) -> int | None:
    """Return the whole number that words say, or None if they say none; homophones may be spelled either way.

    >>> parse_words("ሁለት ሺህ አምስት መቶ")
    2500
    """
    words = text.translate(_FOLD).split()
    sign = 1
    if words and words[0] in _MINUS:
        sign, words = -1, words[1:]
    number = _parse_groups(words)
    return None if number is None or (sign < 0 and not number) else sign * number


def _parse_groups(words: list[str]) -> int | None:
    total, last_group = 0, 10**18
    group: list[str] = []
    for word in words:
        value = int(_VALUES.get(word, 0))
        if value not in _GROUPS:
            group.append(word)
            continue
        # A thousand without a number before it is one thousand.
        count = _parse_group(group) if group else 1
        if not count or value >= last_group:
            return None
        total, last_group, group = total + count * value, value, []
    if not group:
        return total if total else None
    rest = _parse_group(group)
    if rest is None or (total and not rest):
        return None
    return total + rest


def _parse_group(words: list[str]) -> int | None:
    """Return what words below a thousand say."""
    if words == [NUMERALS["0"].translate(_FOLD)]:
        return 0
    number, least = 0, 1000
    teen = False
    for word in words:
        if word == _TEEN:
            if least <= 10 or teen:
                return None
            teen = True
            continue
        value = int(_VALUES.get(word, 0))
        if not 0 < value <= 100 or (teen and value > 9):
            return None
        if value == 100:
            if number > 9:
                return None
            number, least = (number or 1) * 100, 100
        elif value >= least or (value >= 10 and least <= 10) or (number % 10 and value < 10):
            return None
        else:
            number, least = number + value + (10 if teen else 0), (10 if value >= 10 and not teen else 1)
            teen = False
    return None if teen else number


def read_number(written: str) -> int:
    """Return the whole number that figures, an Ethiopic numeral or words write.

    Raises
    ------
    TextError
        If they write none, or one of more than 18 digits.
    """
    text = written.strip()
    plain = text.replace(",", "")
    if plain.lstrip("-").isdecimal() and plain.isascii() and len(plain) <= 20 and plain.count("-") <= 1:
        number: int | None = int(plain)
    else:
        number = parse_ethiopic(text) if len(text) <= 40 else None
        number = parse_words(text) if number is None else number
    if number is None or abs(number) > LARGEST:
        raise TextError(
            "not a whole number of up to 18 digits",
            subject=repr(text[:40]),
            hint="write it in figures, as an Ethiopic numeral or in words",
        )
    return number


def write_number(number: int, form: str) -> str:
    """Return a number as ``digits``, ``words``, ``ordinal`` or ``ethiopic``.

    Raises
    ------
    TextError
        If it has no such form: there is no Ethiopic zero, and no negative ordinal.
    """
    words = NumberWords(NUMERALS)
    if form == "digits":
        return str(number)
    if form == "ethiopic":
        return format_ethiopic(number)
    if form == "ordinal":
        if number < 1:
            raise TextError("an ordinal is at least 1", subject=str(number))
        return _untie(words.ordinal(number))
    return _untie(words.cardinal(number) if number >= 0 else words.minus + words.cardinal(-number))


def _untie(text: str) -> str:
    return text.replace("\u00a0", " ")

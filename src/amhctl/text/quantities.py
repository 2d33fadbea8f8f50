"""Numbers with something that is counted or measured: money, percent, temperature, units, fractions.

Knows nothing of dates, and leaves plain numbers to ``figures``.
"""

import re
from collections.abc import Mapping

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords
from amhctl.text.rule import DIGITS, SPAN, Rule, any_of, letters_of, rewrite
from amhctl.text.script import LETTER_CLASS
from amhctl.text.table import read_words

UNITS: dict[str, str] = read_words("units")
CURRENCIES: dict[str, str] = read_words("currencies")
CENTS: dict[str, str] = read_words("cents")

VULGAR: dict[str, tuple[int, int]] = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
"""Fractions that are one character (Unicode, Number Forms)."""

_AMOUNT = r"(?<![\d.])(?P<whole>\d+)"
_FROM = r"(?P<from>\d++(?:\.\d++)?)"
_MEASURE = rf"(?<![\d.-])(?:{_FROM}%?{SPAN})?(?P<whole>\d+)(?:\.(?P<part>\d+))?"
_PREFIX_BEFORE = re.compile("(?:^|[^\\w])[ከበየለ]$")
_SCALE = "(?P<scale> ?(?:ሺህ?|ሚሊዮን|ቢሊዮን|ትሪሊዮን))?"
_SHORT_SCALES = {"K": "1000", "M": "1000000", "B": "1000000000", "T": "1000000000000"}
_SHORT_SCALE = "(?P<scale> ?(?:ሺህ?|ሚሊዮን|ቢሊዮን|ትሪሊዮን)| ?(?:thousand|million|billion|trillion|mln|mn|bn)|[KkMmBb])?"
"""The scale of an amount behind the sign of its currency, in one word or its first letter ($5M)."""
_SIGN = r"(?<![\w)%°])(?<!\d )[-−–] ?"
# What a number is of decides how a slash is read: አዋጅ ቁጥር 3/4 names a law, it is no share.
_NAMED = re.compile(f"(?:ቁጥር|አንቀጽ|አንቀፅ|ቁ|ገጽ|ገፅ|ወረዳ|ቀበሌ)[ :{TIE}]+$")


class Quantities:
    """Reads quantities with the words of one frontend.

    Parameters
    ----------
    numbers : NumberWords
        Numbers in words.
    units, currencies, cents, context : Mapping[str, str]
        `UNITS`, `CURRENCIES`, `CENTS` and ``calendar.CONTEXT``, unless a voice learnt others.
    """

    def __init__(
        self,
        numbers: NumberWords,
        units: Mapping[str, str],
        currencies: Mapping[str, str],
        cents: Mapping[str, str],
        context: Mapping[str, str],
    ) -> None:
        self._numbers = numbers
        self._units = units
        self._currencies = currencies
        self._cents = cents
        self._context = context

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of quantities."""
        signs = frozenset(VULGAR)
        coins = re.escape("".join(name for name in self._currencies if len(name) == 1)) or "$"
        return (
            Rule(
                "temperature",
                "A negative number of degrees is below zero",
                "Usage of weather reports; spec of negative readings",
                ("-5°C", "ከዜሮ በታች አምስት ዲግሪ ሴልሺየስ"),
                (rewrite(rf"{_SIGN}(?=\d+(?:\.\d+)? ?(?:°|ዲግሪ))", self._below_zero),),
                (DIGITS, frozenset("-−–")),
            ),
            Rule(
                "minus",
                "A minus sign before a number",
                "Convention of schools: ኔጌቲቭ; the option text.negative says otherwise",
                ("-5", "ኔጌቲቭ አምስት"),
                (rewrite(rf"(?<![\w)%°])[-−](?=[{coins}]?\d|[{''.join(VULGAR)}])", lambda _: self._numbers.minus),),
                (DIGITS | signs, frozenset("-−")),
            ),
            self._money_rule(),
            Rule(
                "percent",
                "A number with a percent or permille sign",
                "News corpus: በመቶ is more frequent than ከመቶ",
                ("25%", "ሃያ አምስት በመቶ"),
                (rewrite(rf"{_MEASURE}\.? ?%", self._percent),),
                (DIGITS, frozenset("%")),
            ),
            Rule(
                "unit",
                "A number with the sign of a unit",
                "SI Brochure, 9th edition; Amharic names of the Ethiopian Standards Agency, Leslau 1995",
                ("5 km", "አምስት ኪሎ ሜትር"),
                (
                    rewrite(
                        rf"{_MEASURE} ?(?P<unit>{any_of(self._units)})(?P<power> ካሬ| ኩብ)?(?![A-Za-z])",
                        self._unit,
                    ),
                ),
                (DIGITS, letters_of(self._units)),
            ),
            Rule(
                "fraction",
                "A fraction, alone or behind a whole number",
                "Leslau 1995, fractions: ግማሽ, ሩብ, and the ordinal of what divides",
                ("3/4", "ሦስት አራተኛ"),
                (
                    rewrite(rf"(?:(?<!\d)(?P<whole>\d+) ?)?(?P<sign>[{''.join(VULGAR)}])ኛ?", self._vulgar),
                    rewrite(
                        r"(?:(?<![\d/.,])(?P<whole>\d{1,3}) )?(?<![\d/.])(?P<a>\d)/(?P<b>\d{1,2}|100)"
                        r"(?:ኛ|(?![\d/]|\.\d))",
                        self._fraction,
                    ),
                ),
                (DIGITS | signs, signs | {"/"}),
            ),
        )

    def _money_rule(self) -> Rule:
        coin = any_of(self._currencies)
        none = "(?P<scale>(?!))?(?P<from>(?!))?"
        return Rule(
            "money",
            "An amount with the sign or the code of a currency, or birr and cents with a decimal point",
            "ISO 4217; word order and ከ … ሳንቲም: Leslau 1995 and the news corpus",
            ("10.50 ብር", "አሥር ብር ከሃምሳ ሳንቲም"),
            (
                rewrite(
                    rf"(?<![A-Za-z])(?P<coin>{coin}) ?(?:{_FROM}{SPAN}(?:(?P=coin) ?)?)?"
                    rf"(?P<whole>\d++)(?:\.(?P<cents>\d++))?{_SHORT_SCALE}(?![A-Za-z])",
                    self._money,
                ),
                rewrite(
                    rf"{_AMOUNT}(?:\.(?P<cents>\d+))?{_SCALE} ?(?P<coin>{coin})(?![A-Za-z])(?P<from>(?!))?",
                    self._money,
                ),
                rewrite(rf"{_AMOUNT}\.(?P<cents>\d\d) (?P<coin>ብር|ዶላር){none}", self._money),
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?<!\d )(?P<coin>ብር|ዶላር) (?P<whole>\d++)\.(?P<cents>\d\d)(?![\d.]){none}",
                    self._money,
                ),
            ),
            (DIGITS, letters_of(self._currencies) | {"ብ", "ዶ"}),
        )

    def _amount(self, whole: str, part: str | None) -> str:
        return self._numbers.decimal(whole, part) if part else self._numbers.number(whole)

    def _measure(self, match: re.Match[str]) -> str:
        """Return the number of a quantity, or both numbers of a range (10-20% ከአሥር እስከ ሃያ)."""
        words = self._amount(match["whole"], match["part"])
        return self._from(match) + words

    def _from(self, match: re.Match[str]) -> str:
        """Return the first number of a range and what is said around it, and nothing where there is one number."""
        if match["from"] is None:
            return ""
        whole, _, part = match["from"].partition(".")
        said = _PREFIX_BEFORE.search(match.string[max(0, match.start() - 2) : match.start()]) is not None
        return f"{'' if said else 'ከ'}{self._amount(whole, part)} {self._context['to']} "

    def _below_zero(self, _: re.Match[str]) -> str:
        return f"{self._context['below-zero']} ".replace(" ", TIE)

    def _money(self, match: re.Match[str]) -> str:
        coin = self._currencies.get(match["coin"], match["coin"])
        cents, scale = match["cents"], match["scale"]
        if scale or (cents and len(cents) != 2):
            words = self._amount(match["whole"], cents) + (f"{TIE}{self._scale(scale.strip())}" if scale else "")
            return f"{self._from(match)}{words} {coin}".replace(" ", TIE)
        words = f"{self._from(match)}{self._numbers.number(match['whole'])} {coin}"
        if cents and int(cents):
            words += f" ከ{self._numbers.cardinal(int(cents))} {self._cents.get(coin, self._cents['ብር'])}"
        return words.replace(" ", TIE)

    def _scale(self, written: str) -> str:
        """Return the word of a scale: of an English word or letter the numeral, of an Amharic one itself."""
        return self._numbers.words[_SHORT_SCALES[written[0].upper()]] if written.isascii() else written

    def _percent(self, match: re.Match[str]) -> str:
        return f"{self._measure(match)} {self._context['percent']}".replace(" ", TIE)

    def _unit(self, match: re.Match[str]) -> str:
        unit = self._units[match["unit"]]
        if match["power"]:
            power = match["power"].strip()
            unit = f"{unit} {power}" if "/" in match["unit"] else f"{power} {unit}"
        return f"{self._measure(match)} {unit}".replace(" ", TIE)

    def _vulgar(self, match: re.Match[str]) -> str:
        return self._share(match["whole"], *VULGAR[match["sign"]])

    def _fraction(self, match: re.Match[str]) -> str | None:
        above, below = int(match["a"]), int(match["b"])
        if not 0 < above < below or (below > 10 and below != 100):
            return None
        if _NAMED.search(match.string[max(0, match.start() - 8) : match.start()]):
            return None
        return self._share(match["whole"], above, below)

    def _share(self, whole: str | None, above: int, below: int) -> str:
        part = self._numbers.fraction(above, below)
        if not whole:
            return part
        half = (above, below) == (1, 2)
        return f"{self._numbers.number(whole)}{TIE}{self._context['half-past'] if half else f'ከ{part}'}"

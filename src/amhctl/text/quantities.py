"""Numbers with something that is counted or measured: money, percent, temperature, units, fractions.

Knows nothing of dates, and leaves plain numbers to ``figures``.
"""

import re
from collections.abc import Mapping

from amhctl.text.affixes import attach
from amhctl.text.draft import TIE
from amhctl.text.numbers import VULGAR, NumberWords
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, SPAN, Rule, any_of, letters_of, rewrite
from amhctl.text.script import LETTER_CLASS
from amhctl.text.table import read_words

UNITS: dict[str, str] = read_words("units")
CURRENCIES: dict[str, str] = read_words("currencies")
CENTS: dict[str, str] = read_words("cents")

_AMOUNT = r"(?<![\d.])(?P<whole>\d+)"
_FROM = r"(?P<from>\d++(?:\.\d++)?)"
_MEASURE = rf"(?<![\d.-])(?:{_FROM}%?{SPAN})?(?P<whole>\d+)(?:\.(?P<part>\d+))?"
_PREFIX_BEFORE = Pattern("(?:^|[^\\w])[ከበየለ]$")
_SCALE = "(?P<scale> ?(?:ሺህ?|ሚሊዮን|ቢሊዮን|ትሪሊዮን))?"
_SHORT_SCALES = {"K": "1000", "M": "1000000", "B": "1000000000", "T": "1000000000000"}
_SHORT_SCALE = "(?P<scale> ?(?:ሺህ?|ሚሊዮን|ቢሊዮን|ትሪሊዮን)| ?(?:thousand|million|billion|trillion|mln|mn|bn)|[KkMmBb])?"
"""The scale of an amount after the sign of its currency, in one word or its first letter ($5M)."""
_SIGN = r"(?<![\w)%°])(?<!\d )[-−–] ?"
# What a number is of decides how a slash is read: አዋጅ ቁጥር 3/4 names a law, it is no share.
_TIMES = {
    "s": "ሰከንድ", "S": "ሰከንድ", "sec": "ሰከንድ", "min": "ደቂቃ", "h": "ሰዓት", "hr": "ሰዓት", "H": "ሰዓት", "day": "ቀን",
    "week": "ሳምንት", "month": "ወር", "mo": "ወር", "year": "ዓመት", "yr": "ዓመት", "person": "ሰው",
    "ሰ": "ሰዓት", "ሰዓት": "ሰዓት", "ሰአት": "ሰዓት", "ሰከንድ": "ሰከንድ", "ደቂቃ": "ደቂቃ", "ቀን": "ቀን", "ሳምንት": "ሳምንት", "ወር": "ወር",
    "ዓመት": "ዓመት", "አመት": "አመት", "ሰው": "ሰው", "ሄክታር": "ሄክታር", "ኪሎ": "ኪሎ", "ሊትር": "ሊትር", "ካሬ": "ካሬ", "ኩንታል": "ኩንታል",
    "ሜትር": "ሜትር",
}  # fmt: skip
"""What a quantity may be for, after a slash, besides a unit: 5 MB/s, 3000 ብር/ወር."""
_EACH = "በ"
_REST = f"[ {TIE}](?:ሜትር|ግራም|ሊትር|ዋት|ባይት|ካሬ|ኩብ)"
"""What makes a unit of a short one: ሚሊ ሜትር is no ሚሊ."""
_PERCENT = "ፐርሰንት"
_COUNTED_BEFORE = Pattern("(?:ብር|ዶላር|ሳንቲም|ሜትር|ግራም|ሊትር|ባይት|ቢት|ኩንታል|ቶን|ሰው|ዋት|ኪሎ|ሄክታር|ዩሮ|ፓውንድ|በመቶ) ?$")
_PRICE = Pattern(r"[\d.,]+ ?(?:ሺህ? ?|ሚሊዮን )?(?:ብር|[Bb]irr|ETB|Br)")
_DIALLED = Pattern(r"0\d{7,}")
_NEGATIVE_BEFORE = Pattern("(?:ወደ|እስከ|ውጤቱ|ውጤት|ሙቀት|ሙቀቱ|መጠን|እና|ወይም|እኩል|ነጥብ|ይሆናል|በ|ከ) $")
_NEGATIVE_AFTER = Pattern(r"\d+(?:\.\d+)? ?(?:[%°]|ዲግሪ)")
_ENDED = Pattern("[።፧!?፡:] ?$")
_NAMED = Pattern(f"(?:ቁጥር|አንቀጽ|አንቀፅ|ቁ|ገጽ|ገፅ|ወረዳ|ቀበሌ)[ :{TIE}]+$")

_FRACTION_SIGNS = frozenset(VULGAR)


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
        return (
            self._temperature_rule(),
            self._minus_rule(),
            self._money_rule(),
            self._percent_rule(),
            self._unit_rule(),
            self._fraction_rule(),
        )

    def _minus_rule(self) -> Rule:
        coins = re.escape("".join(name for name in self._currencies if len(name) == 1)) or "$"
        return Rule(
            "minus",
            "A minus sign before a number",
            "Convention of schools: ኔጌቲቭ; the option text.negative changes it",
            ("-5", "ኔጌቲቭ አምስት"),
            (
                rewrite(r"(?:^|(?<=\s))-(\d{1,3})-(?=\s|$)", lambda match: f"{match[1]}፣"),
                rewrite(rf"(?<![\w)%°])[-−](?=[{coins}]?\d|[{''.join(VULGAR)}])", self._minus),
                rewrite(
                    rf"(?<=(?<!{LETTER_CLASS})[ከበየለ])[-−](?=\d+(?:\.\d+)?(?: ?[%°]| ?ዲግሪ| እስከ))",
                    lambda _: self._numbers.minus,
                ),
            ),
            (DIGITS | _FRACTION_SIGNS, frozenset("-−")),
        )

    def _percent_rule(self) -> Rule:
        return Rule(
            "percent",
            "A number with a percent or permille sign",
            "News corpus: በመቶ is more frequent than ከመቶ",
            ("25%", "ሃያ አምስት በመቶ"),
            (
                rewrite(
                    r"(?<!\d)(?<!\d )% ?(?=\d)(?P<of>\d+(?:\.\d+)?(?:[-–]\d+(?:\.\d+)?)?)",
                    lambda match: f"{match['of']}%",
                ),
                rewrite(
                    rf"{_MEASURE}\.? ?%(?: ?በመቶ)?(?P<suffix>{LETTER_CLASS}{{0,4}}(?!{LETTER_CLASS}))?",
                    self._percent,
                ),
            ),
            (DIGITS, frozenset("%")),
        )

    def _unit_rule(self) -> Rule:
        per = any_of({*self._units, *_TIMES})
        return Rule(
            "unit",
            "A number with the sign of a unit",
            "SI Brochure, 9th edition; Amharic names of the Ethiopian Standards Agency, Leslau 1995",
            ("5 km", "አምስት ኪሎ ሜትር"),
            (
                rewrite(
                    rf"{_MEASURE} ?(?P<unit>{any_of(self._units)})(?P<power> ካሬ| ኩብ)?"
                    rf"(?:/(?P<per>{per})(?![A-Za-z/]|{LETTER_CLASS}))?(?![A-Za-z]|(?<={LETTER_CLASS})(?:{LETTER_CLASS}|{_REST}))",
                    self._unit,
                ),
                rewrite(rf"(?<={LETTER_CLASS}) ?/ ?(?P<per>{per})(?![A-Za-z/.]|{LETTER_CLASS})", self._each),
                rewrite(rf"(?:^|(?<=\s))/ ?(?P<per>{any_of(_long(self._units))})(?![\w/.])", self._each),
            ),
            (DIGITS | {"/"},),
        )

    def _fraction_rule(self) -> Rule:
        return Rule(
            "fraction",
            "A fraction, alone or after a whole number",
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
            (DIGITS | _FRACTION_SIGNS, _FRACTION_SIGNS | {"/"}),
        )

    def _temperature_rule(self) -> Rule:
        return Rule(
            "temperature",
            "A negative number of degrees is read as below zero",
            "Usage of weather reports; spec of negative readings",
            ("-5°C", "ከዜሮ በታች አምስት ዲግሪ ሴልሺየስ"),
            (
                rewrite(rf"{_SIGN}(?=\d+(?:\.\d+)? ?(?:°|ዲግሪ))", self._below_zero),
                rewrite(rf"(?<!{LETTER_CLASS})ከ[-−–](?=\d+(?:\.\d+)? ?(?:°|ዲግሪ))", self._below_zero),
            ),
            (DIGITS, frozenset("-−–")),
        )

    def _money_rule(self) -> Rule:
        coin = any_of(self._currencies)
        again = f"(?: ?(?P<again>{any_of(set(self._currencies.values()))}))?"
        return Rule(
            "money",
            "An amount with the sign or the code of a currency, or birr and cents with a decimal point",
            "ISO 4217; word order and ከ … ሳንቲም: Leslau 1995 and the news corpus",
            ("10.50 ብር", "አሥር ብር ከሃምሳ ሳንቲም"),
            (
                rewrite(
                    rf"(?<![A-Za-z])(?P<coin>{coin}) ?(?:{_FROM}{SPAN}(?:(?P=coin) ?)?)?"
                    rf"(?P<whole>\d++)(?:\.(?P<cents>\d++))?{_SHORT_SCALE}(?![A-Za-z]){again}",
                    self._money,
                ),
                rewrite(
                    rf"(?<![\d.-])(?:{_FROM}{SPAN})?(?P<whole>\d+)(?:\.(?P<cents>\d+))?"
                    rf"{_SCALE} ?(?P<coin>{coin})(?![A-Za-z]){again}",
                    self._money,
                ),
                rewrite(rf"{_AMOUNT}\.(?P<cents>\d\d) (?P<coin>ብር|ዶላር)", self._money),
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?<!\d )(?P<coin>ብር|ዶላር) (?P<whole>\d++)\.(?P<cents>\d\d)(?![\d.])",
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
        if match.groupdict().get("from") is None:
            return ""
        whole, _, part = match["from"].partition(".")
        said = _PREFIX_BEFORE.search(match.string[max(0, match.start() - 2) : match.start()]) is not None
        return f"{'' if said else 'ከ'}{self._amount(whole, part)} {self._context['to']} "

    def _below_zero(self, match: re.Match[str]) -> str:
        # ከ before "below zero" is said once.
        return f"{self._context['below-zero']} ".replace(" ", TIE)

    def _money(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        coin = self._currencies.get(match["coin"], match["coin"])
        cents, scale = match["cents"], found.get("scale")
        # $5000 ዶላር names its currency twice; another word after it stays.
        end = f" {found['again']}" if found.get("again") not in (None, coin) else ""
        if scale or (cents and len(cents) != 2):
            words = self._amount(match["whole"], cents) + (f"{TIE}{self._scale(scale.strip())}" if scale else "")
            return f"{self._from(match)}{words} {coin}{end}".replace(" ", TIE)
        cent = self._cents.get(coin, self._cents["ብር"])
        if cents and int(cents) and match["whole"] == "0" and not found.get("from"):
            return f"{self._numbers.cardinal(int(cents))} {cent}{end}".replace(" ", TIE)
        words = f"{self._from(match)}{self._numbers.number(match['whole'])} {coin}"
        if cents and int(cents):
            words += f" ከ{self._numbers.cardinal(int(cents))} {cent}"
        return f"{words}{end}".replace(" ", TIE)

    def _minus(self, match: re.Match[str]) -> str:
        """Return what is said for a sign before a number: nothing of a hyphen after a word or before a price.

        The news corpus has 17 hyphens between a word with a space and a number: 16 join the two (ሚግ -29), one is a
        minus (ወደ -6.4%).
        """
        text, begin, end = match.string, match.start(), match.end()
        if match.group() == "−" or match.string[end] in self._currencies:
            return self._numbers.minus
        if _PRICE.match(text, end) or _DIALLED.match(text, end):
            return ""
        joined = text[max(0, begin - 2) : begin]
        if len(joined) == 2 and joined[1] == " " and joined[0].isalpha():
            said = _NEGATIVE_BEFORE.search(text[max(0, begin - 12) : begin]) or _NEGATIVE_AFTER.match(text, end)
            return self._numbers.minus if said else ""
        return self._numbers.minus

    def _each(self, match: re.Match[str]) -> str | None:
        """Return the unit after a slash: 35 ብር/kg በኪሎ ግራም; after a word it must be one that is counted."""
        before = match.string[max(0, match.start() - 12) : match.start()]
        if before.strip() and len(match["per"]) < 3 and not _COUNTED_BEFORE.search(before):
            return None
        if before.strip() and not match["per"].isascii() and not _COUNTED_BEFORE.search(before):
            return None
        return f" {_EACH}{self._said(match['per'])}"

    def _said(self, unit: str) -> str:
        return (_TIMES.get(unit) or self._units[unit]).replace(" ", TIE)

    def _scale(self, written: str) -> str:
        """Return the word of a scale: of an English word or letter the numeral, of an Amharic one itself."""
        return self._numbers.words[_SHORT_SCALES[written[0].upper()]] if written.isascii() else written

    def _percent(self, match: re.Match[str]) -> str:
        suffix = match["suffix"] or ""
        # A suffix with ት belongs to ፐርሰንት (29%ቶቹ), any other to በመቶ (80%ው).
        spoken = _PERCENT if suffix and suffix[0] in "ቱቲታትቶ" else self._context["percent"]
        return f"{self._measure(match)} {attach(spoken, suffix)}".replace(" ", TIE)

    def _unit(self, match: re.Match[str]) -> str:
        unit = self._units[match["unit"]]
        if match["power"]:
            power = match["power"].strip()
            unit = f"{unit} {power}" if "/" in match["unit"] else f"{power} {unit}"
        if match["per"]:
            unit = f"{unit} {_EACH}{self._said(match['per'])}"
        return f"{self._measure(match)} {unit}".replace(" ", TIE)

    def _vulgar(self, match: re.Match[str]) -> str:
        return self._share(match["whole"], *VULGAR[match["sign"]])

    def _fraction(self, match: re.Match[str]) -> str | None:
        above, below = int(match["a"]), int(match["b"])
        if not 0 < above < below or (below > 10 and below != 100):
            return None
        if _NAMED.search(match.string[max(0, match.start() - 8) : match.start()]):
            return None
        # Behind a whole text it is the number of its part: first of two.
        if match.end() == len(match.string) and _ENDED.search(match.string[: match.start()][-3:]):
            return None
        return self._share(match["whole"], above, below)

    def _share(self, whole: str | None, above: int, below: int) -> str:
        part = self._numbers.fraction(above, below)
        if not whole:
            return part
        half = (above, below) == (1, 2)
        return f"{self._numbers.number(whole)}{TIE}{self._context['half-past'] if half else f'ከ{part}'}"


def _long(units: Mapping[str, str]) -> set[str]:
    """Return the units whose sign is no single letter: one letter after a slash may be anything."""
    return {unit for unit in units if len(unit) > 1}

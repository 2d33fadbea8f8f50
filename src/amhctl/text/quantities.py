"""Digits in context: dates, clock, money, units, ranges, ordinals, years, and plain numbers with what sticks to them.

Each rule sees what the earlier ones left; an expansion holds no digit, so no rule reads it twice. Sources and
doubts: docs/text.md.
"""

import re
from collections.abc import Callable, Iterable

from amhctl.text.calendar import MONTH_CLASS, read_clock, read_date
from amhctl.text.draft import TIE, Draft
from amhctl.text.numbers import LARGEST, NumberWords, make_ordinal, parse_ethiopic
from amhctl.text.script import DIGITS, LETTER_CLASS, SYLLABLES, is_sixth_order

UNITS: dict[str, str] = {
    "km": "ኪሎ ሜትር", "m": "ሜትር", "cm": "ሴንቲ ሜትር", "mm": "ሚሊ ሜትር", "kg": "ኪሎ ግራም", "g": "ግራም", "mg": "ሚሊ ግራም",
    "l": "ሊትር", "ml": "ሚሊ ሊትር",
    "ha": "ሄክታር", "km/h": "ኪሎ ሜትር በሰዓት", "kW": "ኪሎ ዋት", "MW": "ሜጋ ዋት", "GB": "ጊጋ ባይት", "MB": "ሜጋ ባይት",
    "kB": "ኪሎ ባይት", "Hz": "ኸርዝ",
    "kHz": "ኪሎ ኸርዝ", "MHz": "ሜጋ ኸርዝ", "°C": "ዲግሪ ሴልሺየስ", "°F": "ዲግሪ ፋራናይት", "ETB": "ብር", "Br": "ብር", "birr": "ብር",
    "USD": "ዶላር",
}  # fmt: skip
CURRENCIES: dict[str, str] = {
    "$": "ዶላር",
    "€": "ዩሮ",
    "£": "ፓውንድ",
    "¥": "የን",
    "ETB": "ብር",
    "Br": "ብር",
    "USD": "ዶላር",
    "US$": "ዶላር",
}
CENTS: dict[str, str] = {"ብር": "ሳንቲም", "ዶላር": "ሳንቲም", "ዩሮ": "ሳንቲም", "ፓውንድ": "ፔንስ"}

_PREFIX = "እንደ|ስለ|ያለ|የበ|በየ|ከየ|ለየ|እነ|የእነ|[በየለከ]"
_JOINED = re.compile("ኛ|ተኛ|ዎች|ዎቹ|ን|ና|ም|ው|ዋ|ቱ|ታ|ት|ዱ|ዷ|ሩ|ሯ|ኙ|ኟ|ነት|ስ|ሽ|ከ|ያህል|ል|ቶ|ኑ|ቹ|ዮ|ዶች|ነ")
_APART = re.compile(
    "ሺ|ሚሊ|ቢሊ|ትሪሊ|ብር|ቀን|ዓመ|አመ|ሰዓ|ሰአ|ኪሎ|ሜትር|ሴንቲ|ሄክታር|ኩንታል|ሊትር|ግራም|ሰው|ሰዎ|ወር|ሳምን|ዶላር|በመቶ|ጊዜ|ከመቶ|ናቸ|ነው|ነበ|ንዑስ"
    "|ስኩ|ከ.{2}|ሳንቲ|ነጥብ|ወይ|ተማ|ታጣ|ሽል|ስን|ምዕ|ሁ"
)
_COUNTED = "ብር|ዶላር|ሰው|ሰዎ|ኪሎ|ሜትር|ካሬ|ሄክታር|ኩንታል|ሊትር|ግራም|ተማሪ|ቶን|ያህል|በላይ|ሺ|ሚሊ|ወታደ|ቤቶ|አባላ|ገበሬ|መኪ|መጽ|ነዋሪ|ሠራ|ሰራ|በመቶ|ዩሮ|ሳንቲ"

_Rule = Callable[[re.Match[str]], str | None]

_DATE = r"(?<![\d/.-])(?P<d>\d{1,2})(?P<s>[/.-])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})(?![\d/-]|\.\d)"
_TELEPHONE = (
    r"(?<![\d.])\+ ?\d(?:[ -]?\d){6,}(?!\d)"
    r"|(?<!\d)0\d{1,3}(?:[- ]\d{2,4}){2,}(?!\d)"
    r"|(?<![\d/.])\d+(?:-\d+){2,}(?!\d)"
)
_CLOCK = (
    r"(?<![\d:.])(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<sec>\d\d))?(?![\d:])"
    rf"(?: ?ሰ[ዓአ]ት(?!{LETTER_CLASS}))?"
)
_DIGIT = re.compile(r"\d|[½¼¾⅓⅔]")
_ETHIOPIC = re.compile(f"[{DIGITS}]+")
_SCALE = "(?P<scale> ?(?:ሺህ?|ሚሊዮን|ቢሊዮን|ትሪሊዮን))?"
_RANGE = r"(?P<prefix>[ከበየለ]?)(?<![\d.,/])(?P<a>\d+(?:\.\d+)?)[-–—](?P<b>\d+(?:\.\d+)?)(?![\d/-]|\.\d)"
_PLAIN = rf"(?P<before>{LETTER_CLASS}*)(?P<number>\d+)(?P<after> ?ተ?ኛ(?!{LETTER_CLASS})|{LETTER_CLASS}*)"
_YEAR_NUMBER = r"(?P<year>1[1-9]\d\d)(?![\d.,/:%-])"
_ERA = f"[ {TIE}]?(?:ዓመተ|አመተ|እንደ[ {TIE}]ኤሮ|እንደ[ {TIE}]ኢት)"
_YEAR = (
    rf"(?<![\d.,/:-])(?P<head>(?:አቆጣጠር[ {TIE}]+(?:{_PREFIX})?)?(?<!\d)){_YEAR_NUMBER}"
    rf"(?P<suffix>(?:ዎቹ|ዎች){LETTER_CLASS}*|(?={_ERA})|(?<=አቆጣጠር.\d{{4}})|(?<=አቆጣጠር.[በከየለ]\d{{4}})"
    rf"|(?<=[በከ]\d{{4}})(?!{LETTER_CLASS})(?! (?:{_COUNTED}))|(?<=እስከ \d{{4}})(?!{LETTER_CLASS})(?! (?:{_COUNTED})))"
)


class Quantities:
    """The number rules, with the words and units of one frontend."""

    def __init__(self, numbers: NumberWords, units: dict[str, str], currencies: dict[str, str]) -> None:
        self._numbers = numbers
        self._units = units
        self._currencies = currencies
        self._rules = self._compile()

    def apply(self, draft: Draft) -> None:
        """Read every digit of a draft."""
        draft.substitute("ethiopic-numeral", _ETHIOPIC, _read_ethiopic)
        if _DIGIT.search(draft.text) is None:
            return
        for name, pattern, rule in self._rules:
            draft.substitute(name, pattern, rule)

    def _compile(self) -> tuple[tuple[str, re.Pattern[str], _Rule], ...]:
        unit = _any_of(self._units)
        money = _any_of(self._currencies)
        amount = r"(?<![\d.])(?P<whole>\d+)"
        minus = r"(?P<minus>(?<![\w)])[-−])?"
        no_scale = "(?P<scale>(?!))?"
        table: tuple[tuple[str, str, _Rule], ...] = (
            ("word-after", rf"(?<=[\d%½¼¾⅓⅔])(?={LETTER_CLASS}+)", _set_apart),
            ("word-after", r"(?<=[A-Za-z])(?<!\d[xX])(?=\d)", lambda _: " "),
            ("thousand", rf"(?<=\d) ሺ(?!{LETTER_CLASS})", lambda _: " ሺህ"),
            ("thousands", r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])", self._thousands),
            ("date", f"{_DATE}(?P<greg>(?=[ {TIE}]*እንደ[ {TIE}]ኤሮ))?", self._date),
            ("date", r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?![\d-])(?P<greg>(?!))?", self._date),
            (
                "date",
                rf"(?P<month>{MONTH_CLASS} ?)(?P<d>\d\d?)(?P<s>/| ?ቀን[ /]?|,? ?)(?P<y>\d{{4}})(?!\d)",
                self._month_day,
            ),
            ("date", rf"(?P<month>{MONTH_CLASS} ?(?:ወር )?[በየከ]?)(?P<y>1[1-9]\d\d)(?!\d)", self._month_year),
            ("telephone", _TELEPHONE, self._telephone),
            ("clock", _CLOCK, self._clock),
            ("clock", rf"(?<![\d.])(?P<h>\d\d?)\.(?P<m>[0-5]\d)(?P<sec>(?!))? ?ሰ[ዓአ]ት(?!{LETTER_CLASS})", self._clock),
            ("thousand-and", r"(?<![\d.,])(\d{1,3}) ?ሺህ? ?(\d{1,3})(?![\d.,])", self._thousand_and),
            ("money", rf"(?P<coin>{money}) ?(?P<whole>\d+)(?:\.(?P<cents>\d+))?{_SCALE}(?![A-Za-z])", self._money),
            ("money", rf"{amount}(?:\.(?P<cents>\d+))? ?(?P<coin>{money}){no_scale}(?![A-Za-z])", self._money),
            ("money", rf"{amount}\.(?P<cents>\d\d) (?P<coin>ብር|ዶላር){no_scale}", self._money),
            ("percent", rf"{amount}(?:\.(?P<part>\d+))?\.? ?%", self._percent),
            (
                "unit",
                rf"{minus}(?P<whole>\d+)(?:\.(?P<part>\d+))? ?(?P<unit>{unit})(?P<power> ካሬ| ኩብ)?(?![A-Za-z])",
                self._unit,
            ),
            ("fraction", r"(?P<whole>\d+)? ?(?P<sign>[½¼¾⅓⅔])", self._vulgar),
            ("fraction", r"(?<![\d/.])(?P<a>\d)/(?P<b>\d{1,2}|100)(?![\d/]|\.\d)", self._fraction),
            ("year-pair", r"(?<![\d/.-])(?P<a>(?:19|20)\d\d)/(?P<b>\d\d)(?![\d/]|\.\d)", self._year_pair),
            ("score", r"(?<!\d)(?P<a>\d{1,2}) ?ለ ?(?P<b>\d{1,2})(?![\d.]*\d)", self._score),
            ("range", _RANGE, self._range),
            ("section", r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.]*\d)", self._section),
            ("decimal", rf"{minus}{amount}\.(?P<part>\d+)", self._decimal),
            ("number-pair", r"(?<=\d)/(?=\d)|(?<=\d)[xX×*](?=\d)|(?<=\d) [xX×] (?=\d)", _join_pair),
            ("plus", r"(?<=\d) ?\+ ?(?=\d)", lambda _: " ሲደመር "),
            ("minus", r"(?<![\w)])[-−](?=\d)", lambda _: f"{self._numbers.words['minus']}{TIE}"),
            ("year", _YEAR, self._year),
            ("number", _PLAIN, self._plain),
        )
        return tuple((name, re.compile(pattern), rule) for name, pattern, rule in table)

    def _amount(self, whole: str, part: str | None) -> str:
        return self._numbers.decimal(whole, part) if part else self._numbers.number(whole)

    def _thousands(self, match: re.Match[str]) -> str:
        digits = match.group().replace(",", "")
        # Separators say that it is a quantity, however long; without them a long run is an identifier.
        value = int(digits)
        return self._numbers.cardinal(value) if len(digits) > 12 and value <= LARGEST else digits

    def _date(self, match: re.Match[str]) -> str | None:
        gregorian = match.group("greg") is not None
        words = read_date(int(match["d"]), int(match["m"]), match["y"], self._numbers, gregorian=gregorian)
        return words or re.sub(r"[/.-]", " ", match.group())

    def _month_day(self, match: re.Match[str]) -> str:
        month = match["month"].rstrip()
        between = f"{TIE}ቀን{TIE}" if "ቀን" in match["s"] else TIE
        return f"{month} {self._numbers.number(match['d'])}{between}{self._spell_year(match['y'])}"

    def _month_year(self, match: re.Match[str]) -> str:
        return match["month"] + self._spell_year(match["y"])

    def _spell_year(self, digits: str) -> str:
        return self._numbers.digits(digits) if digits.startswith("0") else self._numbers.year(int(digits))

    def _telephone(self, match: re.Match[str]) -> str:
        plus = f"ፕላስ{TIE}" if match.group().startswith("+") else ""
        groups = re.findall(r"\d+", match.group())
        return plus + " ".join(self._numbers.digits(group) for group in groups)

    def _clock(self, match: re.Match[str]) -> str:
        second = int(match["sec"]) if match["sec"] else None
        words = read_clock(int(match["h"]), int(match["m"]), second, self._numbers)
        return words or match.group().replace(":", " ").replace(".", " ")

    def _thousand_and(self, match: re.Match[str]) -> str:
        return self._numbers.cardinal(int(match[1]) * 1000 + int(match[2]))

    def _money(self, match: re.Match[str]) -> str:
        coin = self._currencies.get(match["coin"], match["coin"])
        cents, scale = match["cents"], match["scale"]
        if scale or (cents and len(cents) != 2):
            words = self._amount(match["whole"], cents) + (f"{TIE}{scale.strip()}" if scale else "")
            return f"{words}{TIE}{coin}"
        words = f"{self._numbers.number(match['whole'])}{TIE}{coin}"
        if cents and int(cents):
            words += f"{TIE}ከ{self._numbers.cardinal(int(cents))}{TIE}{CENTS.get(coin, 'ሳንቲም')}"
        return words

    def _percent(self, match: re.Match[str]) -> str:
        return f"{self._amount(match['whole'], match['part'])}{TIE}በመቶ"

    def _unit(self, match: re.Match[str]) -> str:
        unit = self._units[match["unit"]]
        words = self._amount(match["whole"], match["part"])
        if match["power"]:
            unit = match["power"].strip() + " " + unit
        if match["minus"] and match["unit"].startswith("°"):
            return f"ከዜሮ በታች {words} {unit}".replace(" ", TIE)
        minus = f"{self._numbers.words['minus']} " if match["minus"] else ""
        return f"{minus}{words} {unit}".replace(" ", TIE)

    def _vulgar(self, match: re.Match[str]) -> str:
        numerator, denominator = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3)}[match["sign"]]
        part = self._numbers.fraction(numerator, denominator)
        if not match["whole"]:
            return part
        part = "ተኩል" if match["sign"] == "½" else f"ከ{part}"
        return f"{self._numbers.number(match['whole'])}{TIE}{part}"

    def _fraction(self, match: re.Match[str]) -> str | None:
        a, b = int(match["a"]), int(match["b"])
        return self._numbers.fraction(a, b) if 0 < a < b and (b <= 10 or b == 100) else None

    def _year_pair(self, match: re.Match[str]) -> str:
        return f"{self._spell_year(match['a'])} {self._numbers.number(match['b'])}"

    def _score(self, match: re.Match[str]) -> str:
        return f"{self._numbers.number(match['a'])}{TIE}ለ{self._numbers.number(match['b'])}"

    def _range(self, match: re.Match[str]) -> str:
        a, b = match["a"], match["b"]
        whole = "." not in a + b
        short = whole and len(a) == 4 and len(b) == 2 and int(a) % 100 < int(b)  # 1990-91: the short end of a year
        years = whole and len(a) == 4 and len(b) in (2, 4) and int(a) < 2100
        read = self._spell_year if years else lambda number: self._amount(*_halves(number))
        first, second = read(a), read(b)
        if short or float(a) < float(b):
            return f"{match['prefix'] or 'ከ'}{first}{TIE}እስከ{TIE}{second}"
        if len(a) <= 2 and len(b) <= 2:
            return f"{match['prefix']}{first}{TIE}ለ{second}"
        return f"{match['prefix']}{first} {second}"

    def _section(self, match: re.Match[str]) -> str:
        point = f"{TIE}{self._numbers.words['point']}{TIE}"
        return point.join(self._numbers.number(part) for part in match.group().split("."))

    def _decimal(self, match: re.Match[str]) -> str:
        minus = f"{self._numbers.words['minus']}{TIE}" if match["minus"] else ""
        return minus + self._numbers.decimal(match["whole"], match["part"])

    def _year(self, match: re.Match[str]) -> str:
        suffix = match["suffix"] or ""
        return match["head"] + _attach(self._numbers.year(int(match["year"])), suffix)

    def _plain(self, match: re.Match[str]) -> str:
        words = self._numbers.number(match["number"])
        before, after = match["before"], match["after"].strip()
        if before and not re.fullmatch(_PREFIX, before):
            before += " "
        return before + _attach(words, after)


def _any_of(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"


def _read_ethiopic(match: re.Match[str]) -> str:
    """Return Ethiopic numerals as digits; letters that make no single number are read as several."""
    rest, numbers = match.group(), []
    while rest:
        size = next(size for size in range(len(rest), 0, -1) if parse_ethiopic(rest[:size]) is not None)
        numbers.append(str(parse_ethiopic(rest[:size])))
        rest = rest[size:]
    return " ".join(numbers)


def _set_apart(match: re.Match[str]) -> str | None:
    """Return a space between a number and the word written on to it (1922ዓመት), or nothing before a suffix (3ቱ)."""
    rest = match.string[match.end() :]
    return " " if _APART.match(rest) or not _JOINED.match(rest) else None


def _join_pair(match: re.Match[str]) -> str:
    return " " if "/" in match.group() else " በ"


def _halves(number: str) -> tuple[str, str | None]:
    whole, _, part = number.partition(".")
    return whole, part or None


def _attach(words: str, suffix: str) -> str:
    """Put a suffix to a number.

    ኛ makes an ordinal; a suffix that repeats the last consonant replaces it (3ቱ ሦስቱ, 1ዱ አንዱ).
    """
    if not suffix:
        return words
    for head in ("ተኛ", "ኛ"):
        if suffix.startswith(head):
            return make_ordinal(words) + suffix[len(head) :]
    last = words[-1]
    if is_sixth_order(last) and SYLLABLES[suffix[0]].series == SYLLABLES[last].series and not is_sixth_order(suffix[0]):
        return words[:-1] + suffix
    return words + suffix

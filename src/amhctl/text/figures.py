"""Figures that count nothing in particular: years, ranges, scores, ordinals, telephone numbers, and plain numbers.

Knows neither dates nor units. Each rule sees what the earlier ones left; an expansion holds no digit, so no rule reads
it twice.
"""

import re
from collections.abc import Mapping

from amhctl.text.draft import TIE
from amhctl.text.numbers import LARGEST, NumberWords, make_ordinal, parse_ethiopic
from amhctl.text.quantities import VULGAR
from amhctl.text.rule import DIGITS, SPAN, Rule, insert, rewrite
from amhctl.text.script import DIGITS as ETHIOPIC_DIGITS
from amhctl.text.script import LETTER_CLASS, SYLLABLES, is_sixth_order

PREFIXES = frozenset(("እንደ", "ስለ", "ያለ", "የበ", "የከ", "በየ", "ከየ", "ለየ", "እየ", "እነ", "የእነ", "የ", "በ", "ለ", "ከ"))
"""What may stand before a number in the same word (Leslau 1995, prepositions)."""

_LONGEST_PREFIX = 4
_LONGEST_NUMERAL = 24
"""Letters of the longest numerals below `LARGEST`: five sections of four letters, and what parts them."""
# A word written on to a number is set apart from it; a suffix is not (corpus: 1922ዓመት, but 3ቱ, 90ዎቹ).
_JOINED = re.compile("ኛ|ተኛ|ዎች|ዎቹ|ን|ና|ም|ው|ዋ|ቱ|ታ|ት|ዱ|ዷ|ሩ|ሯ|ኙ|ኟ|ነት|ስ|ሽ|ከ|ያህል|ል|ቶ|ኑ|ቹ|ዮ|ዶች|ነ")
_APART = re.compile(
    "ሺ|ሚሊ|ቢሊ|ትሪሊ|ብር|ቀን|ዓመ|አመ|ሰዓ|ሰአ|ኪሎ|ሜትር|ሴንቲ|ሄክታር|ኩንታል|ሊትር|ግራም|ሰው|ሰዎ|ወር|ሳምን|ዶላር|በመቶ|ጊዜ|ከመቶ|ናቸ|ነው|ነበ|ንዑስ"
    "|ስኩ|ከ.{2}|ሳንቲ|ነጥብ|ወይ|ተማ|ታጣ|ሽል|ስን|ምዕ|ሁ"
)
# What is counted is no year.
_COUNTED = (
    "ብር|ዶላር|ሰው|ሰዎ|ኪሎ|ሜትር|ካሬ|ሄክታር|ኩንታል|ሊትር|ግራም|ተማሪ|ቶን|ያህል|በላይ|ሺ|ሚሊ|ወታደ|ቤቶ|አባላ|ገበሬ|መኪ|መጽ|ነዋሪ|ሠራ|ሰራ|በመቶ|ዩሮ|ሳንቲ"
    "|ሜትሪክ|ገጽ|ቀናት|ቀን|ሴት|ወንድ|ሕፃ|ህፃ|ህጻ|ሕጻ|እስረኛ|ስደተኛ|ተፈናቃ|አባወ|ሰዓ|ደቂቃ|ጊዜ"
)
_ERA = f"[ {TIE}]?(?:ዓመተ|አመተ|እንደ[ {TIE}](?:ኤሮ|አውሮ|ኢት|ፈረን))"
_NO_COUNT = rf"(?!{LETTER_CLASS}|[ {TIE}](?:{_COUNTED}))"
_YEAR = (
    rf"(?<![\d.,/:-])(?P<head>(?:አቆጣጠር[ {TIE}]+[በከየለ]?)?(?<!\d))(?P<year>1[1-9]\d\d)(?![\d.,/:%-])"
    rf"(?P<suffix>(?:ዎቹ|ዎች){LETTER_CLASS}*|(?={_ERA})"
    rf"|(?<=አቆጣጠር.\d{{4}})|(?<=አቆጣጠር.[በከየለ]\d{{4}})"
    rf"|(?<=[የበለከ]1[89]\d\d)[ቱዱሩኙዋ]{LETTER_CLASS}{{0,3}}(?!{LETTER_CLASS})"
    rf"|(?<=[በከ]\d{{4}})(?:ና|ም|ን|ስ)?{_NO_COUNT}|(?<=[የለ]19\d\d){_NO_COUNT}"
    rf"|(?<=እስከ \d{{4}}){_NO_COUNT}|(?<=ቀን[ {TIE}]\d{{4}}){_NO_COUNT}|(?<=[በከ]\d{{4}} እና \d{{4}}){_NO_COUNT})"
)
_DIALLED = rf"(?:(?:ስልክ|ፋክስ|ሞባይል)(?:[ {TIE}]ቁጥር)?|ስልክ)[ :{TIE}]+(?P<dialled>\d{{5,}})(?!\d)"
_TELEPHONE = (
    r"(?<![\d.])\+ ?\d(?:[ -]?\d){6,}(?!\d)"
    r"|(?<!\d)0\d{1,3}(?:[- ]\d{2,4}){2,}(?!\d)|(?<!\d)0\d{1,3}-\d{5,7}(?!\d)"
    r"|\(0\d{1,3}\) ?\d{2,4}(?:[- ]\d{2,4}){1,3}(?!\d)"
    r"|(?<![\d/.])\d+(?:-\d+){2,}(?!\d)"
)
_NUMBER = r"\d+(?:\.\d+)?"
_OF = f"(?P<prefix>(?:(?<!{LETTER_CLASS})[ከበየለ])?)"
_RANGE = rf"{_OF}(?<![\d.,/])(?P<a>{_NUMBER})(?:{SPAN}|~)(?P<b>{_NUMBER})(?![\d/-]|\.\d)"
_ORDINALS = rf"{_OF}(?<![\d.,/-])(?P<a>\d+)(?:ኛ ?[-–—] ?|{SPAN})(?P<b>\d+)ኛ"
# The codes of telephone services; the words are those of their announcements.
_SERVICE = r"(?<![\w*])\*\d{2,5}(?:\*\d{1,16}){0,9}#"
_STAR, _HASH = "ኮከብ", "መሰላል"
_MONTH_BEFORE = re.compile(
    "(?:^| )ከ(?:መስከረም|ጥቅምት|[ህኅሕ]ዳር|ታ[ህኅሕ][ሳሣ][ስሥ]|ጥር|የካቲት|መጋቢት|ሚያ[ዝዚ]ያ|ግንቦት|ሰኔ|[ሐሀ]ምሌ|ነ[ሐሀሃ]ሴ"
    "|ጃንዋሪ|ፌብሩዋሪ|ማርች|[ኤአ]ፕሪል|ሜይ|ጁን|ጁላይ|ኦገስት|ሴፕቴምበር|ኦክቶበር|ኖቬምበር|ዲሴምበር) $"
)
_RESULT = "(?: (?:በሆነ|ውጤት|አቻ|አሸን|አሸነ|ተሸን|ተሸነ|እየመራ|መርቶ|መራ|ረታ|ረቶ|ድል|ተለያ|ጎል|ግብ))"
_ROMAN = re.compile(
    r"(?:(?<![\w.])(?=[IVX]{2})(?:X{1,2}(?:IX|IV|V?I{0,3})|IX|IV|VI{1,3}|I{2,3})"
    r"|(?:(?<=ክፍል )|(?<=ምዕራፍ )|(?<=ቅጽ ))[IVX])(?![\w]|\.\w)"
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}


class Figures:
    """Reads plain figures with the words of one frontend.

    Parameters
    ----------
    numbers : NumberWords
        Numbers in words.
    context : Mapping[str, str]
        ``calendar.CONTEXT``, unless a voice learnt another.
    """

    def __init__(self, numbers: NumberWords, context: Mapping[str, str]) -> None:
        self._numbers = numbers
        self._context = context

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of figures."""
        return (*self._preparing(), *self._joining(), *self._reading())

    def _preparing(self) -> tuple[Rule, ...]:
        """Rules that bring figures into one form."""
        return (
            Rule(
                "ethiopic-numeral",
                "Ethiopic numerals are numbers; numerals that make no single number are read as several",
                "W3C CSS Counter Styles 3, ethiopic-numeric; Unicode 15, section 19.1",
                ("፲፱፻፺ ዓ.ም", "አሥራ ዘጠኝ መቶ ዘጠና ዓመተ ምሕረት"),
                (rewrite(f"[{ETHIOPIC_DIGITS}]+", _read_ethiopic),),
                (frozenset(ETHIOPIC_DIGITS),),
            ),
            Rule(
                "roman-numeral",
                "Roman numerals of two letters and more, or behind ክፍል, ምዕራፍ, ቅጽ, as numbers",
                "Convention; doubtful behind a ruler's name, where an ordinal is said",
                ("ምዕራፍ VII", "ምዕራፍ ሰባት"),
                (rewrite(_ROMAN, _read_roman),),
                (frozenset("IVX"),),
            ),
            Rule(
                "word-after",
                "A word written on to a number stands apart from it; a suffix does not",
                "News corpus: 1922ዓመት, በ4ኪሎ, but 3ቱ, 90ዎቹ",
                ("በ4ኪሎ", "በአራት ኪሎ"),
                (
                    rewrite(rf"(?<=[\d%{''.join(VULGAR)}])(?={LETTER_CLASS})", _set_apart),
                    rewrite(r"(?<=\d)(?:st|nd|rd|th)(?![A-Za-z])", lambda _: "ኛ"),
                    insert(r"(?<=[A-Za-z])(?<!\d[xX])(?=\d)", " "),
                ),
                (DIGITS | frozenset(VULGAR),),
            ),
            Rule(
                "thousand",
                "ሺ behind a number is ሺህ",
                "One spelling of 1,000; both are frequent in the news corpus",
                ("10 ሺ", "አሥር ሺህ"),
                (insert(rf"(?<=\d) ሺ(?!{LETTER_CLASS})", " ሺህ"),),
                (DIGITS, frozenset("ሺ")),
            ),
            Rule(
                "thousands",
                "Separators of thousands: commas, or full stops where they can be nothing else",
                "News corpus: 1,250,000 and 600.000.000",
                ("1,250,000 ሰዎች", "አንድ ሚሊዮን ሁለት መቶ ሃምሳ ሺህ ሰዎች"),
                (
                    rewrite(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])", self._thousands),
                    rewrite(r"(?<![\d,.])[1-9]\d{0,2}(?:(?:\.\d{3}){2,}|\.000)(?!\d|[.,]\d)", self._thousands),
                ),
                (DIGITS, frozenset(",.")),
            ),
            Rule(
                "number-sign",
                "ቁ. and No. before a number are ቁጥር",
                "News corpus; usage",
                ("ቁ.5", "ቁጥር አምስት"),
                (rewrite(rf"(?<!{LETTER_CLASS})(?P<prefix>[በየለከ]?)(?:ቁ[./]|No\.) ?(?=\d)", self._number_sign),),
                (DIGITS, frozenset("ቁN")),
            ),
            Rule(
                "telephone",
                "Telephone numbers and other numbers in groups, digit by digit",
                "Convention; ITU-T E.123 for the plus sign",
                ("0911 23 45 67", "ዜሮ ዘጠኝ አንድ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት"),
                (
                    rewrite(_SERVICE, self._service),
                    rewrite(_TELEPHONE, self._telephone),
                    rewrite(_DIALLED, self._dialled),
                ),
                (DIGITS, frozenset("+- ስፋሞ*(")),
            ),
        )

    def _joining(self) -> tuple[Rule, ...]:
        """Rules of two or more numbers that belong together."""
        point = f"{TIE}{self._numbers.words['point']}{TIE}"
        return (
            Rule(
                "thousand-and",
                "Thousands and the rest, written on to each other",
                "News corpus: 1ሺ66",
                ("1ሺ66", "አንድ ሺህ ስልሳ ስድስት"),
                (rewrite(r"(?<![\d.,])(\d{1,3}) ?ሺህ? ?(\d{1,3})(?![\d.,])", self._thousand_and),),
                (DIGITS, frozenset("ሺ")),
            ),
            Rule(
                "year-pair",
                "A year and the short form of the next",
                "News corpus: 1990/91",
                ("1990/91", "አሥራ ዘጠኝ መቶ ዘጠና ዘጠና አንድ"),
                (rewrite(r"(?<![\d/.-])(?P<a>(?:19|20)\d\d)/(?P<b>\d\d)(?![\d/]|\.\d)", self._year_pair),),
                (DIGITS, frozenset("/")),
            ),
            Rule(
                "score",
                "The result of a match",
                "News corpus: 3-0 በሆነ ውጤት, 6ለ1",
                ("2-1 አሸነፈ", "ሁለት ለአንድ አሸነፈ"),
                (
                    rewrite(r"(?<!\d)(?P<a>\d{1,2}) ?ለ ?(?P<b>\d{1,2})(?!\d|\.\d)", self._score),
                    rewrite(rf"(?<![\d.,/-])(?P<a>\d{{1,2}}){SPAN}(?P<b>\d{{1,2}})(?={_RESULT})", self._score),
                ),
                (DIGITS, frozenset("ለ-–—")),
            ),
            Rule(
                "range",
                "Two numbers with a dash: from the one to the other; the larger one first is a score",
                "Leslau 1995, ከ … እስከ; news corpus",
                ("5-10", "ከአምስት እስከ አሥር"),
                (rewrite(_ORDINALS, self._ordinals), rewrite(_RANGE, self._range)),
                (DIGITS, frozenset("-–—~")),
            ),
            Rule(
                "section",
                "Numbers of sections and versions: 1.2.3",
                "Convention",
                ("1.2.3", "አንድ ነጥብ ሁለት ነጥብ ሦስት"),
                (
                    rewrite(
                        r"(?<![\d.])\d+(?:\.\d+){2,}(?!\d|\.\d)",
                        lambda match: point.join(map(self._numbers.number, match.group().split("."))),
                    ),
                ),
                (DIGITS, frozenset(".")),
            ),
            Rule(
                "decimal",
                "A decimal number, its fraction digit by digit",
                "Leslau 1995; convention of schools",
                ("3.14", "ሦስት ነጥብ አንድ አራት"),
                (
                    rewrite(r"(?<![\d.])(?P<a>\d+)\.(?P<b>\d+)", lambda m: self._numbers.decimal(m["a"], m["b"])),
                    rewrite(r"(?:(?<=^)|(?<=[ (]))\.(?P<b>\d+)(?![\d.])", lambda m: self._numbers.decimal("0", m["b"])),
                ),
                (DIGITS, frozenset(".")),
            ),
            Rule(
                "arithmetic",
                "Signs between numbers: plus, times, divided by, and minus where a result follows",
                "Convention of schools; times of dimensions: በ",
                ("5x6", "አምስት በስድስት"),
                (
                    rewrite(r"(?<=\d) ?[-−] ?(?=\d+ ?=)", lambda _: f" {self._context['minus']} "),
                    rewrite(
                        r"(?<=\d)(?P<unit> ?[cmk]?m) ?[x×] ?(?=\d)", lambda m: f"{m['unit']} {self._context['times']}"
                    ),
                    rewrite(r"(?<=\d)[xX×*](?=\d)|(?<=\d) [xX×*] (?=\d)", lambda _: f" {self._context['times']}"),
                    rewrite(r"(?<=\d) ?÷ ?(?=\d)", lambda _: f" {self._context['divided']} ለ"),
                    rewrite(r"(?<=\d) ?\+ ?(?=\d)", lambda _: f" {self._context['plus']} "),
                ),
                (DIGITS, frozenset("xX×*+÷-−")),
            ),
            Rule(
                "number-pair",
                "Two numbers with a slash that are neither share nor date, one after the other",
                "News corpus: አዋጅ ቁጥር 285/94",
                ("አዋጅ ቁጥር 285/94", "አዋጅ ቁጥር ሁለት መቶ ሰማንያ አምስት ዘጠና አራት"),
                (insert(r"(?<=\d)/(?=\d)", " "),),
                (DIGITS, frozenset("/")),
            ),
        )

    def _reading(self) -> tuple[Rule, ...]:
        """Rules of the numbers that are left."""
        return (
            Rule(
                "year",
                "1100-1999 where the words beside it make it a year, in hundreds",
                "Leslau 1995, years; the words beside years in the news corpus",
                ("በ1985 ተወለደ", "በአሥራ ዘጠኝ መቶ ሰማንያ አምስት ተወለደ"),
                (rewrite(_YEAR, self._year),),
                (DIGITS,),
            ),
            Rule(
                "number",
                "Any other number, with the prefixes and suffixes written on to it",
                "Leslau 1995, cardinals and ordinals; a leading zero or more than 12 digits: digit by digit",
                ("የ3ኛው", "የሦስተኛው"),
                (rewrite(rf"\d+(?P<after> ?ተ?ኛ(?!{LETTER_CLASS})|{LETTER_CLASS}*)", self._plain),),
                (DIGITS,),
            ),
        )

    def _thousands(self, match: re.Match[str]) -> str:
        digits = re.sub("[,.]", "", match.group())
        # Separators say that it is a quantity, however long; without them a long run is an identifier.
        quantity = 12 < len(digits) <= len(str(LARGEST)) and digits[0] != "0"
        return self._numbers.cardinal(int(digits)) if quantity else digits

    def _number_sign(self, match: re.Match[str]) -> str:
        return f"{match['prefix']}{self._context['number']} "

    def _telephone(self, match: re.Match[str]) -> str:
        plus = f"{self._context['telephone-plus']}{TIE}" if match.group().startswith("+") else ""
        return plus + " ".join(self._numbers.digits(group) for group in re.findall(r"\d+", match.group()))

    def _dialled(self, match: re.Match[str]) -> str:
        start = match.start("dialled") - match.start()
        return match.group()[:start] + self._numbers.digits(match["dialled"])

    def _service(self, match: re.Match[str]) -> str:
        groups = f" {_STAR} ".join(map(self._numbers.digits, match.group()[1:-1].split("*")))
        return f"{_STAR} {groups} {_HASH}"

    def _ordinals(self, match: re.Match[str]) -> str:
        """Return two ordinals with a dash: 1ኛ-8ኛ and 1-8ኛ ከአንደኛ እስከ ስምንተኛ."""
        first, second = (make_ordinal(self._numbers.number(match[name])) for name in "ab")
        if int(match["a"]) >= int(match["b"]):
            return f"{match['prefix']}{first} {second}"
        return f"{match['prefix'] or 'ከ'}{first}{TIE}{self._context['to']}{TIE}{second}"

    def _thousand_and(self, match: re.Match[str]) -> str:
        return self._numbers.cardinal(int(match[1]) * 1000 + int(match[2]))

    def _year_pair(self, match: re.Match[str]) -> str:
        return f"{self._numbers.spell_year(match['a'])} {self._numbers.number(match['b'])}"

    def _score(self, match: re.Match[str]) -> str:
        return f"{self._numbers.number(match['a'])}{TIE}ለ{self._numbers.number(match['b'])}"

    def _range(self, match: re.Match[str]) -> str:
        a, b = match["a"], match["b"]
        if any(len(number) > 1 and number[0] == "0" and number[1] != "." for number in (a, b)):
            return f"{match['prefix']}{self._amount(a)} {self._amount(b)}"
        whole = "." not in a + b
        short = whole and len(a) == 4 and len(b) == 2 and int(a) % 100 < int(b)  # 1990-91: the short end of a year
        years = whole and len(a) == 4 and len(b) in (2, 4) and int(a) < 2100
        first, second = (self._numbers.spell_year(n) if years else self._amount(n) for n in (a, b))
        if short or float(a) < float(b):
            month = _MONTH_BEFORE.search(match.string[max(0, match.start() - 12) : match.start()])
            return f"{'' if month else match['prefix'] or 'ከ'}{first}{TIE}{self._context['to']}{TIE}{second}"
        if " " in match.group():
            return f"{match['prefix']}{first}፣ {second}"
        if len(a) <= 2 and len(b) <= 2:
            return f"{match['prefix']}{first}{TIE}ለ{second}"
        return f"{match['prefix']}{first} {second}"

    def _amount(self, number: str) -> str:
        whole, _, part = number.partition(".")
        return self._numbers.decimal(whole, part) if part else self._numbers.number(whole)

    def _year(self, match: re.Match[str]) -> str:
        return match["head"] + attach(self._numbers.year(int(match["year"])), match["suffix"] or "")

    def _plain(self, match: re.Match[str]) -> str:
        after = match["after"]
        words = self._numbers.number(match.group()[: len(match.group()) - len(after)])
        return _gap_before(match.string, match.start()) + attach(words, after.strip())


def _gap_before(text: str, place: int) -> str:
    """Return a space if a word that is no prefix ends here (ግንቦት20), and nothing else."""
    if place == 0 or text[place - 1] not in SYLLABLES:
        return ""
    begin = place
    while begin and place - begin <= _LONGEST_PREFIX and text[begin - 1] in SYLLABLES:
        begin -= 1
    return "" if text[begin:place] in PREFIXES else " "


def _read_ethiopic(match: re.Match[str]) -> str:
    numeral = match.group()
    numbers: list[str] = []
    begin = 0
    while begin < len(numeral):
        for end in range(min(len(numeral), begin + _LONGEST_NUMERAL), begin, -1):
            value = parse_ethiopic(numeral[begin:end])
            if value is not None:
                numbers.append(str(value))
                begin = end
                break
    return " ".join(numbers)


def _read_roman(match: re.Match[str]) -> str:
    values = [_ROMAN_VALUES[letter] for letter in match.group()]
    following = [*values[1:], 0]
    return str(sum(-value if value < after else value for value, after in zip(values, following, strict=True)))


def _set_apart(match: re.Match[str]) -> str | None:
    text, place = match.string, match.end()
    return " " if _APART.match(text, place) or not _JOINED.match(text, place) else None


def attach(words: str, suffix: str) -> str:
    """Put a suffix to a number.

    ኛ makes an ordinal; a suffix that repeats the last consonant replaces it (3ቱ ሦስቱ, 1ዱ አንዱ).

    >>> attach("ሦስት", "ቱ")
    'ሦስቱ'
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

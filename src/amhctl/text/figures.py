"""Figures that count nothing in particular: years, ordinals, sections, thousands, and plain numbers.

Knows neither dates nor units. Each rule sees what the earlier ones left; an expansion holds no digit, so no rule reads
it twice.
"""

import re
from collections.abc import Mapping

from amhctl.text.affixes import attach, gap_before
from amhctl.text.draft import TIE
from amhctl.text.numbers import LARGEST, NumberWords, parse_ethiopic
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, Rule, insert, rewrite
from amhctl.text.script import DIGITS as ETHIOPIC_DIGITS
from amhctl.text.script import LETTER_CLASS

_LONGEST_NUMERAL = 24
"""Letters of the longest numerals below `LARGEST`: five sections of four letters, and what parts them."""
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
    rf"|(?<=19\d\d)(?= ላይ)|(?<=1[89]\d[1-9])(?= (?:ምርጫ|በጀት|አብዮት|ኦሎምፒክ|የዓለም ዋንጫ|ሕገ|ህገ|ዓመተ|ክረምት))"
    rf"|(?<=(?:ዓመተ ምሕረት|ዓመተ\u00a0ምሕረት) 19\d\d){_NO_COUNT}"
    rf"|(?<=እስከ \d{{4}}){_NO_COUNT}|(?<=ቀን[ {TIE}]\d{{4}}){_NO_COUNT}|(?<=[በከ]\d{{4}} እና \d{{4}}){_NO_COUNT})"
)
_LATIN_MONTH_YEAR = (
    r"(?P<head>(?<![A-Za-z])(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?(?: \d{1,2})?,? )(?P<year>1[1-9]\d\d)(?![\d-])"
)
_LARGE_SPELLING = "(?<=\\d) ?(ሚ|ቢ|ትሪ)(?:ሊየን|ልየን|ልዮን|ሊዬን|ሊዮን)"
_LARGE_LETTER = "(?<=\\d) ?(ሚ|ቢ)\\.? ?(?=ብር|ዶላር)"
# K and M written on to a number. 4K and 8K are pictures, unless money or people are counted; 2K in ዋይ2K is a year.
_LATIN_SCALE = (
    r"(?<![A-Za-z\d.,-])(?P<number>\d+(?:\.\d+)?)(?P<scale>[KkM]|B(?= ?(?:ብር|ዶላር|\$|birr|USD|ETB|views)))(?![A-Za-z\d])"
)
_SPACED_THOUSANDS = r"(?<![\d.,/:-])(?<!\d )(?P<first>[1-9]\d{0,2})(?P<rest>(?: \d{3})+)(?!\d| \d|[.,/:-]\d|[A-Za-z])"
# Words after which two numbers are two numbers: names of what is numbered, and months.
_NUMBERED = Pattern(
    "(?:ቁጥር|ቁ|ገጽ|ገፅ|ወረዳ|ቀበሌ|አንቀጽ|አንቀፅ|ስልክ|ሞባይል|ዙር|ክፍል|ምዕራፍ|ቡድን|ቤት|መስከረም|ጥቅምት|[ህኅሕ]ዳር|ታ[ህኅሕ][ሳሣ][ስሥ]|ጥር|የካቲት|መጋቢት"
    "|ሚያ[ዝዚ]ያ|ግንቦት|ሰኔ|[ሐሀ]ምሌ|ነ[ሐሀሃ]ሴ|[A-Za-z]) ?$"
)
_COMMA = (
    r"(?<![\d,.])(\d{1,3})[,](\d{1,2})(?= ?(?:%|ሚሊ|ቢሊ|ትሪሊ|በመቶ|ፐርሰንት|ኪሎ|ሜትር|ሄክታር|ሊትር|ኩንታል|ዶላር|ዲግሪ|°|[kcm]?m\b|kg|GB|MB))"
    r"|(?<![\d:])(\d{1,4}):(\d\d)(?= ?(?:ብር|ዶላር|[Bb]irr|ETB))"
)
_ROMAN = Pattern(
    r"(?:(?<![\w.])(?=[IVX]{2})(?:X{1,2}(?:IX|IV|V?I{0,3})|IX|IV|VI{1,3}|I{2,3})"
    r"|(?:(?<=ክፍል )|(?<=ምዕራፍ )|(?<=ቅጽ ))[IVX])(?![\w]|\.\w)"
)
_LENGTHS = "[dcmk]?m|ft|ሜ|ሴ\\.?ሜ|ሜትር|(?:ሴንቲ|ሳንቲ|ኪሎ|ሚሊ)[ \u00a0]?ሜትር"
_TIMES_OVER = "ጊዜ"
"""Said behind how often something is said or sung: (2x)."""
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
                "Ethiopic numerals become numbers; numerals that are not one number are read as several",
                "W3C CSS Counter Styles 3, ethiopic-numeric; Unicode 15, section 19.1",
                ("፲፱፻፺ ዓ.ም", "አሥራ ዘጠኝ መቶ ዘጠና ዓመተ ምሕረት"),
                (rewrite(f"[{ETHIOPIC_DIGITS}]+", _read_ethiopic),),
                (frozenset(ETHIOPIC_DIGITS),),
            ),
            Rule(
                "roman-numeral",
                "Roman numerals of two letters or more, or after ክፍል, ምዕራፍ, ቅጽ, become numbers",
                "Convention; doubtful after a ruler's name, where an ordinal is spoken",
                ("ምዕራፍ VII", "ምዕራፍ ሰባት"),
                (rewrite(_ROMAN, _read_roman),),
                (frozenset("IVX"),),
            ),
            Rule(
                "thousand",
                "ሺ, K and M after a number, and other spellings of million and billion",
                "One spelling of each; all are frequent in the news corpus or in social media",
                ("10 ሺ", "አሥር ሺህ"),
                (
                    insert(rf"(?<=\d) ሺ(?!{LETTER_CLASS})", " ሺህ"),
                    rewrite(_LARGE_SPELLING, lambda match: f" {match[1]}ሊዮን"),
                    rewrite(_LARGE_LETTER, lambda match: f" {'ሚሊዮን' if match[1] == 'ሚ' else 'ቢሊዮን'} "),
                    rewrite(_LATIN_SCALE, self._latin_scale),
                ),
                (DIGITS, frozenset("ሺሚቢትKkMB")),
            ),
            Rule(
                "thousands",
                "Thousands separators: commas, or unambiguous full stops and spaces; a comma as decimal point",
                "News corpus: 1,250,000 and 600.000.000",
                ("1,250,000 ሰዎች", "አንድ ሚሊዮን ሁለት መቶ ሃምሳ ሺህ ሰዎች"),
                (
                    rewrite(_SPACED_THOUSANDS, self._spaced_thousands),
                    rewrite(_COMMA, lambda match: re.sub("[,:]", ".", match.group())),
                    rewrite(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])", self._thousands),
                    rewrite(r"(?<![\d,.])[1-9]\d{0,2}(?:(?:\.\d{3}){2,}|\.000)(?!\d|[.,]\d)", self._thousands),
                ),
                (DIGITS, frozenset(",. :")),
            ),
            Rule(
                "number-sign",
                "ቁ. and No. before a number become ቁጥር",
                "News corpus; usage",
                ("ቁ.5", "ቁጥር አምስት"),
                (
                    rewrite(
                        rf"(?<!{LETTER_CLASS})(?P<prefix>[በየለከ]?)(?:ቁ[./] ?|(?<![A-Za-z])(?:No|NO|no|Nr)\.? ?)(?=\d)",
                        self._number_sign,
                    ),
                ),
                (DIGITS, frozenset("ቁNn")),
            ),
        )

    def _joining(self) -> tuple[Rule, ...]:
        """Rules of two or more numbers that belong together."""
        point = f"{TIE}{self._numbers.words['point']}{TIE}"
        return (
            Rule(
                "thousand-and",
                "Thousands and the rest, written as one word",
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
            self._arithmetic_rule(),
            Rule(
                "number-pair",
                "Two numbers with a slash that are neither fraction nor date, one after the other",
                "News corpus: አዋጅ ቁጥር 285/94",
                ("አዋጅ ቁጥር 285/94", "አዋጅ ቁጥር ሁለት መቶ ሰማንያ አምስት ዘጠና አራት"),
                (insert(r"(?<=\d)/(?=\d)", " "),),
                (DIGITS, frozenset("/")),
            ),
        )

    def _arithmetic_rule(self) -> Rule:
        return Rule(
            "arithmetic",
            "Signs between numbers: plus, times, divided by, and minus if a result follows",
            "Convention of schools; times of dimensions: በ",
            ("5x6", "አምስት በስድስት"),
            (
                rewrite(r"(?<=\d) ?[-−] ?(?=\d+ ?=)", lambda _: f" {self._context['minus']} "),
                rewrite(
                    rf"(?<=\d)(?P<unit> ?(?:{_LENGTHS})) ?[xX×*] ?(?=\d)",
                    lambda m: f"{m['unit']} {self._context['times']}",
                ),
                rewrite(r"(?<=\d) ?[xX×*] ?(?=\d)", lambda _: f" {self._context['times']}"),
                rewrite(r"(?<=\()[xX×] ?(\d{1,3})(?=\))", lambda match: f"{match[1]} {_TIMES_OVER}"),
                rewrite(r"(?<![\w.])(\d{1,3}) ?[xX×](?![\w])", lambda match: f"{match[1]} {_TIMES_OVER}"),
                rewrite(r"(?<=\d) ?÷ ?(?=\d)", lambda _: f" {self._context['divided']} ለ"),
                rewrite(r"(?<=\d) ?\+ ?(?=\d)", lambda _: f" {self._context['plus']} "),
            ),
            (DIGITS, frozenset("xX×*+÷-−")),
        )

    def _reading(self) -> tuple[Rule, ...]:
        """Rules of the numbers that are left."""
        return (
            Rule(
                "year",
                "1100-1999, if the words beside it show that it is a year, in hundreds",
                "Leslau 1995, years; the words beside years in the news corpus",
                ("በ1985 ተወለደ", "በአሥራ ዘጠኝ መቶ ሰማንያ አምስት ተወለደ"),
                (
                    rewrite(_YEAR, self._year),
                    rewrite(_LATIN_MONTH_YEAR, lambda match: match["head"] + self._numbers.spell_year(match["year"])),
                ),
                (DIGITS,),
            ),
            Rule(
                "number",
                "Any other number, with its prefixes and suffixes",
                "Leslau 1995, cardinals and ordinals; a leading zero or more than 12 digits: digit by digit",
                ("የ3ኛው", "የሦስተኛው"),
                (rewrite(rf"\d+(?P<after> ?ተ?ኛ(?!{LETTER_CLASS})|{LETTER_CLASS}*)", self._plain),),
                (DIGITS,),
            ),
        )

    def _latin_scale(self, match: re.Match[str]) -> str | None:
        number, scale = match["number"], match["scale"].upper()
        text, begin, end = match.string, match.start(), match.end()
        if gap_before(text, begin) or text[:begin].endswith(("ዋይ ", "Y ")):
            return None
        if scale == "K" and number in ("4", "8") and not re.match(rf" ?(?:{_COUNTED}|ተከታ|እይታ|ላይክ|\$)", text[end:]):
            return None
        value = {"K": "1000", "M": "1000000", "B": "1000000000"}[scale]
        return f"{number} {self._numbers.words[value]}"

    def _spaced_thousands(self, match: re.Match[str]) -> str | None:
        groups = match["rest"].split()
        before = match.string[max(0, match.start() - 8) : match.start()]
        dialled = len(groups) > 1 and match["first"] in ("251", "911", "912", "913")
        # A single group that is not 000 may be a second number: 943 944.
        sure = groups[-1] == "000" or len(groups) > 1 or len(match["first"]) < 3
        if dialled or not sure or _NUMBERED.search(before):
            return None
        return ",".join((match["first"], *groups))

    def _thousands(self, match: re.Match[str]) -> str:
        digits = re.sub("[,.]", "", match.group())
        # Separators say that it is a quantity, however long; without them a long run is an identifier.
        quantity = 12 < len(digits) <= len(str(LARGEST)) and digits[0] != "0"
        return self._numbers.cardinal(int(digits)) if quantity else digits

    def _number_sign(self, match: re.Match[str]) -> str:
        return f"{match['prefix']}{self._context['number']} "

    def _thousand_and(self, match: re.Match[str]) -> str:
        return self._numbers.cardinal(int(match[1]) * 1000 + int(match[2]))

    def _year_pair(self, match: re.Match[str]) -> str:
        return f"{self._numbers.spell_year(match['a'])} {self._numbers.number(match['b'])}"

    def _year(self, match: re.Match[str]) -> str:
        return match["head"] + attach(self._numbers.year(int(match["year"])), match["suffix"] or "")

    def _plain(self, match: re.Match[str]) -> str:
        after = match["after"]
        words = self._numbers.number(match.group()[: len(match.group()) - len(after)])
        return gap_before(match.string, match.start()) + attach(words, after.strip())


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

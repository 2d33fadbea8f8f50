"""Two numbers with a dash or a colon between them: a span from the one to the other, or the result of a match.

What is next to them decides: words of a match or its teams on both sides make a result, ከ before them or what is
counted after them a span. Where nothing tells, the larger number first is a result, and so is a nought.
"""

import re
from collections.abc import Mapping

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords, make_ordinal
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, SPAN, Rule, rewrite
from amhctl.text.script import LETTER_CLASS, SYLLABLES

_NUMBER = r"\d+(?:\.\d+)?"
_OF = f"(?P<prefix>(?:(?<!{LETTER_CLASS})[ከበየለ])?)"
_RANGE = rf"{_OF}(?<![\d.,/])(?P<a>{_NUMBER})(?:{SPAN}|~)(?P<b>{_NUMBER})(?![\d/-]|\.\d)"
_ORDINALS = rf"{_OF}(?<![\d.,/-])(?P<a>\d+)(?:ኛ ?[-–—] ?|{SPAN})(?P<b>\d+)ኛ"
_MONTH = (
    "(?:መስከረም|ጥቅምት|[ህኅሕ]ዳር|ታ[ህኅሕ][ሳሣ][ስሥ]|ጥር|የካቲት|መጋቢት|ሚያ[ዝዚ]ያ|ግንቦት|ሰኔ|[ሐሀ]ምሌ|ነ[ሐሀሃ]ሴ|ጳጉሜን?"
    "|ጃንዋሪ|ፌብሩዋሪ|ማርች|[ኤአ]ፕሪል|ሜይ|ጁን|ጁላይ|ኦገስት|ሴፕቴምበር|ኦክቶበር|ኖቬምበር|ዲሴምበር)"
)
_MONTH_BEFORE = Pattern(f"(?:^| )ከ{_MONTH} $")
# A dash with a space on one side only: of a span where ከ or a month comes before, or the larger number after it.
_LOOSE = (
    rf"(?P<prefix>(?:(?<!{LETTER_CLASS})[ከበየለ])?)(?<![\d.,/:-])(?P<a>\d{{1,7}}(?:\.\d)?)(?: [-–—]|[-–—] )"
    r"(?=(?P<b>\d{1,7})(?![\d:/]))"
)
_LOOSE_MONTH = Pattern(f"{_MONTH} $")
_SCALE = "(?:ሺህ?|ሚሊዮን|ቢሊዮን)"
_COUNT = r"(?P<word>[ሀ-ፗ]{2,12})"
_COUNTED_SPAN = rf"{_OF}(?<![\d.,/-])(?P<a>\d+(?:\.\d+)?) {_COUNT} ?[-–—]"
_COUNTED_SPAN += rf"(?=\d+(?:\.\d+)? (?P=word)(?!{LETTER_CLASS}))"
_SCALED = (
    rf"{_OF}(?<![\d.,/-])(?P<a>\d+(?:\.\d+)?) (?P<scale>{_SCALE}) ?[-–—] ?(?=\d+(?:\.\d+)? ?{_SCALE}(?!{LETTER_CLASS}))"
)
_RESULT = (
    f"(?:[ {TIE}]?(?:በሆነ|ውጤት|አቻ|አሸን|አሸነ|ተሸን|ተሸነ|እየመራ|እየተመራ|መርቶ|መርታ|መራ|ረታ|ረቶ|ረትቶ|ረትቷ|ረቷል|ተረታ|ድል|ሽንፈት|ተለያ|ጎል"
    "|ግብ|ተጠናቀ|ተጠናቋ|ተጠናቅ|በመርታት|በማሸነፍ|በመሸነፍ|ጨዋታ|ለባዶ))"
)
_RESULT_BEFORE = Pattern(
    r"(?:ውጤት|ውጤቱ|ውጤቱም|ግምት|ግምቴ|ግምታችን|ጨዋታ|ጨዋታው|ጨዋታውን|ግጥሚያ|ግጥሚያው|እረፍት|አሸነፈ|አሸነፍን|FT|HT|Ft|Full ?[Tt]ime)[ :፡፣፦=-]*$"
)
# Words that end or begin the name of a team: towns and clubs of the Ethiopian leagues, clubs and countries in the news.
_TEAMS = (
    "ከተማ|ከነማ|ቡና|ጊዮርጊስ|መድን|ባንክ|ባንኮች|ኤሌክትሪክ|መብራት|ኃይል|ሃይል|ደደቢት|ኒያላ|ቢራ|ድቻ|ስኳር|ሲሚንቶ|ሙገር|ትራንስ|ምንጭ|አየር|ፖሊስ|መከላከያ"
    "|መቻል|ወልዋሎ|መቐለ|መቀለ|ፋሲል|ከነማ|ሲዳማ|ሀዋሳ|ሐዋሳ|አዋሳ|አዳማ|ወላይታ|ጅማ|ጅፋር|ሰበታ|ድሬዳዋ|ሀዲያ|ሐዲያ|ሆሳዕና|ወልቂጤ|ሰሁል|ስሑል|ሽረ|ሻሸመኔ|ሀምበሪቾ"
    "|ኢትዮጵያ|ንግድ|ቅዱስ|ባህር|ባሕር|ዳር|ሐረር|ሀረር|ወንጂ|አርባ|ለገጣፎ|ጌዴኦ|ዲላ|ደብረ|ብርሃን|ነገሌ|አርሲ|ሸገር|ነቀምት|ወልድያ|ወልዲያ"
    "|አባ|ኢትዮ|ማን|አርሰናል|አርሴናል|ቼልሲ|ቸልሲ|ሊቨርፑል|ሊቨርፖል|ማንቸስተር|ማንችስተር|ዩናይትድ|ሲቲ|ቶተንሃም|ቶተንሀም|ስፐርስ|ኤቨርተን|ኒውካስል|ዌስትሃም|ዌስትሀም|ሃም|አስቶን|ቪላ"
    "|ሌስተር|ሌስተርሲቲ|ዎልቭስ|ወልቭስ|ብራይተን|ፓላስ|በርንሌይ|ፉልሃም|ፉልሀም|ሊድስ|ሳውዝሃምፕተን|ሳውዛምፕተን|ኖቲንግሃም|ፎረስት|ብሬንትፎርድ|ቦርንማውዝ"
    "|ባርሴሎና|ባርሳ|ማድሪድ|ሪያል|ሪያልማድሪድ|አትሌቲኮ|ሴቪያ|ቫሌንሲያ|ቪያሪያል|ሶሲዬዳድ|ቢልባኦ|ቤቲስ|ባየርን|ሙኒክ|ዶርትሙንድ|ሌቨርኩዘን|ላይፕዚግ|ሻልከ"
    "|ጁቬንቱስ|ጁቬ|ሚላን|ኢንተር|ናፖሊ|ሮማ|ላዚዮ|አታላንታ|ፊዮረንቲና|ፒኤስጂ|ጀርሜን|ሊዮን|ማርሴ|ሞናኮ|ሊል|አያክስ|ፖርቶ|ቤንፊካ|ስፖርቲንግ|ሴልቲክ|ሬንጀርስ"
    "|አህሊ|ዛማሌክ|ማሜሎዲ|ሰንዳውንስ|ቺፍስ|ራጃ|ዋይዳድ|ሲምባ|ያንጋ|ማዜምቤ|ኤስፔራንስ"
    "|ኬንያ|ኡጋንዳ|ሱዳን|ግብፅ|ግብጽ|ኤርትራ|ሶማሊያ|ጅቡቲ|ታንዛኒያ|ሩዋንዳ|ብሩንዲ|ናይጄሪያ|ጋና|ካሜሩን|ሴኔጋል|ሞሮኮ|ቱኒዚያ|አልጄሪያ|ሊቢያ|አፍሪካ|ኮትዲቯር|ኮትዲቩዋር"
    "|ማሊ|ጊኒ|ቡርኪና|ፋሶ|ዛምቢያ|ዚምባብዌ|አንጎላ|ኮንጎ|ማላዊ|ኒጀር|ቶጎ|ቤኒን|ጋቦን|ሌሴቶ|ሌሶቶ|ቦትስዋና|ማዳጋስካር|ሞሪታኒያ|ሲሼልስ"
    "|ብራዚል|አርጀንቲና|አርጄንቲና|ጀርመን|ፈረንሳይ|እንግሊዝ|ስፔን|ጣሊያን|ጣልያን|ፖርቹጋል|ፖርቱጋል|ሆላንድ|ኔዘርላንድ|ኔዘርላንድስ|ቤልጂየም|ቤልጅየም|ክሮኤሺያ|ክሮሺያ"
    "|ኡራጓይ|ኮሎምቢያ|ቺሊ|ሜክሲኮ|አሜሪካ|ካናዳ|ጃፓን|ኮሪያ|አውስትራሊያ|ኢራን|ኳታር|ሳዑዲ|ሩሲያ|ዩክሬን|ፖላንድ|ስዊድን|ዴንማርክ|ስዊዘርላንድ|ኦስትሪያ|ዌልስ|ስኮትላንድ"
)
_TEAM_BEFORE = Pattern(f"(?:^|[^ሀ-ፗ])(?:{_TEAMS}|[A-Za-z]{{3,}}) ?$")
_TEAM_AFTER = Pattern(f" ?(?:(?:{_TEAMS})(?!{LETTER_CLASS})|[A-Z][A-Za-z]{{2,}})")
_LONGEST_TEAM = 14
# Behind a nought these make a span: 0-5 ዓመት.
_COUNTED_AFTER = Pattern(
    f"[ {TIE}]?(?:ዓመ|አመ|ወር|ወራ|ቀን|ቀና|ሰዓ|ሰአ|ሳምን|ሜትር|ኪሎ|ዲግሪ|በመቶ|ደቂቃ|ሰከን|ሴኮን|ነጥብ|ብር|ዶላር|ሺ|ሚሊ|ቢሊ|ክፍል|ዕድሜ|እድሜ|ሊትር|ግራም)"
)
# Behind a type's name two numbers are parts of it: ቦይንግ 737-800.
_TYPE_BEFORE = Pattern("(?:[A-Z][ -]?|[A-Za-z]-?|ቦይንግ |ኤርባስ |ማክስ |ብ|ሰሌዳ |ሰሌዳ ቁጥር |ታርጋ |ታርጋ ቁጥር |ኮድ |ኮድ ቁጥር )$")


class Contests:
    """Reads spans and results with the words of one frontend.

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
        """Return the rules of two numbers that belong together."""
        return (
            Rule(
                "loose-span",
                "A dash with a space on one side, or between two amounts with units, is the dash of a range",
                "News corpus: ከ60 -70, ሐምሌ 20 -21, ከ350 ሺህ -500 ሺህ",
                ("ከ1 -2 ዓመት", "ከአንድ እስከ ሁለት ዓመት"),
                (
                    rewrite(_SCALED, self._scaled),
                    rewrite(_COUNTED_SPAN, self._counted),
                    rewrite(_LOOSE, _tighten),
                ),
                (DIGITS, frozenset("-–—")),
            ),
            Rule(
                "score",
                "The result of a match",
                "News corpus: 3-0 በሆነ ውጤት, 6ለ1; 4:0 and 1:5000, where the second part is no minute",
                ("2-1 አሸነፈ", "ሁለት ለአንድ አሸነፈ"),
                (
                    rewrite(r"(?<!\d)(?P<a>\d{1,2}) ?ለ ?(?P<b>\d{1,2})(?!\d|\.\d)", self._score),
                    rewrite(rf"(?<![\d.,/-])(?P<a>\d{{1,2}}){SPAN}(?P<b>\d{{1,2}})(?={_RESULT})", self._score),
                    rewrite(
                        r"(?<![\d:.,/])(?:(?P<a>\d{1,3}) ?: ?(?P<b>\d)|(?P<one>1):(?P<many>\d{3,9}))"
                        r"(?![\d:/]|[.,-]\d)",
                        self._score,
                    ),
                    rewrite(rf"(?<![\d.,/-])(?P<a>\d{{1,2}}){SPAN}(?P<b>\d{{1,2}})(?![\d/%-]|[.,]\d)", self._result),
                ),
                (DIGITS, frozenset("ለ-–—:")),
            ),
            Rule(
                "range",
                "Two numbers with a dash: from the first to the second; if the first is larger, a score",
                "Leslau 1995, ከ … እስከ; news corpus",
                ("5-10", "ከአምስት እስከ አሥር"),
                (rewrite(_ORDINALS, self._ordinals), rewrite(_RANGE, self._range)),
                (DIGITS, frozenset("-–—~")),
            ),
        )

    def _scaled(self, match: re.Match[str]) -> str:
        return f"{match['prefix'] or 'ከ'}{match['a']} {match['scale']} {self._context['to']} "

    def _counted(self, match: re.Match[str]) -> str:
        return f"{match['prefix'] or 'ከ'}{match['a']} {match['word']} {self._context['to']} "

    def _score(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        first, second = (found.get("one") or match["a"], found.get("many") or match["b"])
        return f"{self._numbers.number(first)}{TIE}ለ{self._numbers.number(second)}"

    def _result(self, match: re.Match[str]) -> str | None:
        """Return the result of a match where the words beside two numbers say that they are one, or a nought does."""
        text, begin, end = match.string, match.start(), match.end()
        before = text[max(0, begin - _LONGEST_TEAM) : begin]
        after = text[end : end + _LONGEST_TEAM]
        if _RESULT_BEFORE.search(before) or (_TEAM_BEFORE.search(before) and _TEAM_AFTER.match(after)):
            return self._score(match)
        nought = "0" in (match["a"], match["b"])
        level = match["a"] == match["b"] and len(match["a"]) == 1
        if (nought or level) and before[-1:] not in ("ከ", "በ", "የ", "ለ") and not _COUNTED_AFTER.match(after):
            return self._score(match)
        return None

    def _ordinals(self, match: re.Match[str]) -> str:
        """Return two ordinals with a dash: 1ኛ-8ኛ and 1-8ኛ ከአንደኛ እስከ ስምንተኛ."""
        first, second = (make_ordinal(self._numbers.number(match[name])) for name in "ab")
        if int(match["a"]) >= int(match["b"]):
            return f"{match['prefix']}{first} {second}"
        return f"{match['prefix'] or 'ከ'}{first}{TIE}{self._context['to']}{TIE}{second}"

    def _range(self, match: re.Match[str]) -> str:
        a, b, prefix = match["a"], match["b"], match["prefix"]
        before = match.string[max(0, match.start() - 12) : match.start()]
        is_loose = " " in match.group()
        if _is_code(a, b) or (not is_loose and _TYPE_BEFORE.search(before)):
            return f"{prefix}{self._amount(a)} {self._amount(b)}"
        spell = self._numbers.spell_year if _are_years(a, b) else self._amount
        first, second = spell(a), spell(b)
        if _rises(a, b):
            start = "" if _MONTH_BEFORE.search(before) else prefix or "ከ"
            gap = " " if not prefix and before[-1:] in SYLLABLES else ""
            return f"{gap}{start}{first}{TIE}{self._context['to']}{TIE}{second}"
        if is_loose:
            return f"{prefix}{first}፣ {second}"
        if len(a) <= 2 and len(b) <= 2:
            return f"{prefix}{first}{TIE}ለ{second}"
        return f"{prefix}{first} {second}"

    def _amount(self, number: str) -> str:
        whole, _, part = number.partition(".")
        return self._numbers.decimal(whole, part) if part else self._numbers.number(whole)


def _is_code(a: str, b: str) -> bool:
    """Return whether nobody counts from one number to the other: 007-12, or 3-12345, which is the number of a plate."""
    if any(len(number) > 1 and number[0] == "0" and number[1] != "." for number in (a, b)):
        return True
    return len(a) <= 2 and len(b) >= 5 and "." not in a + b


def _are_years(a: str, b: str) -> bool:
    return "." not in a + b and len(a) == 4 and len(b) in (2, 4) and int(a) < 2100


def _rises(a: str, b: str) -> bool:
    """Return whether the second number is larger, also as the short end of a year: 1990-91."""
    if float(a) < float(b):
        return True
    return "." not in a + b and len(a) == 4 and len(b) == 2 and int(a) % 100 < int(b)


def _tighten(match: re.Match[str]) -> str | None:
    """Return the first number and a dash without its space, if the two are a span."""
    before = match.string[max(0, match.start() - 12) : match.start()]
    if float(match["a"]) >= float(match["b"]) or match["a"].startswith("0"):
        return None
    if len(match["b"]) > len(match["a"].partition(".")[0]) + 1:
        return None  # 10 -1990: a day and a year
    span = match["prefix"] or _LOOSE_MONTH.search(before) or " " in match.group()[-2:-1]
    return f"{match['prefix']}{match['a']}-" if span else None

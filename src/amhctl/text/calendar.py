"""Dates and clock times in words. Never converts a calendar or a clock: what is written is what is read.

The Ethiopian clock is six hours behind; months of a date in figures are Ethiopian unless the text or the options say
otherwise. A date or time that cannot be is read as plain numbers.
"""

import re
from collections.abc import Mapping
from typing import Literal

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, SPAN, Rule, any_of, rewrite
from amhctl.text.script import LETTER_CLASS
from amhctl.text.table import read_words

MONTHS: dict[str, str] = read_words("months")
"""``ethiopian-1`` to ``ethiopian-13`` and ``gregorian-1`` to ``gregorian-12``."""

MONTH_SPELLINGS: dict[str, str] = read_words("month_spellings")
"""Other spellings after which a number is a day and a number after that a year."""

CONTEXT: dict[str, str] = read_words("context")
"""Words that the rules put between numbers."""

Calendar = Literal["ethiopian", "gregorian"]

_DATE = (
    r"(?<![\d/.-])(?P<d>\d{1,2})(?:(?P<s>[/-])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})"
    r"|\.(?P<m2>\d{1,2})\.(?P<y2>\d{4}))(?![\d/-]|\.\d)"
)
_ISO_DATE = r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?![\d-])"
_TIMESTAMP = (
    r"(?<![A-Za-z\d-])(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"(?P<zone>Z|(?P<sign>[+−-])(?P<ahead>\d\d):?(?P<rest>\d\d)?)?(?![\w:])"
)
_SLASHED = r"(?<![\d/.-])(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\d/]|\.\d)"
# Counted in words that follow it, a number keeps no nought before it (08 ሰዓት); the number of a kebele does (ቀበሌ 05).
_NOUGHT = rf"(?<!\d)(?<![\d.,:/-])0(?=[1-9] ?(?:ቀን|ሰ[ዓአዐ]ት|ደቂቃ|ሰከንድ)(?!{LETTER_CLASS}{{2}}))"
_TIME = r"\d{1,2}:\d\d"
_END = rf"(?!{LETTER_CLASS})"
_HOUR_WORD = rf"(?: ?ሰ[ዓአዐ]ት{_END})?"
_BEFORE = 16
# ከጠዋቱ 2:00-4:00: the part of the day has the ከ already.
_FROM_HOUR = Pattern("(?:^| )ከ(?:ጠዋቱ|ጥዋቱ|ጧቱ|ቀኑ|ምሽቱ|ሌሊቱ|ለሊቱ|ረፋዱ|ሰዓት|ሰዓት በኋላ|ማለዳው|ንጋቱ) $")
# A part of the day, after which hour and minutes may have a full stop between them.
_PART_OF_DAY = "ከጠዋቱ|ከጥዋቱ|ከጧቱ|ከረፋዱ|ከቀኑ|ከምሽቱ|ከሌሊቱ|ከለሊቱ|ከማለዳው|ጠዋት|ጥዋት|ረፋድ|ምሽት|ማታ|ሌሊት|ለሊት"
_GREGORIAN = f"እንደ[ {TIE}](?:ኤሮ|አውሮ|ፈረን)"
_GREGORIAN_AFTER = Pattern(f"[ {TIE}]*(?:{_GREGORIAN}|G\\.?C(?![A-Za-z]))")
_GREGORIAN_BEFORE = Pattern(rf"(?:ኤሮፓውያን|አውሮፓውያን|ፈረንጆች)[ {TIE}]አቆጣጠር[ {TIE}]+[በከየለ]?$")
_ETHIOPIAN_AFTER = Pattern(f"[ {TIE}]*(?:ዓመተ|አመተ|እንደ[ {TIE}]ኢትዮ|E\\.?C(?![A-Za-z]))")


class CalendarWords:
    """Reads dates and times with the words of one frontend.

    Parameters
    ----------
    numbers : NumberWords
        Numbers in words.
    months, spellings, context : Mapping[str, str]
        `MONTHS`, `MONTH_SPELLINGS` and `CONTEXT`, unless a voice learnt others.
    calendar : Calendar
        Whose month names a date in figures takes where nothing beside it tells.
    """

    def __init__(
        self,
        numbers: NumberWords,
        months: Mapping[str, str],
        spellings: Mapping[str, str],
        context: Mapping[str, str],
        calendar: Calendar,
    ) -> None:
        self._numbers = numbers
        self._months = months
        self._context = context
        self._calendar = calendar
        self._month = f"(?:{any_of({*months.values(), *spellings})})"

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of dates and of the clock."""
        return self._date_rule(), self._timestamp_rule(), self._clock_rule()

    def _date_rule(self) -> Rule:
        month = self._month
        day = rf"(?<!{LETTER_CLASS})(?P<month>[በከየለ]?{month} ?)(?P<d>\d\d?)"
        return Rule(
            "date",
            "A numeric date, a month and a day with a year, or a month with a year",
            "Leslau 1995, the calendar; day before month: usage of the news corpus",
            ("18/3/1990", "ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና"),
            (
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?P<month>[በከየለ]?{month} ?)0(?=[1-9](?!\d))", lambda match: match["month"]
                ),
                rewrite(rf"(?<![\d.,:/-])0(?=[1-9] {month}(?!{LETTER_CLASS}))", lambda _: ""),
                rewrite(_NOUGHT, lambda _: ""),
                rewrite(_DATE, self._date),
                rewrite(_ISO_DATE, self._iso_date),
                rewrite(_SLASHED, self._date),
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?P<month>[በከየለ]?{month} ?)(?P<d>\d\d?){SPAN}(?P<last>\d\d?)"
                    r"/(?P<y>\d{4}|\d\d)(?![\d/]|\.\d)",
                    self._month_days,
                ),
                rewrite(rf"{day}(?P<s>/| ?ቀን[ /]?|[,፣:]? ?| ?[-–] ?)(?P<y>\d{{4}})(?!\d)", self._month_day),
                rewrite(rf"{day}(?P<s>/)(?P<y>\d\d)(?![\d/]|\.\d)", self._month_day),
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?P<month>[በከየለ]?{month} ?(?:ወር )?[በየከ]?)(?P<y>1[1-9]\d\d)(?!\d)",
                    self._month_year,
                ),
            ),
            (DIGITS,),
        )

    def _timestamp_rule(self) -> Rule:
        return Rule(
            "timestamp",
            "An ISO 8601 date and time: the date is Gregorian; Z and an offset are read as UTC",
            "ISO 8601-1:2019; RFC 3339",
            ("2026-11-21T14:05:00Z", "ኖቬምበር ሃያ አንድ ቀን ሁለት ሺህ ሃያ ስድስት አሥራ አራት ሰዓት ከአምስት ደቂቃ ዩ ቲ ሲ"),
            (rewrite(_TIMESTAMP, self._timestamp),),
            (DIGITS, frozenset("T")),
        )

    def _clock_rule(self) -> Rule:
        return Rule(
            "clock",
            "A time of day on the Ethiopian clock, or two with a dash between them",
            "Leslau 1995, telling time; the separators of the news corpus",
            ("2:45 ላይ", "ሩብ ጉዳይ ለሦስት ላይ"),
            (
                rewrite(
                    rf"(?<![\d:.])(?P<prefix>ከ?)(?P<a>{_TIME}){_HOUR_WORD} ?[-–—] ?(?P<b>{_TIME})(?![\d:]){_HOUR_WORD}",
                    self._clock_range,
                ),
                rewrite(
                    r"(?<![\d:.])(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<sec>[0-5]\d)\.(?P<part>\d{1,3})(?![\d:])"
                    rf"(?:[ ]?ሰ[ዓአዐ]ት{_END})?",
                    self._timing,
                ),
                rewrite(
                    rf"(?<![\d:.])(?P<h>\d{{1,2}}):(?P<m>\d\d)(?::(?P<sec>\d\d))?(?![\d:])"
                    rf"(?: ?ደቂቃ{_END}|{_HOUR_WORD})",
                    self._clock,
                ),
                rewrite(
                    rf"(?<![\d.])(?P<h>\d\d?)\.(?P<m>[0-5]\d)(?P<sec>(?!))? ?ሰ[ዓአዐ]ት{_END}",
                    self._clock,
                ),
                rewrite(
                    rf"(?<!{LETTER_CLASS})(?P<part>(?:{_PART_OF_DAY}) )(?P<h>\d\d?)\.(?P<m>[0-5]\d)(?P<sec>(?!))?"
                    r"(?![\d.%]| ?(?:በመቶ|ሚሊ|ቢሊ|ሺ|ዲግሪ|°|ብር|ኪሎ|ሜትር))",
                    self._part_of_day,
                ),
            ),
            (DIGITS, frozenset(":.")),
        )

    def read_date(self, day: int, month: int, year: str, calendar: Calendar) -> str | None:
        """Return a date in words, or None if there is no such day."""
        longest = 31 if calendar == "gregorian" else (6 if month == 13 else 30)
        name = self._months.get(f"{calendar}-{month}")
        if name is None or not 1 <= day <= longest:
            return None
        return TIE.join((name, self._numbers.cardinal(day), self._context["day"], self._numbers.spell_year(year)))

    def read_clock(self, hour: int, minute: int, second: int | None) -> str | None:
        """Return a time in words, or None if it is no time.

        2:30 ሁለት ሰዓት ተኩል, 2:45 ሩብ ጉዳይ ለሦስት, 2:10 ሁለት ሰዓት ከአሥር ደቂቃ.
        """
        if hour > 24 or minute > 59 or (second is not None and second > 59):
            return None
        numbers, words = self._numbers, self._context
        spoken_hour = f"{numbers.cardinal(hour)}{TIE}{words['hour']}"
        minutes = f"ከ{numbers.cardinal(minute)}{TIE}{words['minute']}"
        if second is not None:
            return TIE.join((spoken_hour, minutes, f"ከ{numbers.cardinal(second)}", words["second"]))
        if minute == 0:
            return spoken_hour
        if minute == 30:
            return f"{spoken_hour}{TIE}{words['half-past']}"
        if minute == 15:
            return f"{spoken_hour}{TIE}ከ{words['quarter-past']}"
        if minute == 45 and 1 <= hour <= 12:
            return f"{words['quarter-to']} ለ{numbers.cardinal(hour % 12 + 1)}".replace(" ", TIE)
        return f"{spoken_hour}{TIE}{minutes}"

    def _date(self, match: re.Match[str]) -> str:
        parts = match.groupdict()
        day, month, year = (int(match["d"]), int(parts["m"] or parts["m2"]), parts["y"] or parts["y2"])
        words = self.read_date(day, month, year, self._calendar_of(match))
        return words or re.sub(r"[/.-]", " ", match.group())

    def _iso_date(self, match: re.Match[str]) -> str:
        """Return a date by ISO 8601, which is Gregorian unless an era beside it says otherwise."""
        ethiopian = _ETHIOPIAN_AFTER.match(match.string, match.end())
        words = None if ethiopian else self.read_date(int(match["d"]), int(match["m"]), match["y"], "gregorian")
        return words or self._date(match)

    def _calendar_of(self, match: re.Match[str]) -> Calendar:
        """Return whose months a date has: the era beside it says so, or else the options."""
        if _GREGORIAN_AFTER.match(match.string, match.end()):
            return "gregorian"
        if _ETHIOPIAN_AFTER.match(match.string, match.end()):
            return "ethiopian"
        before = match.string[max(0, match.start() - _BEFORE) : match.start()]
        return "gregorian" if _GREGORIAN_BEFORE.search(before) else self._calendar

    def _month_day(self, match: re.Match[str]) -> str:
        month = match["month"].rstrip()
        between = f"{TIE}{self._context['day']}{TIE}" if "ቀን" in match["s"] else TIE
        return f"{month} {self._numbers.number(match['d'])}{between}{self._numbers.spell_year(match['y'])}"

    def _month_days(self, match: re.Match[str]) -> str:
        """Return days from the one to the other (ከጥር 1-5/2017 ከጥር አንድ እስከ አምስት)."""
        days = TIE.join((self._numbers.number(match["d"]), self._context["to"], self._numbers.number(match["last"])))
        return f"{match['month'].rstrip()} {days} {self._numbers.spell_year(match['y'])}"

    def _timestamp(self, match: re.Match[str]) -> str | None:
        date = self.read_date(int(match["d"]), int(match["m"]), match["y"], "gregorian")
        time = self.read_clock(int(match["hour"]), int(match["minute"]), int(match["second"] or 0) or None)
        if date is None or time is None:
            return None
        if match["zone"] is None:
            return f"{date} {time}"
        ahead = self.read_clock(int(match["ahead"] or 0), int(match["rest"] or 0), None)
        if ahead is None:
            return None
        if not int(match["ahead"] or 0) + int(match["rest"] or 0):
            return f"{date} {time} UTC"
        sign = f"{self._context['telephone-plus']}{TIE}" if match["sign"] == "+" else self._numbers.minus
        return f"{date} {time} UTC {sign}{ahead}"

    def _month_year(self, match: re.Match[str]) -> str:
        return match["month"] + self._numbers.spell_year(match["y"])

    def _clock(self, match: re.Match[str]) -> str:
        second = int(match["sec"]) if match["sec"] else None
        words = self.read_clock(int(match["h"]), int(match["m"]), second)
        return words or re.sub("[:.]", " ", match.group())

    def _part_of_day(self, match: re.Match[str]) -> str:
        return match["part"] + self._clock(match)

    def _timing(self, match: re.Match[str]) -> str | None:
        """Return the time of a race: 14:11.15 in minutes and seconds; 2:04.55, of a marathon, in hours and minutes."""
        hour, minute, second, part = (match[name] for name in ("h", "m", "sec", "part"))
        numbers, words = self._numbers, self._context
        if hour is None and len(part) == 2 and (minute == "2" or "ማራቶን" in match.string):
            return self.read_clock(int(minute), int(second), int(part))
        if int(minute) > 59:
            return None
        said = [f"{numbers.cardinal(int(hour))}{TIE}{words['hour']}"] if hour else []
        said.append(f"{'ከ' if hour else ''}{numbers.cardinal(int(minute))}{TIE}{words['minute']}")
        said.append(f"ከ{numbers.decimal(str(int(second)), part)}{TIE}{words['second']}")
        return TIE.join(said)

    def _clock_range(self, match: re.Match[str]) -> str | None:
        written = (match[name].partition(":") for name in "ab")
        times = [self.read_clock(int(hour), int(minute), None) for hour, _, minute in written]
        if None in times:
            return None
        said = _FROM_HOUR.search(match.string[max(0, match.start() - _BEFORE) : match.start()]) is not None
        return f"{'' if said else 'ከ'}{times[0]}{TIE}{self._context['to']}{TIE}{times[1]}"

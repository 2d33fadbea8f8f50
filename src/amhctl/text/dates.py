"""Dates of the Ethiopian and the Gregorian calendar, each as the other. Knows no words.

Days are counted as ``datetime.date.toordinal`` does. Source: Reingold and Dershowitz, *Calendrical Calculations*, 4th
edition (2018), chapter 4: year 1 of the Ethiopian calendar (Amete Mihret) begins on 29 August 8 of the Julian calendar;
every fourth year, the one before a multiple of four, has a sixth day of Pagume.
"""

import re
from dataclasses import dataclass
from datetime import date

from amhctl.core.errors import TextError
from amhctl.text.calendar import CONTEXT, MONTHS, CalendarWords
from amhctl.text.draft import TIE
from amhctl.text.numbers import NUMERALS, NumberWords

_EPOCH = 2796
_LAST_YEAR = 9991
_WRITTEN = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/.](\d{1,2})[/.](\d{1,4})", re.ASCII)
_WORDS = CalendarWords(NumberWords(NUMERALS), MONTHS, {}, CONTEXT, "ethiopian")


@dataclass(frozen=True, slots=True, order=True)
class EthiopianDate:
    """A day of the Ethiopian calendar.

    Attributes
    ----------
    year : int
        From 1 to 9991, Amete Mihret.
    month : int
        From 1 (Meskerem) to 13 (Pagume).
    day : int
        From 1 to 30; of Pagume to 5, or to 6 in a leap year.
    """

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        """Refuse a day that does not exist.

        Raises
        ------
        TextError
            If it does not.
        """
        longest = 30 if self.month < 13 else 6 if is_leap(self.year) else 5
        if not (1 <= self.year <= _LAST_YEAR and 1 <= self.month <= 13 and 1 <= self.day <= longest):
            raise TextError("the Ethiopian calendar has no such day", subject=str(self))

    def __str__(self) -> str:
        """Return the date as ISO 8601 writes Gregorian ones: year-month-day."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


def is_leap(year: int) -> bool:
    """Return whether an Ethiopian year has 366 days."""
    return year % 4 == 3


def to_ethiopian(day: date) -> EthiopianDate:
    """Return a Gregorian date in the Ethiopian calendar.

    Raises
    ------
    TextError
        If it is before the first Ethiopian year.
    """
    count = day.toordinal() - _EPOCH
    if count < 0:
        raise TextError("the Ethiopian calendar begins on 27 August 8", subject=day.isoformat())
    year = (4 * count + 1463) // 1461
    month, rest = divmod(count - _days_before(year), 30)
    return EthiopianDate(year, month + 1, rest + 1)


def to_gregorian(day: EthiopianDate) -> date:
    """Return an Ethiopian date in the Gregorian calendar."""
    return date.fromordinal(_EPOCH + _days_before(day.year) + 30 * (day.month - 1) + day.day - 1)


def parse_gregorian(written: str) -> date:
    """Return the date that ``2026-11-21`` or ``21/11/2026`` writes.

    Raises
    ------
    TextError
        If it is no date.
    """
    year, month, day = _parse(written)
    try:
        return date(year, month, day)
    except ValueError:
        raise TextError("the Gregorian calendar has no such day", subject=written[:40]) from None


def parse_ethiopian(written: str) -> EthiopianDate:
    """Return the date that ``2019-03-12`` or ``12/3/2019`` writes.

    Raises
    ------
    TextError
        If it is no date.
    """
    return EthiopianDate(*_parse(written))


def spell_date(day: EthiopianDate | date) -> str:
    """Return a date in words, with the months of its calendar: ኅዳር አሥራ ሁለት ቀን ሁለት ሺህ አሥራ ዘጠኝ."""
    calendar = "ethiopian" if isinstance(day, EthiopianDate) else "gregorian"
    words = _WORDS.read_date(day.day, day.month, str(day.year), calendar)  # type: ignore[arg-type]
    return (words or str(day)).replace(TIE, " ")


def _days_before(year: int) -> int:
    """Return the days from the epoch to the first day of a year."""
    return 365 * (year - 1) + year // 4


def _parse(written: str) -> tuple[int, int, int]:
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        raise TextError(
            "not a date", subject=repr(written[:40]), hint="write year-month-day or day/month/year, in figures"
        )
    if match[1]:
        return int(match[1]), int(match[2]), int(match[3])
    return int(match[6]), int(match[5]), int(match[4])

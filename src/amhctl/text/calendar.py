"""Dates and clock times in words. Never converts a calendar or a clock: what is written is what is read."""

import re

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords

MONTHS: tuple[str, ...] = (
    "መስከረም", "ጥቅምት", "ኅዳር", "ታኅሣሥ", "ጥር", "የካቲት", "መጋቢት", "ሚያዝያ", "ግንቦት", "ሰኔ", "ሐምሌ", "ነሐሴ", "ጳጉሜን",
)  # fmt: skip
GREGORIAN_MONTHS: tuple[str, ...] = (
    "ጃንዋሪ", "ፌብሩዋሪ", "ማርች", "ኤፕሪል", "ሜይ", "ጁን", "ጁላይ", "ኦገስት", "ሴፕቴምበር", "ኦክቶበር", "ኖቬምበር", "ዲሴምበር",
)  # fmt: skip

MONTH_SPELLINGS: tuple[str, ...] = (
    *MONTHS, *GREGORIAN_MONTHS, "ህዳር", "ሕዳር", "ታህሳስ", "ታኅሳስ", "ታሕሳስ", "ሚያዚያ", "ሀምሌ", "ነሃሴ", "ጳጉሜ", "ሠኔ", "የካቲትና",
    "ጥርና",
)  # fmt: skip
"""Every spelling after which a number is a day and a number after that a year."""

HOUR, MINUTE, SECOND = "ሰዓት", "ደቂቃ", "ሰከንድ"


def read_date(day: int, month: int, year: str, numbers: NumberWords, *, gregorian: bool) -> str | None:
    """Return a date in words, or None if there is no such day: 18/3/1990 ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና."""
    names = GREGORIAN_MONTHS if gregorian else MONTHS
    longest = 31 if gregorian else (6 if month == 13 else 30)
    if not (1 <= month <= len(names) and 1 <= day <= longest):
        return None
    spoken_year = numbers.digits(year) if year.startswith("0") else numbers.year(int(year))
    return TIE.join((names[month - 1], numbers.cardinal(day), "ቀን", spoken_year))


def read_clock(hour: int, minute: int, second: int | None, numbers: NumberWords) -> str | None:
    """Return a time in words, or None if it is no time: 2:30 ሁለት ሰዓት ተኩል, 2:45 ሩብ ጉዳይ ለሦስት, 2:10 ሁለት ሰዓት ከአሥር ደቂቃ."""
    if hour > 24 or minute > 59 or (second is not None and second > 59):
        return None
    spoken_hour = f"{numbers.cardinal(hour)}{TIE}{HOUR}"
    if second is not None:
        return TIE.join((spoken_hour, "ከ" + numbers.cardinal(minute), MINUTE, "ከ" + numbers.cardinal(second), SECOND))
    if minute == 0:
        return spoken_hour
    if minute == 30:
        return f"{spoken_hour}{TIE}ተኩል"
    if minute == 15:
        return f"{spoken_hour}{TIE}ከሩብ"
    if minute == 45 and 1 <= hour <= 12:
        return f"ሩብ{TIE}ጉዳይ{TIE}ለ{numbers.cardinal(hour % 12 + 1)}"
    return TIE.join((spoken_hour, "ከ" + numbers.cardinal(minute), MINUTE))


MONTH_CLASS = "(?:" + "|".join(map(re.escape, sorted(set(MONTH_SPELLINGS), key=len, reverse=True))) + ")"

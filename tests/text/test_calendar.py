"""Twin of ``text/calendar.py``."""

import pytest

from amhctl.config.text import TextConfig
from amhctl.text.calendar import CONTEXT, MONTH_SPELLINGS, MONTHS, Calendar, CalendarWords
from amhctl.text.draft import TIE
from amhctl.text.frontend import Frontend
from amhctl.text.numbers import NUMERALS, NumberWords

WORDS = CalendarWords(NumberWords(NUMERALS), MONTHS, MONTH_SPELLINGS, CONTEXT, "ethiopian")


@pytest.mark.parametrize(
    ("hour", "minute", "second", "spoken"),
    [
        (3, 0, None, "ሦስት ሰዓት"),
        (2, 30, None, "ሁለት ሰዓት ተኩል"),
        (2, 15, None, "ሁለት ሰዓት ከሩብ"),
        (2, 45, None, "ሩብ ጉዳይ ለሦስት"),
        (12, 45, None, "ሩብ ጉዳይ ለአንድ"),
        (2, 10, None, "ሁለት ሰዓት ከአሥር ደቂቃ"),
        (2, 10, 5, "ሁለት ሰዓት ከአሥር ደቂቃ ከአምስት ሰከንድ"),
        (25, 0, None, None),
        (2, 60, None, None),
    ],
)
def test_clock(hour: int, minute: int, second: int | None, spoken: str | None) -> None:
    words = WORDS.read_clock(hour, minute, second)
    assert (words and words.replace(TIE, " ")) == spoken


@pytest.mark.parametrize(
    ("day", "month", "year", "calendar", "spoken"),
    [
        (18, 3, "1990", "ethiopian", "ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና"),
        (6, 13, "2009", "ethiopian", "ጳጉሜን ስድስት ቀን ሁለት ሺህ ዘጠኝ"),
        (31, 1, "2000", "gregorian", "ጃንዋሪ ሠላሳ አንድ ቀን ሁለት ሺህ"),
        (1, 2, "05", "ethiopian", "ጥቅምት አንድ ቀን ዜሮ አምስት"),
        (31, 1, "2000", "ethiopian", None),
        (7, 13, "2009", "ethiopian", None),
        (1, 13, "2009", "gregorian", None),
        (0, 1, "2009", "ethiopian", None),
    ],
)
def test_dates(day: int, month: int, year: str, calendar: Calendar, spoken: str | None) -> None:
    words = WORDS.read_date(day, month, year, calendar)
    assert (words and words.replace(TIE, " ")) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("3/2/2009", "ፌብሩዋሪ ሦስት ቀን ሁለት ሺህ ዘጠኝ"),
        ("31/1/2009", "ጃንዋሪ ሠላሳ አንድ ቀን ሁለት ሺህ ዘጠኝ"),
        ("3/2/2009 ዓ.ም", "ጥቅምት ሦስት ቀን ሁለት ሺህ ዘጠኝ ዓመተ ምሕረት"),
        ("3/13/2009", "ሦስት አሥራ ሦስት ሁለት ሺህ ዘጠኝ"),  # ጳጉሜን in the Ethiopian calendar
    ],
)
def test_the_option_of_months_holds_where_no_era_stands(written: str, spoken: str) -> None:
    assert Frontend(TextConfig.model_validate({"months": "gregorian"})).normalize(written).text == spoken
    assert Frontend().normalize(written).text != spoken or "ዓ.ም" in written

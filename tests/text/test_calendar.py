"""Twin of ``text/calendar.py``."""

import pytest

from amhctl.text.calendar import read_clock, read_date
from amhctl.text.draft import TIE
from amhctl.text.numbers import NUMERALS, NumberWords

WORDS = NumberWords(NUMERALS)


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
    words = read_clock(hour, minute, second, WORDS)
    assert (words and words.replace(TIE, " ")) == spoken


@pytest.mark.parametrize(
    ("day", "month", "year", "gregorian", "spoken"),
    [
        (18, 3, "1990", False, "ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና"),
        (6, 13, "2009", False, "ጳጉሜን ስድስት ቀን ሁለት ሺህ ዘጠኝ"),
        (31, 1, "2000", True, "ጃንዋሪ ሠላሳ አንድ ቀን ሁለት ሺህ"),
        (1, 2, "05", False, "ጥቅምት አንድ ቀን ዜሮ አምስት"),
        (31, 1, "2000", False, None),
        (7, 13, "2009", False, None),
        (1, 13, "2009", True, None),
        (0, 1, "2009", False, None),
    ],
)
def test_dates(day: int, month: int, year: str, gregorian: bool, spoken: str | None) -> None:
    words = read_date(day, month, year, WORDS, gregorian=gregorian)
    assert (words and words.replace(TIE, " ")) == spoken

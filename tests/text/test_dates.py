"""Days of both calendars."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.dates import (
    EthiopianDate,
    is_leap,
    parse_ethiopian,
    parse_gregorian,
    spell_date,
    to_ethiopian,
    to_gregorian,
)


@pytest.mark.parametrize(
    ("gregorian", "ethiopian"),
    [
        ("0008-08-27", "0001-01-01"),
        ("1936-05-05", "1928-08-27"),
        ("2007-09-12", "2000-01-01"),
        ("2008-02-29", "2000-06-21"),
        ("2023-09-11", "2015-13-06"),
        ("2023-09-12", "2016-01-01"),
        ("2024-09-11", "2017-01-01"),
        ("2026-11-21", "2019-03-12"),
    ],
)
def test_known_days(gregorian: str, ethiopian: str) -> None:
    assert str(to_ethiopian(parse_gregorian(gregorian))) == ethiopian
    assert to_gregorian(parse_ethiopian(ethiopian)).isoformat() == gregorian


@given(st.dates(min_value=date(8, 8, 27)))
def test_every_day_comes_back(day: date) -> None:
    assert to_gregorian(to_ethiopian(day)) == day


@given(st.integers(1, 9990), st.integers(1, 13), st.integers(1, 30))
def test_every_ethiopian_day_comes_back_and_the_next_one_follows(year: int, month: int, day: int) -> None:
    longest = 30 if month < 13 else 6 if is_leap(year) else 5
    if day > longest:
        with pytest.raises(TextError, match="no such day"):
            EthiopianDate(year, month, day)
        return
    ethiopian = EthiopianDate(year, month, day)
    assert to_ethiopian(to_gregorian(ethiopian)) == ethiopian
    assert parse_ethiopian(str(ethiopian)) == ethiopian
    if day < longest:
        following = EthiopianDate(year, month, day + 1)
    else:
        following = EthiopianDate(year, month + 1, 1) if month < 13 else EthiopianDate(year + 1, 1, 1)
    assert to_gregorian(following).toordinal() == to_gregorian(ethiopian).toordinal() + 1


@pytest.mark.parametrize(
    "written", ["", "2017", "2017-13-07", "0-1-1", "1/14/2017", "31/1/2017", "x", "1/1/20170", "٣/١/2017"]
)
def test_what_is_no_ethiopian_day_is_refused(written: str) -> None:
    with pytest.raises(TextError):
        parse_ethiopian(written)


@pytest.mark.parametrize("written", ["2023-02-29", "0000-01-01", "2023-13-01", "7-1-1x"])
def test_what_is_no_gregorian_day_is_refused(written: str) -> None:
    with pytest.raises(TextError):
        parse_gregorian(written)


def test_there_is_nothing_before_the_first_day() -> None:
    with pytest.raises(TextError, match="begins on"):
        to_ethiopian(date(8, 8, 26))


def test_dates_are_said_with_the_months_of_their_calendar() -> None:
    assert spell_date(EthiopianDate(2019, 3, 12)) == "ኅዳር አሥራ ሁለት ቀን ሁለት ሺህ አሥራ ዘጠኝ"
    assert spell_date(date(2026, 11, 21)).startswith("ኖቬምበር ሃያ አንድ ቀን")

"""Twin of ``text/figures.py``: a table of written | spoken | rule, through the whole frontend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend

FRONTEND = Frontend()
TABLE = """
2024 | ሁለት ሺህ ሃያ አራት | number
1,250,000 ብር | አንድ ሚሊዮን ሁለት መቶ ሃምሳ ሺህ ብር | thousands
1,000,000,000,000,000 | አንድ ኳድሪሊዮን | thousands
0911 | ዜሮ ዘጠኝ አንድ አንድ | identifier
3.14 | ሦስት ነጥብ አንድ አራት | decimal
1.2.3 | አንድ ነጥብ ሁለት ነጥብ ሦስት | section
-5 | ኔጌቲቭ አምስት | minus
በ2010 | በሁለት ሺህ አሥር | prefix
ግንቦት20 | ግንቦት ሃያ | word before
1ኛ | አንደኛ | ordinal
የ3ኛው | የሦስተኛው | ordinal
13ተኛ | አሥራ ሦስተኛ | ordinal
24 ኛ | ሃያ አራተኛ | ordinal
3ቱ | ሦስቱ | suffix
5ቱም | አምስቱም | suffix
22ን | ሃያ ሁለትን | suffix
90ዎቹ | ዘጠናዎቹ | suffix
በ4ኪሎ | በአራት ኪሎ | word after
100ሺ | መቶ ሺህ | thousand
ለ2ሺህ | ለሁለት ሺህ | thousand
1ሺ66 | አንድ ሺህ ስልሳ ስድስት | thousand-and
1990ዎቹ | አሥራ ዘጠኝ መቶ ዘጠናዎቹ | year
በ1985 ተወለደ | በአሥራ ዘጠኝ መቶ ሰማንያ አምስት ተወለደ | year
በ1500 ብር | በአንድ ሺህ አምስት መቶ ብር | not a year
1500 ሰዎች | አንድ ሺህ አምስት መቶ ሰዎች | not a year
1990/91 | አሥራ ዘጠኝ መቶ ዘጠና ዘጠና አንድ | year-pair
ኅዳር 18 ቀን 1990 | ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና | date
ሰኔ23/2009 | ሰኔ ሃያ ሦስት ሁለት ሺህ ዘጠኝ | date
ጥቅምት 1994 | ጥቅምት አሥራ ዘጠኝ መቶ ዘጠና አራት | date
18/3/1990 | ኅዳር አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና | date
1990-03-18 | ማርች አሥራ ስምንት ቀን አሥራ ዘጠኝ መቶ ዘጠና | date
35/13/1990 | ሠላሳ አምስት አሥራ ሦስት አንድ ሺህ ዘጠኝ መቶ ዘጠና | impossible date
14/2009 | አሥራ አራት ሁለት ሺህ ዘጠኝ | number-pair
3:00 | ሦስት ሰዓት | clock
2:30 ሰዓት ላይ | ሁለት ሰዓት ተኩል ላይ | clock
2.30 ሰዓት | ሁለት ሰዓት ተኩል | clock
27:80 | ሃያ ሰባት ሰማንያ | impossible time
25%ደረሰ | ሃያ አምስት በመቶ ደረሰ | word after
5-10ሰዓት | ከአምስት እስከ አሥር ሰዓት | word after
10ሺዎች | አሥር ሺዎች | word after
6ለ1 | ስድስት ለአንድ | score
2-1 | ሁለት ለአንድ | score
5-10 | ከአምስት እስከ አሥር | range
ከ5-10 | ከአምስት እስከ አሥር | range
በ5-10 | በአምስት እስከ አሥር | range
1999-2005 | ከአሥራ ዘጠኝ መቶ ዘጠና ዘጠኝ እስከ ሁለት ሺህ አምስት | range
1914-18 | ከአሥራ ዘጠኝ መቶ አሥራ አራት እስከ አሥራ ስምንት | range
5x6 | አምስት በስድስት | number-pair
1+2 | አንድ ሲደመር ሁለት | plus
+251 911 234567 | ፕላስ ሁለት አምስት አንድ ዘጠኝ አንድ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት | telephone
፲፱፻፺ | አንድ ሺህ ዘጠኝ መቶ ዘጠና | ethiopic-numeral
፩፪ | አንድ ሁለት | ethiopic-numeral
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_figures(row: str) -> None:
    written, spoken, _ = row.split(" | ")
    assert FRONTEND.normalize(written).text == spoken


@given(st.text("0123456789.,:/-+%$ ½ሺብኛበ፲፻x", max_size=16))
def test_no_digit_is_ever_left(written: str) -> None:
    try:
        spoken = FRONTEND.normalize(written).text
    except TextError:
        assert not any(letter.isnumeric() or letter in "%$ሺብኛበx" for letter in written)
        return
    assert not any(letter.isnumeric() for letter in spoken)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("10K ተከታዮች", "አሥር ሺህ ተከታዮች"),
        ("4K ቪዲዮ", "አራት ኬ ቪዲዮ"),
        ("4K ብር", "አራት ሺህ ብር"),
        ("ዋይ2K ችግር", "ዋይ ሁለት ኬ ችግር"),
        ("45 000 ዶላር", "አርባ አምስት ሺህ ዶላር"),
        ("በቁጥር 943 944", "በቁጥር ዘጠኝ መቶ አርባ ሦስት ዘጠኝ መቶ አርባ አራት"),
        ("ምዕራፍ 2,5", "ምዕራፍ ሁለት፣ አምስት"),
    ],
)
def test_a_letter_or_space_scales_a_number_only_where_it_can_be_nothing_else(written: str, spoken: str) -> None:
    assert FRONTEND.normalize(written).text == spoken


def test_what_is_counted_behind_an_era_is_no_year() -> None:
    assert FRONTEND.normalize("በ2000 ዓ.ም 1628 መድረሱን").text.endswith("አንድ ሺህ ስድስት መቶ ሃያ ስምንት መድረሱን")


def test_a_number_of_any_length_is_read() -> None:
    assert FRONTEND.normalize("9" * 400).text == " ".join(["ዘጠኝ"] * 400)
    long = ",".join(["123"] * 2000)
    assert FRONTEND.normalize(long).text == " ".join(["አንድ ሁለት ሦስት"] * 2000)

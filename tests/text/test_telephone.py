"""Twin of ``text/telephone.py``."""

import pytest

from amhctl.text.frontend import Frontend

FRONTEND = Frontend()
COUNTRY = "ሁለት አምስት አንድ"
REST = "ዘጠኝ አንድ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት"


@pytest.mark.parametrize("written", ["251911234567", "251 911 23 45 67", "251-911-234567", "251 911234567"])
def test_a_country_s_code_is_read_digit_by_digit(written: str) -> None:
    assert FRONTEND.normalize(written).text == f"{COUNTRY} {REST}"
    assert FRONTEND.normalize(f"+{written}").text == f"ፕላስ {COUNTRY} {REST}"


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("(+251) 911 234567", f"ፕላስ {COUNTRY} {REST}"),
        ("251 ሰዎች", "ሁለት መቶ ሃምሳ አንድ ሰዎች"),
        ("251,000,000", "ሁለት መቶ ሃምሳ አንድ ሚሊዮን"),
        ("የሂሳብ ቁጥር 100045", "የሂሳብ ቁጥር አንድ ዜሮ ዜሮ ዜሮ አራት አምስት"),
        ("የሂሳብ 12000 ብር", "የሂሳብ አሥራ ሁለት ሺህ ብር"),
        ("*847# ይደውሉ", "ኮከብ ስምንት አራት ሰባት መሰላል ይደውሉ"),
        ("*#06#", "ኮከብ መሰላል ዜሮ ስድስት መሰላል"),
    ],
)
def test_numbers_that_count_nothing(written: str, spoken: str) -> None:
    assert FRONTEND.normalize(written).text == spoken

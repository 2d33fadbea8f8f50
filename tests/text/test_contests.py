"""Twin of ``text/contests.py``: two numbers, a span or a result."""

import pytest

from amhctl.text.frontend import Frontend

FRONTEND = Frontend()
TABLE = """
5-10 | ከአምስት እስከ አሥር
2-1 | ሁለት ለአንድ
0-1 | ዜሮ ለአንድ
0 - 0 | ዜሮ ለዜሮ
0-5 ዓመት | ከዜሮ እስከ አምስት ዓመት
ከ0-5 | ከዜሮ እስከ አምስት
ወንጂ ስኳር 1 - 2 ኢትዮጵያ ባንኮች | ወንጂ ስኳር አንድ ለሁለት ኢትዮጵያ ባንኮች
ግምት፡ 1 – 2 | ግምት አንድ ለሁለት
አንቀጽ 5 - 3 ሰዎች | አንቀጽ አምስት፣ ሦስት ሰዎች
4:0 | አራት ለዜሮ
1:5000 | አንድ ለአምስት ሺህ
4:00 | አራት ሰዓት
ታህሳስ 24፡1990 | ታህሳስ ሃያ አራት አሥራ ዘጠኝ መቶ ዘጠና
ከ1 -2 ዓመት | ከአንድ እስከ ሁለት ዓመት
ከ3- 5 ቀን | ከሦስት እስከ አምስት ቀን
6- 15 ሰዎች | ስድስት አሥራ አምስት ሰዎች
ከነሐሴ 10 -1990 | ከነሐሴ አሥር አሥራ ዘጠኝ መቶ ዘጠና
ከ350 ሺህ -500 ሺህ | ከሦስት መቶ ሃምሳ ሺህ እስከ አምስት መቶ ሺህ
ሰሌዳ 3-12345 | ሰሌዳ ሦስት አሥራ ሁለት ሺህ ሦስት መቶ አርባ አምስት
ቦይንግ 737-800 | ቦይንግ ሰባት መቶ ሠላሳ ሰባት ስምንት መቶ
ከ1ኛ-8ኛ | ከአንደኛ እስከ ስምንተኛ
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_two_numbers(row: str) -> None:
    written, spoken = row.split(" | ")
    assert FRONTEND.normalize(written).text == spoken

"""Twin of ``text/scripture.py``."""

import pytest

from amhctl.text.frontend import Frontend
from amhctl.text.scripture import BOOKS

FRONTEND = Frontend()
TABLE = """
ማቴ 5፡3-12 | ማቴዎስ አምስት፣ ከሦስት እስከ አሥራ ሁለት
1ኛ ቆሮ. 13:4 | አንደኛ ቆሮንቶስ አሥራ ሦስት፣ አራት
የ2 ነገ 5:6 | የሁለተኛ ነገሥት አምስት፣ ስድስት
በዮሐ. 3፥16 | በዮሐንስ ሦስት፣ አሥራ ስድስት
በሐዋ 2:38 | በሐዋርያት ሥራ ሁለት፣ ሠላሳ ስምንት
መዝሙረ ዳዊት 144:9 | መዝሙረ ዳዊት መቶ አርባ አራት፣ ዘጠኝ
ማቴ 5:3፤ 6:9-13 | ማቴዎስ አምስት፣ ሦስት፤ ስድስት፣ ከዘጠኝ እስከ አሥራ ሦስት
ሉቃ 1:26, 38 | ሉቃስ አንድ፣ ሃያ ስድስት፣ ሠላሳ ስምንት
ዘፍ 1:31-2:3 | ዘፍጥረት አንድ፣ ሠላሳ አንድ እስከ ሁለት፣ ሦስት
ዮሐንስ ምዕራፍ 3:16 | ዮሐንስ ሦስት፣ አሥራ ስድስት
ኢሳ. 40 | ኢሳይያስ አርባ
ማር 5 ኪሎ | ማር አምስት ኪሎ
ዮሐንስ 3:16 ሰዓት | ዮሐንስ ሦስት ሰዓት ከአሥራ ስድስት ደቂቃ
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_references(row: str) -> None:
    written, spoken = row.split(" | ")
    assert FRONTEND.normalize(written).text == spoken


@pytest.mark.parametrize("book", sorted(BOOKS))
def test_every_book_and_short_form_is_found(book: str) -> None:
    read = FRONTEND.normalize(f"{book} 2:3")
    assert read.text == f"{BOOKS[book]} ሁለት፣ ሦስት"
    assert "scripture" in {entry.rule for entry in read.trace}

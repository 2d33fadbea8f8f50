"""Twin of ``text/normalize.py``: a table of written | spoken | rule, through the whole frontend."""

import pytest

from amhctl.text.frontend import Frontend
from amhctl.text.script import MARKS

TABLE = """
ሰላም፡ዓለም። | ሰላም ዓለም። | word space
ሰላም፡፡ ነው:: | ሰላም። ነው። | legacy full stop
እንዲህ:- አለ | እንዲህ፣ አለ | preface colon
እንዲህ፦አለ | እንዲህ፣ አለ | preface colon
ምን? እሺ! አዎ. | ምን፧ እሺ! አዎ። | Latin marks
ምን?! | ምን፧ | strongest mark
ሰላም ... ነው | ሰላም፣ ነው | ellipsis
«ሰላም» "ዓለም" | ሰላም ዓለም | quotes
እሱ (አበበ) መጣ | እሱ፣ አበበ፣ መጣ | brackets
ሥነ-ሥርዓት | ሥነ ሥርዓት | hyphen
አይደለም - አለ | አይደለም፣ አለ | dash
ኢሕአዴግ/ቅንጅት | ኢሕአዴግ ቅንጅት | slash
ነው.ሰላም | ነው። ሰላም | full stop without a space
ሰ\u200bላ\ufeffም | ሰላም | invisible
ሰላም😀ዓለም | ሰላም ዓለም | dropped
ገና\u135fና\u135d ለ\u135e | ገና\u135fና\u135f ለ | gemination marks
\u135fገና\u135f\u135f | ገና\u135f | stray gemination mark
ቐለ ⶀለ | ቀለ ሎለ | foreign syllables
①٣ Ⅳ | አሥራ ሦስት አራት | compatibility
የBBC ዘገባ | የቢ ቢ ሲ ዘገባ | Latin
ABC8 እና 3G | ኤ ቢ ሲ ስምንት እና ሦስት ጂ | Latin
a@b.com | ኤ አት ቢ ነጥብ ኮም | address
ሀ & ለ #1 | ሀ እና ለ ቁጥር አንድ | symbols
1+1=2 | አንድ ሲደመር አንድ እኩል ይሆናል ሁለት | symbols
በ2010 ዓ.ም. | በሁለት ሺህ አሥር ዓመተ ምሕረት | order
እ.ኤ.አ በ1988 | እንደ ኤሮፓውያን አቆጣጠር በአሥራ ዘጠኝ መቶ ሰማንያ ስምንት | order
1922ዓ.ም | አሥራ ዘጠኝ መቶ ሃያ ሁለት ዓመተ ምሕረት | order
3/2/2009 እ.ኤ.አ | ፌብሩዋሪ ሦስት ቀን ሁለት ሺህ ዘጠኝ እንደ ኤሮፓውያን አቆጣጠር | order
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_rules(row: str) -> None:
    written, spoken, _ = (cell.encode().decode() for cell in row.split(" | "))
    assert Frontend().normalize(written).text == spoken


def test_the_strongest_mark_wins() -> None:
    assert Frontend().normalize("ሰላም " + " ".join(MARKS) + " ዓለም").text == "ሰላም፧ ዓለም"


def test_blanks_are_one_space() -> None:
    assert Frontend().normalize("\tሰላም\u00a0\n  ዓለም \r\n").text == "ሰላም ዓለም"

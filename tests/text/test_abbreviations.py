"""Twin of ``text/abbreviations.py``: a table of written | spoken."""

import pytest

from amhctl.text.abbreviations import ABBREVIATIONS, Abbreviations
from amhctl.text.draft import TIE, Draft

RULES = Abbreviations(ABBREVIATIONS).rules()
TABLE = """
ዓ.ም. | ዓመተ ምሕረት
ዓ/ም | ዓመተ ምሕረት
አ.ም | ዓመተ ምሕረት
በ1990 ዓ.ም ነበር | በ1990 ዓመተ ምሕረት ነበር
እ.ኤ.አ | እንደ ኤሮፓውያን አቆጣጠር
ዶ/ር አበበ | ዶክተር አበበ
የዶ/ር | የዶክተር
ዶ/ሩን | ዶክተሩን
እነዶ/ር | እነዶክተር
ም/ቤቱ | ምክር ቤቱ
የፍ/ቤቶችና | የፍርድ ቤቶችና
ፅ/ቤታቸው | ጽሕፈት ቤታቸው
ጠ/ሚ/ሩን | ጠቅላይ ሚኒስትሩን
ጠ/ሚኒስትሩ | ጠቅላይ ሚኒስትሩ
ገ/መድኅን | ገብረ መድኅን
ኃ/ማርያም | ኃይለ ማርያም
ቅ/ማርያም | ቅድስት ማርያም
ቅ/ጊዮርጊስ | ቅዱስ ጊዮርጊስ
ም/ፕሬዚዳንት | ምክትል ፕሬዚዳንት
የተ.መ.ድ | የተባበሩት መንግሥታት ድርጅት
በተ.መ.ድ | በተባበሩት መንግሥታት ድርጅት
12 ኪ.ሜ. | 12 ኪሎ ሜትር
የአ.አ | የአዲስ አበባ
ቢ.ቢ.ሲ | ቢ ቢ ሲ
ኤ.ኤፍ.ፒ. | ኤ ኤፍ ፒ
የኢ.ፌ.ድ.ሪ | የኢፌድሪ
ነው.ሰላም | ነው.ሰላም
ወያኔ/ኢሕአዴግ | ወያኔ/ኢሕአዴግ
ሰላም። | ሰላም።
ጠ/ሚ/መለስ | ጠቅላይ ሚኒስትር መለስ
ብ/ጄ/ተፈራ | ብርጋዴር ጄኔራል ተፈራ
ጠ/ሚር | ጠቅላይ ሚኒስትር
የጠ/ሚው | የጠቅላይ ሚኒስትሩ
ዶ/ሯ | ዶክተሯ
ዶር አብይ | ዶክተር አብይ
ዶ'ር አብይ | ዶክተር አብይ
ከእአአ 2014 | ከእንደ አውሮፓውያን አቆጣጠር 2014
እ ኤ አ 2014 | እንደ ኤሮፓውያን አቆጣጠር 2014
ጀ.አሳምነው | ጀነራል አሳምነው
ኢንጂ. ታከለ | ኢንጂነር ታከለ
ለ.ዓላማ | ለ.ዓላማ
ኢ.ሰ.መ.ኮ | ኢሰመኮ
ዜ.ቲ.ኤ | ዜ ቲ ኤ
ኤ.ኤ.ፍ.ፒ | ኤኤፍፒ
ኦፕን ዶር ፖሊሲ | ኦፕን ዶር ፖሊሲ
ዩ.ኤስ.አሜሪካ | ዩ ኤስ አሜሪካ
80 ብር/ኪ.ግ | 80 ብር በኪሎ ግራም
60 ኪ.ግ/ሄክታር | 60 ኪሎ ግራም በሄክታር
በ1990 ዓ.ም.ባወጣው | በ1990 ዓመተ ምሕረት ባወጣው
የኰ/ሉን | የኮሎኔሉን
15ኛው ክ/ዘመን | 15ኛው ክፍለ ዘመን
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_abbreviations(row: str) -> None:
    written, spoken = row.split(" | ")
    draft = Draft(written)
    for rule in RULES:
        rule.apply(draft)
    assert draft.text.replace(TIE, " ") == spoken


@pytest.mark.parametrize("key", sorted(ABBREVIATIONS))
def test_every_key_is_read(key: str) -> None:
    written = key.replace(".", "/") + ("ሚካኤል" if key.endswith(".") else "")
    draft = Draft(written)
    for rule in RULES:
        rule.apply(draft)
    assert "/" not in draft.text
    assert draft.text.startswith(ABBREVIATIONS[key].replace(" ", TIE))
    assert [entry.rule for entry in draft.trace] == ["abbreviation"]


def test_an_empty_table_reads_nothing() -> None:
    draft = Draft("ዶ/ር")
    Abbreviations({}).rules()[0].apply(draft)
    assert draft.text == "ዶ/ር"

"""Twin of ``text/affixes.py``."""

import pytest

from amhctl.text.affixes import PREFIXES, attach, gap_before, inflect
from amhctl.text.frontend import Frontend

FRONTEND = Frontend()


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_prefixes_stay_attached(prefix: str) -> None:
    assert FRONTEND.normalize(f"{prefix}3ቱ").text == f"{prefix}ሦስቱ"


def test_other_words_before_a_number_stand_apart() -> None:
    assert FRONTEND.normalize("ግንቦት20").text == "ግንቦት ሃያ"
    assert gap_before("ግንቦት20", 4) == " "
    assert gap_before("የ20", 1) == ""


@pytest.mark.parametrize(
    ("words", "suffix", "attached"),
    [
        ("ሦስት", "ቱ", "ሦስቱ"), ("አንድ", "ዱ", "አንዱ"), ("ሃያ", "ኛው", "ሃያኛው"), ("ሁለት", "ን", "ሁለትን"), ("አሥር", "", "አሥር"),
        ("አሥር", "ረኛ", "አሥረኛ"), ("ዘጠኝ", "ነኛ", "ዘጠነኛ"), ("ሃያ", "ያኛ", "ሃያኛ"), ("ፐርሰንት", "ቶቹ", "ፐርሰንቶቹ"),
    ],
)  # fmt: skip
def test_suffixes_of_numbers(words: str, suffix: str, attached: str) -> None:
    assert attach(words, suffix) == attached


@pytest.mark.parametrize(
    ("words", "suffix", "inflected"),
    [
        ("ሚኒስትር", "ር", "ሚኒስትር"), ("ሚኒስትር", "ሩን", "ሚኒስትሩን"), ("ሚኒስትር", "ው", "ሚኒስትሩ"), ("ሚኒስትር", "ዎች", "ሚኒስትሮች"),
        ("መሥሪያ ቤት", "ዎ", "መሥሪያ ቤትዎ"), ("ምሕረት", "ን", "ምሕረትን"), ("አበባ", "ው", "አበባው"), ("ቤት", "ተማሪ", "ቤትተማሪ"),
    ],
)  # fmt: skip
def test_suffixes_of_abbreviations(words: str, suffix: str, inflected: str) -> None:
    assert inflect(words, suffix) == inflected


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("በ 45 ቀናት", "በአርባ አምስት ቀናት"),
        ("በ Facebook ገፅ", "በፌስቡክ ገፅ"),
        ("4 ለ 3 አሸነፈ", "አራት ለሦስት አሸነፈ"),
        ("ሀ.ለ 5", "ሀለ አምስት"),
        ("1 ኛው", "አንደኛው"),
        ("5-ኛ", "አምስተኛ"),
        ("90 ዎቹ", "ዘጠናዎቹ"),
        ("3 ቱቦዎች", "ሦስት ቱቦዎች"),
        ("2️⃣ኛ", "ሁለተኛ"),
    ],
)
def test_what_a_space_or_hyphen_does_not_part(written: str, spoken: str) -> None:
    assert FRONTEND.normalize(written).text == spoken

"""Twin of ``tools/gemination/transliteration.py``."""

import pytest
from gemination.transliteration import read_doubled, read_vowels

from amhctl.text.g2p.gemination import split_marks


@pytest.mark.parametrize(
    ("marked", "transliteration"),
    [
        ("ሰበ፟ረ", "säbbärä"), ("አወ፟ራጨ፟", "awwärač̣č̣ä"), ("ማዕድ፟ን", "ma'əddən"), ("ጓደ፟ኛ፟", "guwaddäñña"), ("አስቸኳ፟ይ", "asčäkkway"),
        ("ፍስ፟ሀ", "Fesseha"), ("ቻላ፟", "Challa"), ("ሣሣ፟", "sassa"), ("አረዳ፟", "arädda"), ("አሰ፟በ", "assäbä"), ("ሰላም", "sälam"),
    ],
)  # fmt: skip
def test_doubled_letters_are_read_beside_the_fidel(marked: str, transliteration: str) -> None:
    word, doubled = split_marks(marked)
    assert read_doubled(word, transliteration) == doubled


@pytest.mark.parametrize("transliteration", ["Rift Valley", "säbärra", "", "säbbär"])
def test_what_does_not_fit_the_fidel_is_refused(transliteration: str) -> None:
    assert read_doubled("ሰበረ", transliteration) is None
    assert read_vowels("ሰበረ", transliteration) is None


@pytest.mark.parametrize(
    ("word", "transliteration", "vowels"),
    [
        ("ትምህርት", "təmhərt", "10100"),
        ("እንጀራ", "ənğära", "1000"),
        ("ማዕድን", "ma'əddən", "0110"),
        ("ጕሰማ", "guwssäma", "000"),
    ],
)
def test_vowels_of_the_sixth_order_are_read_beside_the_fidel(word: str, transliteration: str, vowels: str) -> None:
    assert read_vowels(word, transliteration) == tuple(one == "1" for one in vowels)

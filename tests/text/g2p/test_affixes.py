"""Twin of ``text/g2p/affixes.py``."""

import re

import pytest

from amhctl.text.g2p.affixes import Suffixes, list_prefixes, list_suffixes
from amhctl.text.g2p.segments import spell
from amhctl.text.script import GEMINATION

KINDS = ["PC", "PA", "PE", "IC", "IA", "XC", "XA", "DC", "JC", "jC", "IF", "GC", "GF", "VC", "NC", "N3", "N6", "Nw"]


def place(marked: str) -> tuple[str, tuple[int, ...]]:
    """Return the segments of a suffix written in fidel from the stem's last letter on, and its doubled letters."""
    plain, doubled = "", []
    for letter in marked:
        if letter == GEMINATION:
            doubled.append(len(plain) - 1)
        else:
            plain += letter
    return spell(plain)[1:], tuple(doubled)


@pytest.mark.parametrize(
    ("kind", "marked"),
    [
        ("PC", "ረኝ፟"),
        ("PC", "ረች፟ኝ፟"),
        ("PC", "ርኩት"),
        ("PC", "ርኳቸ፟ው"),
        ("PC", "ራች፟ሁ"),
        ("PC", "ርነው"),
        ("PC", "ረል፟ኝ፟"),
        ("PC", "ሩባ፟ቸ፟ው"),
        ("PA", "ራሁት"),
        ("PA", "ራች፟ው"),
        ("PE", "ረችና፟"),
        ("XC", "ራለ፟ሁ"),
        ("XC", "ረኛ፟ል"),
        ("XC", "ርሃለ፟ሁ"),
        ("XC", "ርል፟ኛ፟ል"),
        ("XA", "ራዋል"),
        ("IA", "ራቸ፟ው"),
        ("DC", "ሩም"),
        ("GC", "ሮኛ፟ል"),
        ("GC", "ረውናል"),
        ("GC", "ሯል"),
        ("GF", "ጄ፟"),
        ("VC", "ታቸ፟ው"),
        ("NC", "ቶቻ፟ች፟ን"),
        ("NC", "ተኛ፟"),
        ("NC", "ትነ፟ት"),
        ("N3", "ኞች፟"),
        ("N6", "ሮዎቹ፟ን"),
    ],
)
def test_suffixes_and_what_they_double(kind: str, marked: str) -> None:
    suffix, doubled = place(marked)
    assert list_suffixes(kind)[suffix] == doubled


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PC", "ሮ"), ("XC", "ሩ"), ("DC", "ሩ"), ("jC", "ሩና"), ("NC", "ረች"), ("IF", "ሩ"), ("GF", "ሮ")]
)
def test_what_a_class_does_not_take(kind: str, suffix: str) -> None:
    assert spell(suffix)[1:] not in list_suffixes(kind)


@pytest.mark.parametrize(
    ("prefix", "reading"),
    [
        ("የ0መ2", ("I", (1,))),
        ("አ5ነ5ደ3የ5", ("I", ())),
        ("አ5ነ5", ("X", (1,))),
        ("አ5የ0", ("P", (1,))),
        ("አ3ለ3", ("aP", ())),
        ("ሰ2የ3", ("aI", ())),
        ("አ3የ5", ("D", ())),
        ("", ("G", ())),
        ("ከ0", ("N", ())),
    ],
)
def test_prefixes(prefix: str, reading: tuple[str, tuple[int, ...]]) -> None:
    assert reading in list_prefixes()[prefix]


@pytest.mark.parametrize("kind", KINDS)
def test_affixes_are_segments_without_colons(kind: str) -> None:
    assert all(re.fullmatch("[0-6w](?:[ሀ-ፐ][0-6w])*", suffix) for suffix in list_suffixes(kind))
    assert all(place >= 0 and place <= len(suffix) // 2 for suffix, d in list_suffixes(kind).items() for place in d)


def test_no_word_begins_doubled() -> None:
    assert all(re.fullmatch("(?:[ሀ-ፐ][0-6w])*", prefix) for prefix in list_prefixes())
    assert not any(0 in doubled for readings in list_prefixes().values() for _, doubled in readings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_suffix_that_is_taken_apart_is_the_one_that_was_put_together(kind: str) -> None:
    together = dict(list_suffixes(kind))
    asked = [*together, *(suffix[:-1] + "9" for suffix in together), "", "ነ5", "9"]
    for begin in range(0, len(asked), 400):
        few = asked[begin : begin + 400]
        apart = list_suffixes.__wrapped__(kind)
        assert [apart.find(suffix) for suffix in few] == [together.get(suffix) for suffix in few]


def test_of_suffixes_that_are_spelled_alike_the_first_ending_is_meant() -> None:
    suffixes = Suffixes(["0ነ5", "0", "0ነ:5"], ["", "ነ5", "ነ:5"])
    assert [suffixes.find(one) for one in ("0", "0ነ5", "0ነ5ነ5", "ነ5")] == [(), (), (), None]
    assert dict(suffixes) == {"0": (), "0ነ5": (), "0ነ5ነ5": ()}
    assert (len(suffixes), "0" in suffixes, "9" in suffixes) == (3, True, False)
    with pytest.raises(KeyError):
        suffixes["9"]

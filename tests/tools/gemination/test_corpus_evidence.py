"""Twin of ``tools/gemination/corpus_evidence.py``."""

from collections.abc import Collection

import pytest
from gemination.corpus_evidence import count_folded, list_plain_words, sort_verbs

from amhctl.text.g2p.gemination import split_marks


def used(word: str, *more: str, count: int = 9) -> dict[str, int]:
    return {word: count, **dict.fromkeys((word + "ን", *(one + word for one in "የበለ"), *more), 1)}


def find(counts: dict[str, int], listed: Collection[str] = ()) -> list[str]:
    return list_plain_words(counts, listed)


def test_counts_are_of_words_in_one_spelling() -> None:
    assert count_folded({"ሠላም": 2, "ሰላም": 3, "ABC": 4, "ገና፟": 1}) == {"ሰላም": 5, "ገና": 1}


def test_a_frequent_noun_that_the_list_lacks_is_plain() -> None:
    assert find(used("ተባይ")) == ["ተባይ"]
    assert find(used("ተባይ"), ["ተባይ"]) == []
    assert find(used("ተባይ", count=4)) == []
    assert find({"ተባይ": 9, "የተባይ": 3}) == []
    assert find(used("ካርታ")) == []
    assert find(used("ካርታ", "ካርታዎች")) == ["ካርታ"]
    assert find(used("ወንዝም")) == []
    assert find(used("ቅርስ")) == []
    assert find(used("ቅርስ", "ቅርሶች")) == ["ቅርስ"]


@pytest.mark.parametrize("word", ["መስበር", "ተቀባይ", "ደግነት", "ክፍፍር", "ታጣቂ", "ሰባሪ", "በ"])
def test_what_may_be_derived_tells_nothing(word: str) -> None:
    assert find(used(word, word + "ዎች")) == []


@pytest.mark.parametrize(
    ("marked", "infinitive", "kind"),
    [
        ("ሰበ፟ረ", "መስበር", "A"), ("ፈለ፟ገ", "መፈለግ", "B"), ("ማረ፟ከ", "መማረክ", "C"), ("መሰከ፟ረ", "መመስከር", "Q"), ("አሰ፟ረ", "ማሰር", "G"),
        ("በላ፟", "መብላት", "2"), ("ጠጣ፟", "መጠጣት", "T"),
    ],
)  # fmt: skip
def test_the_infinitive_tells_the_type_of_a_verb(marked: str, infinitive: str, kind: str) -> None:
    word, doubled = split_marks(marked)
    assert sort_verbs({word: doubled}, {infinitive: 2}) == {kind: [word]}
    assert sort_verbs({word: doubled}, {"መሄድ": 2}) == {}
    assert sort_verbs({word: (False,) * len(word)}, {infinitive: 2}) == {}


def test_the_passive_infinitive_does_not_hide_type_a() -> None:
    assert sort_verbs({"ሰበረ": (False, True, False)}, {"መስበር": 2, "መሰበር": 9}) == {"A": ["ሰበረ"]}


def test_a_passive_is_no_verb_of_its_own() -> None:
    assert sort_verbs({"ታሰረ": (False, True, False)}, {"መታሰር": 2}) == {}

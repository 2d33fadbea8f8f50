"""Twin of ``text/sentences.py``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.draft import TIE
from amhctl.text.script import count_syllables
from amhctl.text.sentences import split_breaths


def texts(text: str, limit: int) -> list[str]:
    return [segment.text for segment in split_breaths(text, limit)]


def test_sentences_are_always_apart() -> None:
    assert texts("ሰላም ነው። ደህና ነህ፧ እሺ! አዎ", 40) == ["ሰላም ነው።", "ደህና ነህ፧", "እሺ!", "አዎ"]


def test_a_long_sentence_is_cut_at_commas_first() -> None:
    assert texts("ሰላም ለሁሉም፣ ደህና ነኝ፣ አመሰግናለሁ።", 14) == ["ሰላም ለሁሉም፣ ደህና ነኝ፣", "አመሰግናለሁ።"]


def test_a_long_clause_is_cut_into_like_parts() -> None:
    assert texts("አበበ በሶ በላ ጩኒ ጨበጠ ጫላ ጩቤ ጨበጠ", 10) == ["አበበ በሶ በላ ጩኒ", "ጨበጠ ጫላ ጩቤ ጨበጠ"]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("ማን ነህ፧ አለ። አሁን ሄደ።", ["ማን ነህ፧ አለ።", "አሁን ሄደ።"]),
        ("ሂድ! ብሎ ጮኸ።", ["ሂድ! ብሎ ጮኸ።"]),
        ("መቼ ነው፧ ሲል ጠየቀው። ነገ።", ["መቼ ነው፧ ሲል ጠየቀው።", "ነገ።"]),
        ("ማን ነህ፧ አለሙ መጣ።", ["ማን ነህ፧", "አለሙ መጣ።"]),
    ],
)
def test_what_is_said_is_not_cut_from_the_verb_of_saying(text: str, groups: list[str]) -> None:
    assert texts(text, 40) == groups


@pytest.mark.parametrize("saying", ["ብሎ", "አለ", "ሲል", "በማለት፣"])
def test_no_group_begins_with_a_verb_of_saying(saying: str) -> None:
    text = f"ነገ ጠዋት ወደ ከተማ እሄዳለሁ፣ {saying} ለሁሉም ጓደኞቹ በደብዳቤ ነገራቸው።"
    for limit in range(10, 30):
        assert not any(group.startswith(saying.rstrip("፣")) for group in texts(text, limit)), limit


@pytest.mark.parametrize(
    ("text", "limit", "groups"),
    [
        # A genitive, adjective or title stays with its noun, a noun with its postposition and its copula.
        ("መምህሩ ትናንት የአዲስ አበባ ዩኒቨርሲቲን ጎበኙ", 18, ["መምህሩ ትናንት", "የአዲስ አበባ ዩኒቨርሲቲን ጎበኙ"]),
        ("ልጆቹ መጽሐፉን ጠረጴዛ ላይ ተውት", 12, ["ልጆቹ መጽሐፉን", "ጠረጴዛ ላይ ተውት"]),
        ("የመጣው ሰው ጠቅላይ ሚኒስትር ነበር", 16, ["የመጣው ሰው", "ጠቅላይ ሚኒስትር ነበር"]),
        ("ከበደ መጽሐፉን ገዛ ግን አላነበበውም", 14, ["ከበደ መጽሐፉን ገዛ", "ግን አላነበበውም"]),
    ],
)
def test_a_phrase_is_not_cut_where_it_need_not_be(text: str, limit: int, groups: list[str]) -> None:
    assert texts(text, limit) == groups


def test_a_number_is_not_cut() -> None:
    number = TIE.join(["ሃያ", "አንድ"] * 16)
    assert texts(f"ሰላም {number} ነው", 8) == ["ሰላም", number.replace(TIE, " "), "ነው"]


def test_a_number_longer_than_any_breath_is_cut_between_its_words() -> None:
    number = TIE.join(["ሃያ", "አንድ"] * 17)
    assert [count_syllables(part) for part in texts(f"ሰላም {number} ነው", 8)] == [3, 42, 43, 2]
    assert " ".join(texts(f"ሰላም {number} ነው", 8)) == f"ሰላም {number.replace(TIE, ' ')} ነው"


def test_a_word_longer_than_any_breath_is_cut_between_its_letters() -> None:
    assert texts("ሰላም " + "ለ" * 80, 8) == ["ሰላም", "ለ" * 80]
    assert texts("ሰላም " + "ለ" * 100 + "።", 8) == ["ሰላም", "ለ" * 80, "ለ" * 20 + "።"]


def test_a_mark_of_gemination_stays_with_its_letter() -> None:
    assert texts("ለ" + "መ\u135f" * 81, 4) == ["ለ" + "መ\u135f" * 79, "መ\u135f" * 2]


def test_no_group_is_longer_than_the_longest() -> None:
    number = TIE.join(["ሦስት"] * 10)
    assert [segment.text for segment in split_breaths(f"{number}።", 8, 8)] == ["ሦስት ሦስት", *["ሦስት ሦስት"] * 3, "ሦስት ሦስት።"]


def test_pauses_follow_the_marks() -> None:
    segments = split_breaths("ሰላም ነው። አበበ በሶ፣ በላ ጩኒ ጨበጠ", 6)
    pauses = [segment.pause for segment in segments]
    assert pauses[0] > pauses[1] > pauses[2] > 0


@given(
    st.lists(st.sampled_from(["ሰላም", "በ", "አመሰግናለሁ", "ነው።", "እና፣", "ምን፧"]), min_size=1, max_size=40), st.integers(8, 40)
)
def test_nothing_is_lost_and_words_fit(words: list[str], limit: int) -> None:
    text = " ".join(words)
    segments = texts(text, limit)
    assert " ".join(segments) == text
    assert all(count_syllables(segment) <= limit for segment in segments)

"""Twin of ``text/sentences.py``."""

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


def test_a_number_is_never_cut() -> None:
    number = TIE.join(["ሃያ", "አንድ"] * 5)
    assert texts(f"ሰላም {number} ነው", 8) == ["ሰላም", number.replace(TIE, " "), "ነው"]


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

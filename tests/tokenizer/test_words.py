"""Words are counted in bounded memory, and no letter is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import alphabet_of
from amhctl.tokenizer.words import count_words

FIDEL = alphabet_of("fidel")
lines = st.lists(st.text(alphabet="ሀለሐ ", min_size=1, max_size=12), min_size=1).filter(lambda x: any(map(str.strip, x)))


@given(lines)
def test_every_word_and_letter_is_counted(corpus: list[str]) -> None:
    counted = count_words(corpus, FIDEL)
    assert dict(counted.counts) == Counter(word for line in corpus for word in line.split())
    assert dict(counted.letters) == Counter(char for line in corpus for char in line if char != " ")
    assert counted.lines == sum(bool(line.strip()) for line in corpus)
    assert counted.dropped == 0


@given(lines)
def test_a_bound_drops_the_rarest_and_keeps_the_letters(corpus: list[str]) -> None:
    counted = count_words(corpus, FIDEL, most=2)
    exact = Counter(word for line in corpus for word in line.split())
    assert len(counted.counts) <= 2
    assert all(count <= exact[word] for word, count in counted.counts.items())
    assert sum(counted.counts.values()) + counted.dropped == sum(exact.values())
    assert dict(counted.letters) == Counter(char for line in corpus for char in line if char != " ")


def test_what_is_frequent_outlives_the_bound() -> None:
    letters = FIDEL.characters
    corpus = [f"ሰላም {letters[index % 300]}{letters[index // 300]}" for index in range(900)]
    counted = count_words(corpus, FIDEL, most=50)
    assert counted.counts["ሰላም"] == 900
    assert len(counted.counts) <= 50


def test_strangers_are_refused_all_at_once_with_their_lines() -> None:
    with pytest.raises(VocabularyError) as caught:
        count_words(["ሰላም", "Wow ሰ", "ሰ\tለ", "W1"], FIDEL)
    assert "'W' (U+0057) in line 2" in caught.value.message
    assert "U+0009) in line 3" in caught.value.message
    assert "'1' (U+0031) in line 4" in caught.value.message


@pytest.mark.parametrize("corpus", [[], [""], ["  "]])
def test_an_empty_corpus_is_refused(corpus: list[str]) -> None:
    with pytest.raises(VocabularyError, match="empty"):
        count_words(corpus, FIDEL)

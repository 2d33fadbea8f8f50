"""Labels: every phone has one, length and marks have none."""

import pytest

from amhctl.recogniser.labels import (
    BLANK,
    BORDER,
    LABELS,
    NUMBERS,
    join_words,
    spell,
    without_borders,
    word_labels,
)
from amhctl.text.g2p.phones import PHONES


def test_every_phone_and_the_border_has_a_number_of_its_own() -> None:
    assert (LABELS[BLANK], LABELS[BORDER]) == ("", " ")
    assert sorted(NUMBERS) == sorted({*PHONES, " "})
    assert all(LABELS[number] == label for label, number in NUMBERS.items())
    assert BLANK not in NUMBERS.values()


def test_a_word_is_its_phones_without_length_and_marks() -> None:
    assert [spell(word) for word in word_labels("səllam t͡ʃʼəkʼʷa ። mannəw፧ !")] == ["səlam", "t͡ʃʼəkʼʷa", "manəw"]
    assert word_labels("") == word_labels("። !") == ()


def test_vowels_and_like_consonants_apart_are_kept() -> None:
    # Two vowels are two sounds; a labialised consonant is another one than the plain.
    assert [spell(word) for word in word_labels("saat kkʷa tata")] == ["saat", "kkʷa", "tata"]
    # A doubled affricate is one unit written twice, as any other.
    assert word_labels("at͡ʃʼt͡ʃʼa") == word_labels("at͡ʃʼa")
    # A consonant at the end of a word and the same at the beginning of the next are two.
    assert join_words(word_labels("bet tam")) == join_words([word_labels("bet")[0], word_labels("tam")[0]])
    assert len(join_words(word_labels("bet tam"))) == 7


def test_what_is_no_phone_is_refused() -> None:
    with pytest.raises(KeyError):
        word_labels("səlxm")


def test_borders_stand_between_words_only() -> None:
    first, second = word_labels("səlam aləm")
    joined = join_words([first, second])
    assert joined == (*first, BORDER, *second)
    assert without_borders(joined) == (*first, *second)
    assert spell(joined) == "səlam aləm"
    assert join_words([]) == ()
    assert join_words([first]) == first

"""Twin of ``recogniser/reading.py``."""

from amhctl.recogniser.labels import spell
from amhctl.recogniser.language import read_words
from amhctl.recogniser.reading import read_spoken
from amhctl.text.frontend import Frontend


def test_each_word_has_its_phones_and_marks_are_left_out() -> None:
    words = read_spoken(Frontend(), "ሰላም፣ 3 ልጆች ።")
    assert [word.spoken for word in words] == ["ሰላም", "ሦስት", "ልጆች"]
    assert spell(words[0].phones) == "səlam"
    assert tuple(word.phones for word in words) == read_words(Frontend(), "ሰላም፣ 3 ልጆች ።")


def test_what_cannot_be_read_has_no_words() -> None:
    for text in ("", "...", "Организация"):
        assert read_spoken(Frontend(), text) == ()

"""Twin of ``text/spoken.py``."""

from amhctl.text.spoken import Phones, SpokenText


def test_phones_are_joined_by_word() -> None:
    assert Phones((("s", "ə"), ("።",)), "rules", ()).text == "sə ።"


def test_spoken_text_counts_its_fidel() -> None:
    assert SpokenText("3!", "ሦስት!", ()).syllables == 3


def test_words_and_marks_stand_apart() -> None:
    assert SpokenText("", "ሰላም፣ ነው። ገና[[ɡənna]]!", ()).words == ("ሰላም", "፣", "ነው", "።", "ገና[[ɡənna]]", "!")

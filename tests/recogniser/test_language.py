"""What a recogniser learns of the language from text: a phone model and words with their sounds."""

import numpy as np
import pytest
from safetensors.numpy import load
from support.manifests import SENTENCES
from support.recognisers import phone_frontend, tiny_language

from amhctl.recogniser.catalog import LANGUAGE_FILE
from amhctl.recogniser.labels import BLANK, BORDER, NUMBERS, join_words, spell
from amhctl.recogniser.language import learn_language, read_words, spoken_words
from amhctl.recogniser.phone_model import PhoneModel, learn_phone_model
from amhctl.recogniser.words import WORDS_FILE, WordList


def test_a_text_is_read_word_by_word_as_it_is_spoken() -> None:
    frontend = phone_frontend()
    assert [spell(word) for word in read_words(frontend, "ሰላም ዓለም።")] == ["səlam", "aləm"]
    assert spoken_words(frontend, "ሰላም፣ ዓለም።") == "ሰላም ዓለም"
    # A number is the words of it, and so are its phones.
    assert spoken_words(frontend, "2 ቤት!") == "ሁለት ቤት"
    assert read_words(frontend, "2 ቤት!") == read_words(frontend, "ሁለት ቤት")
    for sentence in SENTENCES:
        assert len(read_words(frontend, sentence)) == len(spoken_words(frontend, sentence).split())


@pytest.mark.parametrize("written", ["", "   ", "።", "…"])
def test_what_cannot_be_spoken_has_no_words(written: str) -> None:
    assert read_words(phone_frontend(), written) == ()
    assert spoken_words(phone_frontend(), written) == ""


def test_words_and_phones_are_those_of_the_text() -> None:
    frontend = phone_frontend()
    lines = [spoken_words(frontend, sentence) for sentence in SENTENCES]
    files = learn_language(["", *lines], frontend)
    assert files == tiny_language()
    words = WordList.parse(files[WORDS_FILE], subject="words")
    assert len(words) == len({word for line in lines for word in line.split()})
    for line in lines:
        for word, sound in zip(line.split(), read_words(frontend, line), strict=True):
            assert words.sound(word) == sound
    model = PhoneModel.of_arrays(load(files[LANGUAGE_FILE]), subject="language")
    whole = learn_phone_model([join_words(read_words(frontend, line)) for line in lines])
    stored = whole.arrays()
    for name, array in model.arrays().items():
        np.testing.assert_array_equal(array, stored[name])


def test_a_word_that_is_not_kept_parts_the_text() -> None:
    frontend = phone_frontend()
    files = learn_language(["ቤት ቤት ሰላም ቤት", "ሰላም"], frontend, words=1)
    words = WordList.parse(files[WORDS_FILE], subject="words")
    assert (len(words), words.sound("ቤት")) == (1, (NUMBERS["b"], NUMBERS["e"], NUMBERS["t"]))
    model = PhoneModel.of_arrays(load(files[LANGUAGE_FILE]), subject="language")
    house = (NUMBERS["b"], NUMBERS["e"], NUMBERS["t"])
    wanted = learn_phone_model([join_words([house, house]), house])
    np.testing.assert_allclose(model.following((BLANK, *house)), wanted.following((BLANK, *house)), atol=0.01)
    # What follows the house is the end or another house, and never the word between.
    assert model.following((BLANK, *house))[BORDER] > -2.0
    assert model.following((BLANK,))[NUMBERS["s"]] < -15.0


@pytest.mark.parametrize("lines", [[], ["", ""]])
def test_no_text_teaches_nothing(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="no word that can be read"):
        learn_language(lines, phone_frontend())

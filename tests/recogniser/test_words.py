"""From phones to written words: the most frequent word of a sound, and letters of a word that is not known."""

import lzma
from math import exp, log

import pytest
from support.manifests import SENTENCES
from support.recognisers import phone_frontend

from amhctl.core.errors import CheckpointError
from amhctl.recogniser.labels import LABELS, NUMBERS
from amhctl.recogniser.language import read_words
from amhctl.recogniser.words import Labels, WordList, count_words, spell_fidel
from amhctl.text.g2p.phones import split_phones
from amhctl.text.script import LETTERS

SOUNDS: dict[str, Labels] = {"ፀሐይ": (5, 6), "ጸሀይ": (5, 6), "ሰላም": (7, 8, 9), "ነው": (10,)}
COUNTS = {"ጸሀይ": 3, "ፀሐይ": 4, "ሰላም": 9, "ነው": 4}


def _found(words: WordList, sound: Labels) -> tuple[str, float]:
    found = words.find(sound)
    assert found is not None
    return found


def _sound(phones: str) -> Labels:
    return tuple(NUMBERS[phone] for phone in split_phones(phones))


def test_the_most_frequent_spelling_is_written_and_has_the_share_of_all() -> None:
    words = WordList(COUNTS, SOUNDS)
    assert len(words) == 4
    assert _found(words, (5, 6)) == ("ፀሐይ", pytest.approx(log(0.95 * 7 / 20)))
    assert _found(words, (7, 8, 9)) == ("ሰላም", pytest.approx(log(0.95 * 9 / 20)))
    assert words.find((7, 8)) is None
    assert (words.write((5, 6)), words.write([10])) == ("ፀሐይ", "ነው")
    assert (words.sound("ጸሀይ"), words.sound("ቤት")) == ((5, 6), None)
    # Known words and all others together are certain.
    known = {sound: words.find(sound) for sound in SOUNDS.values()}
    assert sum(exp(each[1]) for each in known.values() if each) + exp(words.log_unknown) == pytest.approx(1.0)


def test_words_as_frequent_are_in_the_order_of_their_letters() -> None:
    one = WordList({"ለ": 1, "ሀ": 1}, {"ለ": (5,), "ሀ": (5,)})
    other = WordList({"ሀ": 1, "ለ": 1}, {"ለ": (5,), "ሀ": (5,)})
    assert one.write((5,)) == other.write((5,)) == "ሀ"
    assert one.dump() == other.dump()


def test_what_was_written_is_read() -> None:
    words = WordList(COUNTS, SOUNDS)
    again = WordList.parse(words.dump(), subject="x")
    assert again.dump() == words.dump()
    for word, sound in SOUNDS.items():
        assert again.sound(word) == sound
        assert again.find(sound) == words.find(sound)
    every = {LETTERS[label]: (label,) for label in range(1, len(LABELS))}
    whole = WordList.parse(WordList(dict.fromkeys(every, 2), every).dump(), subject="x")
    assert all(whole.sound(word) == sound for word, sound in every.items())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        WordList(COUNTS, SOUNDS).dump()[:-9],
        lzma.compress(b""),
        lzma.compress(b"\xff\xfe\n"),
        lzma.compress("ነው\t4\n".encode()),
        lzma.compress("ነው\tmany\t:\n".encode()),
        lzma.compress("ነው\t0\t:\n".encode()),
        lzma.compress("ነው\t4\t0\n".encode()),
        lzma.compress("ነው\t4\tX\n".encode()),
        lzma.compress("ነው\t4\t!\n".encode()),
    ],
)
def test_a_damaged_list_is_refused(data: bytes) -> None:
    with pytest.raises(CheckpointError, match="the word list is damaged") as caught:
        WordList.parse(data, subject="words")
    assert caught.value.subject == "words"
    assert "copy the folder" in caught.value.hint


def test_the_most_frequent_words_that_can_be_read_are_counted() -> None:
    sounds: dict[str, Labels | None] = {"a": (5,), "b": (6,), "c": None, "d": (7,), "e": ()}
    words = count_words(["c a b", "c a", "c d b", "e e e e a"], sounds.get, largest=2)
    assert len(words) == 2
    assert _found(words, (5,)) == ("a", pytest.approx(log(0.95 * 3 / 5)))
    assert _found(words, (6,)) == ("b", pytest.approx(log(0.95 * 2 / 5)))
    assert words.sound("c") is words.sound("d") is words.sound("e") is None
    for nothing in ([], ["c e"]):
        with pytest.raises(ValueError, match="no word that can be read"):
            count_words(nothing, sounds.get)


@pytest.mark.parametrize(
    ("phones", "letters"),
    [
        ("səlam", "ሰላም"),
        ("bet", "ቤት"),
        ("kʼʷankʼʷa", "ቋንቋ"),
        ("t͡ʃʼɨra", "ጭራ"),
        ("ɨnd͡ʒəra", "እንጀራ"),
        ("tɨzaz", "ትዛዝ"),
        ("saat", "ሳአት"),
        ("ityopʼja", "ኢትዮጵያ"),
        # Of letters that sound alike, the plain one: አ and ሀ, not ኣ and ሃ.
        ("aləm", "አለም"),
        ("haɡər", "ሀገር"),
        ("hulet", "ሁሌት"),
        ("hədə", "ኸደ"),
        ("ənd", "ኧንድ"),
        # ቈ ኰ ጐ ኈ have no letters with u and o.
        ("kʷəkʷaɡʷikʼʷehʷa", "ኰኳጒቌኋ"),
        ("kʷukʼʷoɡʷuhʷo", "ኩቆጉሆ"),
        ("kʼʷɨb", "ቍብ"),
        ("vpʒ", "ቭፕዥ"),
        ("", ""),
    ],
)
def test_an_unknown_word_is_spelled_by_its_sound(phones: str, letters: str) -> None:
    assert spell_fidel(_sound(phones.replace("y", "j"))) == letters


def test_every_pair_of_a_consonant_and_a_vowel_has_a_letter_that_is_read_so() -> None:
    consonants, vowels = LABELS[9:], LABELS[2:9]
    for consonant in consonants:
        for vowel in vowels:
            letter = spell_fidel((NUMBERS[consonant], NUMBERS[vowel]))
            assert letter in set(LETTERS)
            # Before a vowel that they have no letter for, rounded consonants are written plain.
            plain = consonant.removesuffix("ʷ") if vowel in "uo" else consonant
            (found,) = read_words(phone_frontend(), f"{letter}ት")
            assert tuple(LABELS[label] for label in found[:-1]) == (plain, vowel)


def test_what_is_spelled_is_read_as_it_sounds() -> None:
    for word in ("ሰላም", "ቤት", "ለመጡ", "ባቡር", "ታሪኩ", "ከተማ", "መኪና", "ሎሚ", "ነገሩ"):
        (sound,) = read_words(phone_frontend(), word)
        assert spell_fidel(sound) == word


def test_most_words_of_sentences_are_read_back_from_their_letters() -> None:
    frontend = phone_frontend()
    sounds = [sound for sentence in SENTENCES for sound in read_words(frontend, sentence)]
    assert len(sounds) == sum(len(sentence.split()) for sentence in SENTENCES)
    right = [read_words(frontend, spell_fidel(sound)) == (sound,) for sound in sounds]
    assert sum(right) >= len(right) - 1

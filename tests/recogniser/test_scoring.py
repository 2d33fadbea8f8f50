"""How well speech says its text: errors counted by hand on recordings whose phones are planted."""

import pytest
from support.recognisers import phone_frontend, planted_log_probabilities, tiny_recogniser_folder
from support.speechlike import vowel_train

from amhctl.core.errors import EvaluationError
from amhctl.recogniser.error_rate import Errors
from amhctl.recogniser.labels import join_words, word_labels
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser, load_recogniser
from amhctl.recogniser.scoring import ScorerIdentity, SpeechScore, SpeechScorer, fold


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    """Return a tiny recogniser."""
    return load_recogniser(str(tiny_recogniser_folder(tmp_path_factory.mktemp("recogniser"))), threads=1)


def _score(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, said: str, written: str) -> SpeechScore:
    values = planted_log_probabilities(join_words(word_labels(said)))
    with monkeypatch.context() as patch:
        patch.setattr(Recogniser, "log_probabilities", lambda self, waveform: values)
        return SpeechScorer(recogniser, phone_frontend()).score(vowel_train(), written)


@pytest.mark.parametrize(
    ("said", "phones", "letters", "words", "recognised"),
    [
        ("səlam aləm", (0, 0, 0), (0, 0, 0), (0, 0, 0), "ሰላም አለም"),
        # A phone replaced: ሰላም is ሰላት, one letter and one word.
        ("səlat aləm", (1, 0, 0), (1, 0, 0), (1, 0, 0), "ሰላት አለም"),
        # A phone missing, which leaves the letter in another order.
        ("səlam alm", (0, 1, 0), (1, 0, 0), (1, 0, 0), "ሰላም አልም"),
        # A word missing: its four phones, its three letters and the space.
        ("səlam", (0, 4, 0), (0, 4, 0), (0, 1, 0), "ሰላም"),
        # A word too many.
        ("səlam aləm bet", (0, 0, 3), (0, 0, 3), (0, 0, 1), "ሰላም አለም ቤት"),
        # Said as one word: borders are no phones, but a space is a letter, and neither word is right.
        ("səlamaləm", (0, 0, 0), (1, 2, 0), (1, 1, 0), "ሰላማለም"),
        ("", (0, 9, 0), (0, 7, 0), (0, 2, 0), ""),
    ],
)
def test_errors_are_counted(
    recogniser: Recogniser,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    phones: tuple[int, int, int],
    letters: tuple[int, int, int],
    words: tuple[int, int, int],
    recognised: str,
) -> None:
    found = _score(recogniser, monkeypatch, said, "ሰላም፣ ዓለም።")
    assert (found.wanted, found.recognised) == ("ሰላም አለም", recognised)
    assert found.phones == found.best_phones == Errors(*phones, units=9)
    assert found.letters == Errors(*letters, units=7)
    assert found.words == Errors(*words, units=2)


def test_texts_are_compared_as_they_are_spoken(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    by_figure = _score(recogniser, monkeypatch, "hulətt bet", "2 ቤት")
    assert by_figure == _score(recogniser, monkeypatch, "hulət bet", "ሁለት ቤት!")
    assert (by_figure.wanted, by_figure.recognised, by_figure.letters.total) == ("ሁለት ቤት", "ሁለት ቤት", 0)


def test_letters_that_sound_alike_are_one() -> None:
    assert fold("ሐመር ዓለም ሠራ ፀሐይ ኃይል") == "ሀመር አለም ሰራ ጸሀይ ሀይል"
    assert fold(fold("ሃኅሣፁኣ")) == fold("ሃኅሣፁኣ")


@pytest.mark.parametrize("written", ["", "።", "…"])
def test_a_text_without_phones_is_refused(recogniser: Recogniser, written: str) -> None:
    with pytest.raises(EvaluationError, match="cannot be read as phones"):
        SpeechScorer(recogniser, phone_frontend()).score(vowel_train(), written)


def test_words_are_found_where_they_are_said(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = word_labels("səlam aləm")
    values = planted_log_probabilities(join_words(sounds))
    with monkeypatch.context() as patch:
        patch.setattr(Recogniser, "log_probabilities", lambda self, waveform: values)
        scorer = SpeechScorer(recogniser, phone_frontend())
        aligned = scorer.align(vowel_train(), "ሰላም ዓለም።")
        assert scorer.align(vowel_train(), "ሰላም ዓለም። " * 60) == ()
        assert scorer.align(vowel_train(), "።") == ()
    assert [word.text for word in aligned] == ["ሰላም", "ዓለም"]
    assert 0.0 <= aligned[0].start < aligned[0].end <= aligned[1].start < aligned[1].end
    assert aligned[1].end <= len(values) * FRAME_SECONDS
    assert all(word.log_probability > -1.0 for word in aligned)


def test_a_judge_says_how_well_it_does_itself() -> None:
    metrics = {"phone_error_rate": 0.186, "character_error_rate": 0.209, "clips": 139, "set": "new speakers"}
    told = ScorerIdentity("am", "0" * 64, metrics).line
    assert told == "recogniser am: its own phone error rate 0.186, character error rate 0.209 on new speakers"
    assert ScorerIdentity("mms", "0" * 64, {}).line == "recogniser mms"

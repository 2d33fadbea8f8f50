"""Twin of ``pages/sounds.py``."""

from types import SimpleNamespace
from typing import Any, cast

from support.speechlike import vowel_train

from amhctl.pages.rendering import data_url
from amhctl.pages.sounds import PlacedWord, show_sound
from amhctl.pages.spectrogram import spectrogram_png


def test_a_sound_is_as_wide_as_it_is_long() -> None:
    clip = vowel_train(seconds=0.5)
    shown = show_sound("natural", clip, "clips/a.flac", longest=2.0)
    assert (shown.source, shown.seconds, shown.share) == ("clips/a.flac", 0.5, 0.25)
    assert shown.picture == data_url(spectrogram_png(clip), "image/png")
    assert show_sound("natural", clip, "").share == 1.0


def test_words_stand_where_they_are_said_and_unclear_ones_are_marked() -> None:
    words = [
        SimpleNamespace(text="ሰላም", start=0.1, end=0.2, log_probability=-0.3),
        SimpleNamespace(text="ዓለም", start=0.25, end=0.5, log_probability=-3.0),
    ]
    shown = show_sound("spoken", vowel_train(seconds=0.5), "", words=cast("Any", words))
    assert shown.words == (PlacedWord("ሰላም", 0.2, 0.2, False), PlacedWord("ዓለም", 0.5, 0.5, True))

"""Twin of ``pages/sounds.py``."""

from support.speechlike import vowel_train

from amhctl.pages.rendering import data_url
from amhctl.pages.sounds import show_sound
from amhctl.pages.spectrogram import spectrogram_png


def test_a_sound_is_as_wide_as_it_is_long() -> None:
    clip = vowel_train(seconds=0.5)
    shown = show_sound("natural", clip, "clips/a.flac", longest=2.0)
    assert (shown.source, shown.seconds, shown.share) == ("clips/a.flac", 0.5, 0.25)
    assert shown.picture == data_url(spectrogram_png(clip), "image/png")
    assert show_sound("natural", clip, "").share == 1.0

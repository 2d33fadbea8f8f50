"""Sounds of a page: a player and a spectrogram each. Knows nothing of whose they are."""

from dataclasses import dataclass

from amhctl.audio.waveform import Waveform
from amhctl.pages.rendering import data_url
from amhctl.pages.spectrogram import spectrogram_png


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound that can be heard and seen.

    Attributes
    ----------
    label : str
        What it is.
    source : str
        Address of the sound: a path relative to the page, or the sound itself as a ``data:`` URL.
    picture : str
        Its spectrogram as a ``data:`` URL.
    seconds : float
        Its length.
    share : float
        How wide the picture is, as a share of the page's width.
    """

    label: str
    source: str
    picture: str
    seconds: float
    share: float = 1.0


def show_sound(label: str, waveform: Waveform, source: str, *, longest: float | None = None) -> Sound:
    """Return a sound with its spectrogram; ``longest`` are the seconds that have the full width, by default its own."""
    seconds = float(waveform.duration)
    picture = data_url(spectrogram_png(waveform), "image/png")
    return Sound(label, source, picture, seconds, 1.0 if longest is None else seconds / longest)

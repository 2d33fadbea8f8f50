"""Sounds of a page: a player and a spectrogram each. Knows nothing of whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from amhctl.audio.waveform import Waveform
from amhctl.pages.rendering import data_url
from amhctl.pages.spectrogram import spectrogram_png

UNCLEAR = -2.0
"""Mean natural log-probability of its phones below which a word is marked: the recogniser hardly finds it."""


class Spoken(Protocol):
    """A word that was found in a sound: ``recogniser.scoring.AlignedWord``."""

    @property
    def text(self) -> str:
        """The word."""
        ...

    @property
    def start(self) -> float:
        """Seconds from the start of the sound."""
        ...

    @property
    def end(self) -> float:
        """Seconds from the start of the sound."""
        ...

    @property
    def log_probability(self) -> float:
        """How plainly it is said: natural logarithm, the mean over its phones."""
        ...


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word below a spectrogram: its place and its width as shares of the picture, and whether it is unclear."""

    text: str
    left: float
    width: float
    unclear: bool


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
    words : tuple[PlacedWord, ...]
        What is said where, if that is known.
    """

    label: str
    source: str
    picture: str
    seconds: float
    share: float = 1.0
    words: tuple[PlacedWord, ...] = ()


def show_sound(
    label: str, waveform: Waveform, source: str, *, longest: float | None = None, words: Sequence[Spoken] = ()
) -> Sound:
    """Return a sound with its spectrogram and its words.

    Parameters
    ----------
    label : str
        What it is.
    waveform : Waveform
        The sound.
    source : str
        Where the page finds it.
    longest : float | None
        Seconds that have the full width; by default its own.
    words : Sequence[Spoken]
        What is said where.
    """
    seconds = float(waveform.duration)
    picture = data_url(spectrogram_png(waveform), "image/png")
    placed = tuple(
        PlacedWord(word.text, word.start / seconds, (word.end - word.start) / seconds, word.log_probability < UNCLEAR)
        for word in words
    )
    return Sound(label, source, picture, seconds, 1.0 if longest is None else seconds / longest, placed)

"""Recordings inside a page: their outlines, and players of their beginnings. Knows no findings and no HTML.

The players of a page share a number of bytes. Short recordings are in it whole; where that would be too much, the
longest are cut to one size, so that a page of clips can always be sent by mail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.audio.files import encode
from amhctl.audio.longrecording import LONG_SECONDS
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.measurements import Measurements
from amhctl.core.errors import AudioError
from amhctl.corpus.records import Record, read_audio
from amhctl.pages.rendering import data_url

PLAYER_BYTES = 3_300_000
"""Of MP3 in a page, which are 4.4 MB of its text: in base64 four letters hold three bytes."""
_PLAYER_RATE = 16_000
_LONGEST_SECONDS = 15.0
_SHORTENING = 0.9
COLUMNS, HEIGHT = 240, 48
"""Of the picture of an outline."""
_QUIETEST = 1e-5


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of a recording.

    Attributes
    ----------
    path : str
        SVG path of the highest and lowest sample of each of 240 stretches, the peak at full height.
    silences : tuple[tuple[float, float], ...]
        Start and width, in columns, of the silence at the edges.
    peak : float
        Level of the peak, dBFS.
    seconds : float
        What the picture's width stands for.
    """

    path: str
    silences: tuple[tuple[float, float], ...]
    peak: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Player:
    """A recording of the page: its outline, the sound as a ``data:`` URL, and how much of it that is (None: all)."""

    outline: Outline
    source: str
    playable: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """What is kept of a recording: its outline, its length, the beginning that can be heard, and that as MP3."""

    outline: Outline
    seconds: float
    beginning: Waveform
    sound: bytes


def make_players(
    shown: Iterable[tuple[Record, Measurements | None]], folder: Path, *, most_bytes: int = PLAYER_BYTES
) -> list[Player | None]:
    """Return a player of each recording; None where it cannot be read.

    Parameters
    ----------
    shown : Iterable[tuple[Record, Measurements | None]]
        The records and what was measured of their recordings; nothing is shown of one that was not measured.
    folder : Path
        The manifest's.
    most_bytes : int
        Of MP3 in all players together.
    """
    clips = [None if measured is None else _load(record, folder, measured) for record, measured in shown]
    most = _even_limit([len(clip.sound) for clip in clips if clip is not None], most_bytes)
    return [None if clip is None else _fit(clip, most) for clip in clips]


def _load(record: Record, folder: Path, measured: Measurements) -> _Clip | None:
    # Of a recording that nobody cut yet the beginning is enough.
    is_long = measured.duration > LONG_SECONDS
    shown_record = record.model_copy(update={"duration": _LONGEST_SECONDS}) if is_long else record
    try:
        waveform = read_audio(shown_record, folder, full_scale=measured.full_scale)
        beginning = waveform.samples[: round(_LONGEST_SECONDS * waveform.sample_rate)]
        shown = resample(Waveform(beginning, waveform.sample_rate), _PLAYER_RATE)
        sound = encode(shown, "mp3")
    except (AudioError, OSError):
        return None
    outline = draw_outline(waveform, min(measured.before, float(waveform.duration)), 0.0 if is_long else measured.after)
    return _Clip(outline, measured.duration, shown, sound)


def _even_limit(sizes: Sequence[int], most: int) -> int:
    """Return the size to which the largest have to be cut, so that all together are not more than ``most``.

    >>> _even_limit([10, 80, 70], 100)
    45
    """
    left, limit = most, most
    for number, size in enumerate(sorted(sizes)):
        limit = left // (len(sizes) - number)
        if size > limit:
            return limit
        left -= size
    return max(limit, *sizes, 0)


def _fit(clip: _Clip, most: int) -> Player:
    """Return the player of a clip, its sound cut to so many bytes."""
    waveform, sound = clip.beginning, clip.sound
    while len(sound) > most and waveform.samples.size > 1:
        # The size of a second varies with what is heard, so that one step may not do.
        kept = int(waveform.samples.size * min(_SHORTENING, _SHORTENING * most / len(sound)))
        waveform = Waveform(waveform.samples[:kept], waveform.sample_rate)
        sound = encode(waveform, "mp3")
    playable = float(waveform.duration)
    whole = playable > clip.seconds - 0.05
    return Player(clip.outline, data_url(sound, "audio/mpeg"), None if whole else playable)


def draw_outline(waveform: Waveform, before: float = 0.0, after: float = 0.0) -> Outline:
    """Return the outline of a recording with so many seconds of silence at its edges."""
    seconds = float(waveform.duration)
    top = float(np.abs(waveform.samples).max(initial=0.0))
    parts = [part for part in np.array_split(waveform.samples / max(top, _QUIETEST), COLUMNS) if part.size]
    middle = HEIGHT / 2
    upper = [f"{x},{middle - middle * float(part.max()):.1f}" for x, part in enumerate(parts)]
    lower = [f"{x},{middle - middle * float(part.min()) + 0.5:.1f}" for x, part in enumerate(parts)]
    first, last = (COLUMNS * silence / max(seconds, _QUIETEST) for silence in (before, after))
    silences = tuple((round(x, 1), round(wide, 1)) for x, wide in ((0.0, first), (COLUMNS - last, last)) if wide)
    level = 20.0 * float(np.log10(max(top, _QUIETEST)))
    return Outline("M" + " L".join([*upper, *reversed(lower)]) + "Z", silences, level, seconds)

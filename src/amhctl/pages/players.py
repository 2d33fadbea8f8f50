"""Recordings inside a page: their outlines as SVG, and players of their beginnings. Knows no findings.

The players of a page share a number of bytes. Short recordings are in it whole; where that would be too much, the
longest are cut to one size, so that a page of clips can always be sent by mail.
"""

import base64
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

PLAYER_BYTES = 3_300_000
"""Of MP3 in a page, which are 4.4 MB of its text: in base64 four letters hold three bytes."""
_PLAYER_RATE = 16_000
_LONGEST_SECONDS = 15.0
_SHORTENING = 0.9
_COLUMNS = 240
_HEIGHT = 48
_QUIETEST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """What is kept of a recording: its outline, its length, the beginning that can be heard, and that as MP3."""

    outline: str
    seconds: float
    beginning: Waveform
    sound: bytes


def clip_pictures(
    shown: Iterable[tuple[Record, Measurements | None]], folder: Path, *, most_bytes: int = PLAYER_BYTES
) -> list[str]:
    """Return HTML with outline and player of each recording; says so where one cannot be read.

    Parameters
    ----------
    shown : Iterable[tuple[Record, Measurements | None]]
        The records and what was measured of their recordings; nothing is shown of one that was not measured.
    folder : Path
        The manifest's.
    most_bytes : int
        Of MP3 in all players together.
    """
    clips = ["" if measured is None else _load(record, folder, measured) for record, measured in shown]
    most = _even_limit([len(clip.sound) for clip in clips if isinstance(clip, _Clip)], most_bytes)
    return [_picture(clip, most) if isinstance(clip, _Clip) else clip for clip in clips]


def _load(record: Record, folder: Path, measured: Measurements) -> _Clip | str:
    # Of a recording that nobody cut yet the beginning is enough.
    is_long = measured.duration > LONG_SECONDS
    shown_record = record.model_copy(update={"duration": _LONGEST_SECONDS}) if is_long else record
    try:
        waveform = read_audio(shown_record, folder, full_scale=measured.full_scale)
        beginning = waveform.samples[: round(_LONGEST_SECONDS * waveform.sample_rate)]
        shown = resample(Waveform(beginning, waveform.sample_rate), _PLAYER_RATE)
        sound = encode(shown, "mp3")
    except (AudioError, OSError):
        return "<small>the recording cannot be read any more, or is too short to be shown</small>"
    drawn = outline(waveform, min(measured.before, float(waveform.duration)), 0.0 if is_long else measured.after)
    return _Clip(drawn, measured.duration, shown, sound)


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


def _picture(clip: _Clip, most: int) -> str:
    waveform, sound = clip.beginning, clip.sound
    while len(sound) > most and waveform.samples.size > 1:
        # The size of a second varies with what is heard, so that one step may not do.
        kept = int(waveform.samples.size * min(_SHORTENING, _SHORTENING * most / len(sound)))
        waveform = Waveform(waveform.samples[:kept], waveform.sample_rate)
        sound = encode(waveform, "mp3")
    heard = float(waveform.duration)
    cut = "" if heard > clip.seconds - 0.05 else f"<small>the first {heard:.1f} s</small>"
    content = base64.b64encode(sound).decode("ascii")
    return f'{clip.outline}<audio controls preload="none" src="data:audio/mpeg;base64,{content}"></audio>{cut}'


def outline(waveform: Waveform, before: float = 0.0, after: float = 0.0) -> str:
    """Return the highest and lowest sample of each of 240 stretches as an SVG path, the peak at full height.

    Below stand the seconds and the peak; the silence at the edges, in seconds, is shaded.
    """
    seconds = float(waveform.duration)
    top = float(np.abs(waveform.samples).max(initial=0.0))
    parts = [part for part in np.array_split(waveform.samples / max(top, _QUIETEST), _COLUMNS) if part.size]
    middle = _HEIGHT / 2
    upper = [f"{x},{middle - middle * float(part.max()):.1f}" for x, part in enumerate(parts)]
    lower = [f"{x},{middle - middle * float(part.min()) + 0.5:.1f}" for x, part in enumerate(parts)]
    path = "M" + " L".join([*upper, *reversed(lower)]) + "Z"
    shades = "".join(
        f'<rect class="silence" x="{start:.1f}" y="0" width="{wide:.1f}" height="{_HEIGHT}"/>'
        for start, wide in (
            (0.0, _COLUMNS * before / max(seconds, _QUIETEST)),
            (_COLUMNS * (1.0 - after / max(seconds, _QUIETEST)), _COLUMNS * after / max(seconds, _QUIETEST)),
        )
        if wide
    )
    level = 20.0 * np.log10(max(top, _QUIETEST))
    return (
        f'<svg viewBox="0 0 {_COLUMNS} {_HEIGHT}" role="img">{shades}<path d="{path}"/></svg>'
        f'<p class="scale"><span>0</span><span>peak {level:.0f} dBFS</span><span>{seconds:.2f} s</span></p>'
    )

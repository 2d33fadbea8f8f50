"""One recording inside a page: its outline as SVG, and a player of its first seconds. Knows no findings."""

import base64
from pathlib import Path

import numpy as np

from amhctl.audio.files import encode
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.data.records import Record, read_audio

# 15 s of MP3 at this rate are about 60 kB: a page of 60 clips stays under 5 MB.
_PLAYER_RATE = 16_000
_LONGEST_SECONDS = 15.0
_COLUMNS = 240
_HEIGHT = 48


def clip_picture(record: Record, folder: Path) -> str:
    """Return HTML with outline and player of a record's recording; says so where it cannot be read any more."""
    try:
        waveform = read_audio(record, folder)
    except (AudioError, OSError):
        return "<small>the recording cannot be read any more</small>"
    beginning = waveform.samples[: round(_LONGEST_SECONDS * waveform.sample_rate)]
    shown = resample(Waveform(beginning, waveform.sample_rate), _PLAYER_RATE)
    content = base64.b64encode(encode(shown, "mp3")).decode("ascii")
    cut = "" if beginning.size == waveform.samples.size else f"<br><small>the first {_LONGEST_SECONDS:g} s</small>"
    player = f'<audio controls preload="none" src="data:audio/mpeg;base64,{content}"></audio>'
    return f"{outline(waveform)}{player}{cut}"


def outline(waveform: Waveform) -> str:
    """Return the highest and lowest sample of each of 240 stretches as an SVG path; full scale is the full height."""
    parts = [part for part in np.array_split(waveform.samples, _COLUMNS) if part.size]
    middle = _HEIGHT / 2
    upper = [f"{x},{middle - middle * min(1.0, float(part.max())):.1f}" for x, part in enumerate(parts)]
    lower = [f"{x},{middle - middle * max(-1.0, float(part.min())) + 0.5:.1f}" for x, part in enumerate(parts)]
    path = "M" + " L".join([*upper, *reversed(lower)]) + "Z"
    return f'<svg viewBox="0 0 {_COLUMNS} {_HEIGHT}" role="img"><path d="{path}"/></svg>'

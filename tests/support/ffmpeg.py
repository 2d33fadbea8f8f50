"""What FFmpeg finds in a sound file: AAC, which libsndfile does not decode, and tags and chapters of every format."""

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np

from amhctl.audio.waveform import Waveform


def decode_aac(content: bytes) -> Waveform:
    """Return the sound of an ADTS stream or an MPEG-4 file."""
    with _open(content) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    return Waveform(np.concatenate(frames).astype(np.float32), rate)


def read_chapters(content: bytes) -> list[tuple[str, Fraction]]:
    """Return the title and the start in seconds of each chapter."""
    with _open(content) as container:
        return [(each["metadata"]["title"], each["start"] * each["time_base"]) for each in container.chapters()]


def read_tags(content: bytes) -> dict[str, str]:
    """Return the tags of a file."""
    with _open(content) as container:
        return dict(container.metadata)


def _open(content: bytes) -> Any:
    return av.open(io.BytesIO(content))

"""Samples as bytes that go out while more are made: 16-bit PCM, alone or after the header of a WAV file."""

import io
import struct
from typing import Final

import numpy as np
import soundfile

from amhctl.audio.tags import Tags, write_tags
from amhctl.audio.waveform import Waveform

_UNKNOWN: Final = 0xFFFFFFFF
_SIZE = struct.Struct("<I")


def encode_pcm(waveform: Waveform) -> bytes:
    """Return mono samples as 16-bit little-endian PCM, clipped to [-1, 1]: the same numbers as in a WAV file."""
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", waveform.sample_rate, 1, "PCM_16", format="RAW", endian="LITTLE") as sound:
        sound.write(np.clip(waveform.samples, -1.0, 1.0))
    return target.getvalue()


def wav_header(sample_rate: int, tags: Tags) -> bytes:
    """Return what precedes the samples in a WAV file whose length is not known yet.

    Both sizes are 0xFFFFFFFF, the largest there is: so ffmpeg and SoX write to pipes, and players read to the end.
    """
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", sample_rate, 1, "PCM_16", format="WAV") as sound:
        write_tags(sound, tags)
        sound.write(np.zeros(0, dtype=np.float32))
    header = target.getvalue()
    before, mark, _ = header.rpartition(b"data")
    return before[:4] + _SIZE.pack(_UNKNOWN) + before[8:] + mark + _SIZE.pack(_UNKNOWN)

"""A spectrogram as a picture. Knows nothing of pages."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amhctl.audio.mel import log_mel
from amhctl.audio.waveform import Waveform
from amhctl.config.mel import MelConfig
from amhctl.evaluation.clips import at_analysis_rate

_MEL = MelConfig(sample_rate=16_000, fft_samples=512, window_samples=400, hop_samples=160, bins=80)
# Natural-log units below the loudest point: 70 dB, about what a quiet room leaves to see.
_RANGE = 8.0
# Dark to light through hues that keep their order in grey print and for colour-blind readers.
_ANCHORS = ((0, 0, 4), (59, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191))


def spectrogram_png(waveform: Waveform) -> bytes:
    """Return the log-mel spectrogram of a clip as a PNG: 80 pixels high, 100 pixels a second, low pitch at the foot."""
    mel_TF = log_mel(at_analysis_rate(waveform).samples, _MEL)
    top = float(mel_TF.max())
    levels_TF = np.clip((mel_TF - (top - _RANGE)) / _RANGE, 0.0, 1.0)
    picture = Image.fromarray(np.round(levels_TF * 255.0).astype(np.uint8).T[::-1])
    picture.putpalette(_palette().tobytes())
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    return content.getvalue()


def _palette() -> NDArray[np.uint8]:
    anchors = np.array(_ANCHORS, dtype=np.float64)
    positions = np.linspace(0.0, len(anchors) - 1.0, 256)
    channels = [np.interp(positions, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)

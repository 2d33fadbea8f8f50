"""The log-mel spectrogram that s2mel writes and BigVGAN reads.

Shapes: ``N samples, T frames, F mel bins``.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from amhctl.audio.mel import mel_filterbank
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError

MEL = MelConfig(
    sample_rate=22_050, fft_samples=1_024, window_samples=1_024, hop_samples=256, bins=80, high_hertz=11_025.0
)
"""Its sizes and band."""
_EDGE = (MEL.fft_samples - MEL.hop_samples) // 2
_MAGNITUDE_EPS = 1e-9
_LOG_FLOOR = 1e-5


def prompt_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spectrogram of a clip at 22,050 Hz, shape (F, N // 256).

    Unlike ``audio.mel.log_mel``: edges are reflected, and frame t is centred half a hop after ``t * hop``.

    Raises
    ------
    AudioError
        If the clip is shorter than a hop or than what is reflected.
    """
    if samples.size <= _EDGE:
        raise AudioError(f"{samples.size} samples are too few for a spectrogram, which needs {_EDGE + 1}")
    padded = np.pad(samples.astype(np.float32, copy=False), _EDGE, mode="reflect")
    size = MEL.fft_samples
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    frames_TN = np.lib.stride_tricks.sliding_window_view(padded, size)[:: MEL.hop_samples]
    spectrum_TK = scipy.fft.rfft(frames_TN * window, axis=1)
    magnitude_TK = np.sqrt(np.square(spectrum_TK.real) + np.square(spectrum_TK.imag) + np.float32(_MAGNITUDE_EPS))
    mel_TF: NDArray[np.float32] = np.log(np.maximum(magnitude_TK @ mel_filterbank(MEL), np.float32(_LOG_FLOOR)))
    return np.ascontiguousarray(mel_TF.T)

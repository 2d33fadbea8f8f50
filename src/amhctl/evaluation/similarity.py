"""Whether two clips sound like one speaker: Resemblyzer's packaged speaker encoder. Knows no text.

The network is the speaker encoder of Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018,
with the weights that the ``resemblyzer`` package carries. Only its weights file is used: the package's own loader
imports modules that current setuptools and SciPy no longer have, unpickles without restriction and prints.
Silence is left out by level instead of by WebRTC's detector; the mel front end is the package's.
"""

import importlib.util
from pathlib import Path
from typing import cast

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.core.errors import MissingExtra
from amhctl.evaluation.clips import ANALYSIS_RATE, trim

# Figures of the package's hparams.py: they belong to the weights.
_MEL_BINS = 40
_WIDTH = 256
_LAYERS = 3
_FFT_SAMPLES = 400
_HOP_SAMPLES = 160
_WINDOW_FRAMES = 160
_STEP_FRAMES = 77
_LEVEL = -30.0
_LEAST_COVERAGE = 0.75
_SILENCE_DECIBELS = 30.0


class SpeakerEncoder(nn.Module):
    """Maps a clip to a point on the unit sphere; clips of one speaker lie close together."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_MEL_BINS, _WIDTH, _LAYERS, batch_first=True)
        self.linear = nn.Linear(_WIDTH, _WIDTH)
        self.load_state_dict(_packaged_weights())
        self.eval().requires_grad_(False)

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Return the unit vector of a clip, shape (256,): the mean over overlapping windows of 1.6 s.

        Raises
        ------
        EvaluationError
            If the clip is silent.
        """
        mels = torch.from_numpy(_windows(_speech_only(waveform)))
        _, (hidden, _) = self.lstm(mels)
        windows: Tensor = torch.relu(self.linear(hidden[-1]))
        windows = windows / windows.norm(dim=1, keepdim=True)
        mean = windows.mean(dim=0)
        vector: NDArray[np.float32] = (mean / mean.norm()).numpy()
        return vector


def similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of two embeddings: 1 is the same voice; other speakers of one sex lie near 0.5 to 0.7."""
    return float(np.dot(one, other))


def _packaged_weights() -> dict[str, Tensor]:
    package = importlib.util.find_spec("resemblyzer")
    folders = (package.submodule_search_locations or []) if package else []
    path = next((Path(folder, "pretrained.pt") for folder in folders if Path(folder, "pretrained.pt").is_file()), None)
    if path is None:
        raise MissingExtra(
            "the speaker encoder's weights are not installed", subject="resemblyzer", hint="pip install resemblyzer"
        )
    # The file is older than PyTorch 1.6.
    document = cast("dict[str, dict[str, Tensor]]", read_torch_file(path, allow_old=True))
    state = document["model_state"]
    # The two scalars of the training loss stand in the file and not in the network.
    return {name: value for name, value in state.items() if not name.startswith("similarity_")}


def _speech_only(waveform: Waveform) -> NDArray[np.float32]:
    clip = trim(waveform)
    levels = frame_levels(clip)
    size = clip.samples.size // levels.size
    frames = clip.samples[: size * levels.size].reshape(levels.size, size)
    speech = frames[levels > speech_level(clip) - _SILENCE_DECIBELS].reshape(-1)
    level = 10.0 * np.log10(float(np.mean(np.square(speech, dtype=np.float64))) + 1e-12)
    gain = 10.0 ** (max(0.0, _LEVEL - level) / 20.0)
    return (speech * np.float32(gain)).astype(np.float32)


def _windows(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return overlapping windows of the power mel spectrogram, shape (windows, 160, 40)."""
    frames = -(-(samples.size + 1) // _HOP_SAMPLES)
    starts = list(range(0, max(1, frames - _WINDOW_FRAMES + _STEP_FRAMES + 1), _STEP_FRAMES))
    window_samples = _WINDOW_FRAMES * _HOP_SAMPLES
    covered = (samples.size - starts[-1] * _HOP_SAMPLES) / window_samples
    if covered < _LEAST_COVERAGE and len(starts) > 1:
        starts.pop()
    end = starts[-1] * _HOP_SAMPLES + window_samples
    padded = np.pad(samples, (0, max(0, end - samples.size)))
    mel = librosa.feature.melspectrogram(
        y=padded, sr=ANALYSIS_RATE, n_fft=_FFT_SAMPLES, hop_length=_HOP_SAMPLES, n_mels=_MEL_BINS
    ).T
    return np.stack([mel[start : start + _WINDOW_FRAMES] for start in starts]).astype(np.float32)

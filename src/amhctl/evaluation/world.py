"""WORLD's analysis of speech: pitch and spectral envelope. Knows nothing of distances.

WORLD is Morise, Yokomori and Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications", IEICE Trans. Inf. Syst. E99-D(7), 2016. Pitch is DIO refined by StoneMask (Harvest takes twenty times
as long and moves the median pitch of read speech by less than one per cent); the envelope is CheapTrick's.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.pitch import load_world
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError

FRAME_MILLISECONDS = 5.0
# The all-pass constant whose warping is nearest to the mel scale at 16 kHz (Tokuda, Kobayashi, Masuko and Imai,
# "Mel-generalized cepstral analysis", ICSLP 1994).
_WARPING_16K = 0.42
_ANALYSIS_RATE = 16_000


@dataclass(frozen=True, slots=True, eq=False)
class WorldAnalysis:
    """Pitch and envelope of one clip at 16 kHz, every 5 ms.

    Attributes
    ----------
    pitch_S : NDArray[np.float64]
        Hertz; 0 where the frame is unvoiced.
    cepstra_SC : NDArray[np.float64]
        Mel-cepstral coefficients, the energy coefficient c0 first.
    """

    pitch_S: NDArray[np.float64]
    cepstra_SC: NDArray[np.float64]


def analyse(waveform: Waveform, *, order: int = 24) -> WorldAnalysis:
    """Return pitch and mel-cepstra c0 … c_order of a waveform at 16 kHz.

    Raises
    ------
    EvaluationError
        If the waveform is not at 16 kHz or is too short to analyse.
    """
    if waveform.sample_rate != _ANALYSIS_RATE:
        raise EvaluationError(f"WORLD analysis expects {_ANALYSIS_RATE} Hz, not {waveform.sample_rate}")
    if waveform.duration < 0.05:
        raise EvaluationError(f"a clip of {waveform.duration:.3f} s is too short to analyse")
    samples = waveform.samples.astype(np.float64)
    # Digital silence has no envelope; a hiss at -120 dBFS gives it one without touching anything audible.
    samples = samples + np.random.default_rng(0).normal(0.0, 1e-6, samples.size)
    world = load_world()
    coarse, times = world.dio(samples, _ANALYSIS_RATE, frame_period=FRAME_MILLISECONDS)
    pitch_S: NDArray[np.float64] = world.stonemask(samples, coarse, times, _ANALYSIS_RATE)
    envelope_SK: NDArray[np.float64] = world.cheaptrick(samples, pitch_S, times, _ANALYSIS_RATE)
    return WorldAnalysis(pitch_S, mel_cepstra(envelope_SK, order=order))


def mel_cepstra(power_SK: NDArray[np.float64], *, order: int, warping: float = _WARPING_16K) -> NDArray[np.float64]:
    """Return the mel-cepstra of power envelopes: the cepstrum of the log amplitude, frequency-warped by an all-pass.

    Shapes: (S, K) power at K = 1 + fft/2 frequencies to (S, order + 1).
    """
    log_amplitude_SK = 0.5 * np.log(np.maximum(power_SK, 1e-20))
    cepstra = np.fft.irfft(log_amplitude_SK, axis=1)
    bins = power_SK.shape[1]
    minimum_phase = cepstra[:, :bins].copy()
    minimum_phase[:, 1 : bins - 1] *= 2.0
    return minimum_phase @ _warping_matrix(bins, order, warping)


@cache
def _warping_matrix(inputs: int, order: int, warping: float) -> NDArray[np.float64]:
    """Return the linear map of cepstra to warped cepstra, shape (inputs, order + 1).

    The recursion is Oppenheim and Johnson's, "Discrete representation of signals", Proc. IEEE 60(6), 1972, as in the
    ``freqt`` of SPTK, run once with the unit vectors as input.
    """
    warped = np.zeros((order + 1, inputs))
    for index in range(inputs - 1, -1, -1):
        previous = warped.copy()
        warped[0] = warping * previous[0]
        warped[0, index] += 1.0
        if order:
            warped[1] = (1.0 - warping**2) * previous[0] + warping * previous[1]
        for degree in range(2, order + 1):
            warped[degree] = previous[degree - 1] + warping * (previous[degree] - warped[degree - 1])
    matrix = warped.T.copy()
    matrix.setflags(write=False)
    return matrix

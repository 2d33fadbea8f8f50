"""What a codec loses: PESQ and STOI of a clip against the same clip encoded and decoded. Sample-aligned clips only.

PESQ is ITU-T P.862.2 (wideband, MOS-LQO from 1.04 to 4.64); STOI is Taal, Hendriks, Heusdens and Jensen, "An algorithm
for intelligibility prediction of time-frequency weighted noisy speech", IEEE Trans. ASLP 19(7), 2011, from 0 to 1.
"""

from dataclasses import dataclass

import numpy as np
from pesq import NoUtterancesError, PesqError, pesq
from pystoi import stoi

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation.clips import ANALYSIS_RATE, at_analysis_rate

# Both measures need some speech: PESQ's level alignment a quarter of a second, STOI thirty frames of 12.8 ms.
_SHORTEST_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How near a decoded clip is to the one that was encoded.

    Attributes
    ----------
    pesq : float
        Wideband MOS-LQO.
    stoi : float
        Short-time objective intelligibility.
    """

    pesq: float
    stoi: float


def compare(original: Waveform, decoded: Waveform) -> Fidelity:
    """Return PESQ and STOI of a decoded clip; the longer of the two is cut to the shorter.

    Raises
    ------
    EvaluationError
        If the clip is too short or holds no speech.
    """
    one, other = at_analysis_rate(original).samples, at_analysis_rate(decoded).samples
    length = min(one.size, other.size)
    if length < _SHORTEST_SECONDS * ANALYSIS_RATE:
        raise EvaluationError(f"{length / ANALYSIS_RATE:.2f} s are too short for PESQ and STOI")
    one, other = one[:length], other[:length]
    if not one.any() or not other.any():
        raise EvaluationError("PESQ and STOI need two clips that are not silent")
    try:
        quality = pesq(ANALYSIS_RATE, one.astype(np.float64), other.astype(np.float64), "wb")
    except (NoUtterancesError, PesqError) as fault:
        raise EvaluationError("PESQ finds no speech in the clip") from fault
    return Fidelity(pesq=float(quality), stoi=float(stoi(one, other, ANALYSIS_RATE)))

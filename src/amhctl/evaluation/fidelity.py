"""What a codec loses: PESQ and STOI of a clip against the same clip encoded and decoded. Sample-aligned clips only.

PESQ is ITU-T P.862.2 (wideband, MOS-LQO from 1.04 to 4.64); STOI, from 0 to 1, is ``audio.intelligibility``.
"""

from dataclasses import dataclass

import numpy as np
from pesq import NoUtterancesError, PesqError, pesq

from amhctl.audio.intelligibility import SHORTEST_SECONDS, intelligibility
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.evaluation.clips import ANALYSIS_RATE, at_analysis_rate


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
    # STOI needs more than PESQ, whose level alignment takes a quarter of a second.
    if length < SHORTEST_SECONDS * ANALYSIS_RATE:
        raise EvaluationError(f"{length / ANALYSIS_RATE:.2f} s are too short for PESQ and STOI")
    one, other = one[:length], other[:length]
    if not one.any() or not other.any():
        raise EvaluationError("PESQ and STOI need two clips that are not silent")
    try:
        quality = pesq(ANALYSIS_RATE, one.astype(np.float64), other.astype(np.float64), "wb")
    except (NoUtterancesError, PesqError) as fault:
        raise EvaluationError("PESQ finds no speech in the clip") from fault
    understood = intelligibility(one, other, ANALYSIS_RATE)
    if understood is None:
        raise EvaluationError("the clip is mostly silence: too little speech for STOI")
    return Fidelity(pesq=float(quality), stoi=understood)

"""DNSMOS: a machine's guess at how clean and natural a clip sounds. Not validated for Amharic.

The models are those that the ``speechmos`` package carries: Reddy, Gopal and Cutler, "DNSMOS P.835", ICASSP 2022, and
"DNSMOS", ICASSP 2021. They were fitted to ratings of noise-suppressed English and tell nothing about whether Amharic is
pronounced well.
"""

from dataclasses import dataclass

import numpy as np
from speechmos import dnsmos

from amhctl.audio.waveform import Waveform
from amhctl.evaluation.clips import ANALYSIS_RATE, at_analysis_rate

NOTE = "not validated for Amharic"


@dataclass(frozen=True, slots=True)
class Naturalness:
    """DNSMOS scores of one clip, each from 1 to 5.

    Attributes
    ----------
    overall, signal, background : float
        The P.835 model's scales.
    p808 : float
        The single-scale model's.
    """

    overall: float
    signal: float
    background: float
    p808: float


def score(waveform: Waveform) -> Naturalness:
    """Return the DNSMOS scores of a clip; one shorter than 9 s is repeated, as the models expect."""
    samples = np.clip(at_analysis_rate(waveform).samples, -1.0, 1.0)
    scores = dnsmos.run(samples, sr=ANALYSIS_RATE)
    return Naturalness(
        overall=float(scores["ovrl_mos"]),
        signal=float(scores["sig_mos"]),
        background=float(scores["bak_mos"]),
        p808=float(scores["p808_mos"]),
    )

"""DNSMOS: a machine's guess at how clean and natural a clip sounds. Not validated for Amharic.

The models are those that the ``speechmos`` package carries: Reddy, Gopal and Cutler, "DNSMOS P.835", ICASSP 2022, and
"DNSMOS", ICASSP 2021. They were fitted to ratings of noise-suppressed English and tell nothing about whether Amharic is
pronounced well.
"""

from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
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
    scores = _rater()(samples, ANALYSIS_RATE, is_personalized_MOS=False)
    return Naturalness(
        overall=float(scores["ovrl_mos"]),
        signal=float(scores["sig_mos"]),
        background=float(scores["bak_mos"]),
        p808=float(scores["p808_mos"]),
    )


def score_apart(waveform: Waveform) -> Naturalness:
    """Return the mean DNSMOS scores of windows of 9 s that do not overlap, the last one left out if it is not whole.

    `score` takes a window every second, and so five windows of a clip of 6 s, which is repeated to 12 s. For a figure
    of one clip before and after something was done to it, one of them does, in a fifth of the time.
    """
    samples = at_analysis_rate(waveform).samples
    size = round(dnsmos.INPUT_LENGTH * ANALYSIS_RATE)
    if samples.size < size:
        samples = np.resize(samples, size)
    parts = samples[: samples.size // size * size].reshape(-1, size)
    scores = [score(Waveform(part, ANALYSIS_RATE)) for part in parts]
    return Naturalness(*np.mean([astuple(one) for one in scores], axis=0).tolist())


@cache
def _rater() -> dnsmos.DNSMOS:
    """Return the package's scorer with sessions of one thread each.

    By default onnxruntime's threads spin while they wait, which takes five times as long on a busy machine.
    """
    folder = Path(dnsmos.__file__).parent / "dnsmos_models"
    primary, single = str(folder / "sig_bak_ovr.onnx"), str(folder / "model_v8.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    rater = dnsmos.DNSMOS(primary, single)
    rater.onnx_sess = onnxruntime.InferenceSession(primary, options)
    rater.p808_onnx_sess = onnxruntime.InferenceSession(single, options)
    return rater

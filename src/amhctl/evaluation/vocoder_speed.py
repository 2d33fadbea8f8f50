"""How fast a vocoder turns spectrograms into sound, by how many threads. Measures, does not judge.

Shapes: ``T frames, F mel bins``.
"""

import numpy as np
import torch

from amhctl.codec.vocoder import Vocoder
from amhctl.core.units import Seconds
from amhctl.evaluation.speed import median_time


def time_synthesis(vocoder: Vocoder, *, seconds: Seconds, threads: int, repetitions: int) -> Seconds:
    """Return the median time for so many seconds of sound; of drawn noise, which costs what speech does."""
    mel = vocoder.spec.mel
    frames = round(seconds * mel.sample_rate / mel.hop_samples)
    mel_TF = np.random.default_rng(0).normal(-6.0, 1.5, (frames, mel.bins)).astype(np.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        vocoder.synthesise([mel_TF])
        return median_time(lambda: vocoder.synthesise([mel_TF]), repetitions=repetitions)
    finally:
        torch.set_num_threads(before)

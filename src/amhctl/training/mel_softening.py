"""Spectrograms as a voice draws them: a little smoother than what is measured of a recording, and never quite right.

A vocoder that has met only measured ones makes a rough sound of drawn ones. A pure function of a seed.

Shapes: ``B segments, T frames, F mel bins``.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# A binomial window of five: what is in between two frames or bins is still seen, what changes with every one is not.
_WEIGHTS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def soften(mel_BTF: Tensor, *, blur: float, noise: float, seed: int) -> Tensor:
    """Return log-mel spectrograms, some of them blurred in time and frequency, with noise; each by a random amount.

    Parameters
    ----------
    mel_BTF : Tensor
        Natural log-mel.
    blur : float
        Fraction of the segments that are blurred.
    noise : float
        Largest standard deviation of a segment's noise.
    seed : int
        Of every choice.
    """
    if not (blur or noise):
        return mel_BTF
    random = np.random.default_rng(seed)
    count = len(mel_BTF)

    def column(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(mel_BTF.device)[:, None, None]

    strength = random.uniform(0.0, 1.0, count) * (random.uniform(size=count) < blur)
    deviation = random.uniform(0.0, noise, count)
    softened = mel_BTF + column(strength) * (_blurred(mel_BTF) - mel_BTF)
    gaussian = random.standard_normal(tuple(mel_BTF.shape), dtype=np.float32)
    return softened + column(deviation) * torch.from_numpy(gaussian).to(mel_BTF.device)


def _blurred(mel_BTF: Tensor) -> Tensor:
    weights = torch.tensor(_WEIGHTS, device=mel_BTF.device)
    kernel = (weights[:, None] * weights)[None, None]
    edge = len(_WEIGHTS) // 2
    padded = functional.pad(mel_BTF[:, None], (edge,) * 4, mode="replicate")
    return functional.conv2d(padded, kernel)[:, 0]

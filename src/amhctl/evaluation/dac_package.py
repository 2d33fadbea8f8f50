"""The command line of descript-audio-codec, to be measured against. Times nothing itself.

``python -m dac encode`` measures loudness with ``torchaudio.functional.lfilter``. Where torchaudio cannot be loaded
(``codec/dac.py`` says when), that one function is scipy's here, which computes the same, so that the package can run at
all.
"""

import importlib
import runpy
import sys
import types

import numpy as np
import scipy.signal
import torch
from torch import Tensor

from amhctl.codec.dac import import_dac


def run_package(arguments: list[str]) -> None:
    """Run ``python -m dac`` with some arguments in this process.

    Raises
    ------
    MissingExtra
        If descript-audio-codec cannot be imported.
    """
    import_dac()
    loudness = importlib.import_module("audiotools.core.loudness")
    names = vars(loudness)
    if type(names["torchaudio"]) is not types.ModuleType:
        names["torchaudio"] = types.SimpleNamespace(functional=types.SimpleNamespace(lfilter=filter_samples))
    sys.argv = ["dac", *arguments]
    runpy.run_module("dac", run_name="__main__")


def filter_samples(samples: Tensor, feedback: Tensor, feedforward: Tensor, clamp: bool = True) -> Tensor:
    """Return samples after a recursive filter along the last axis, as ``torchaudio.functional.lfilter`` does.

    Parameters
    ----------
    samples : Tensor
        Any shape, time last.
    feedback, feedforward : Tensor
        Coefficients of the denominator and of the numerator, lowest delay first.
    clamp : bool
        Whether the result is held within -1 and 1.
    """
    filtered = scipy.signal.lfilter(feedforward.numpy(), feedback.numpy(), samples.numpy(), axis=-1)
    result = torch.from_numpy(np.ascontiguousarray(filtered)).to(samples.dtype)
    return result.clamp(-1.0, 1.0) if clamp else result

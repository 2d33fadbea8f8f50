"""Pitch of speech by WORLD: DIO refined by StoneMask, searched in the range of the voice. Knows nothing of files.

WORLD is Morise, Yokomori and Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications", IEICE Trans. Inf. Syst. E99-D(7), 2016. A first pass finds the range of the voice, a second one searches
in that alone, so that doubled and halved pitch at creaky ends finds no place (De Looze and Hirst, "Detecting changes in
key and range for the automatic modelling and coding of intonation", Speech Prosody 2008).

On 24 clips of one man (``tools/measure_acoustics.py``), of a thousand values two lie further than 0.7 octaves from the
median of their clip where one pass leaves four, and two jump by 0.4 octaves where four did, for no more time: the first
pass is a coarse one. Harvest takes 25 times as long and calls 0.76 of the frames voiced instead of 0.63, noise among
them: 54 values of a thousand lie far off.

``pyworld/__init__.py`` asks ``pkg_resources`` for its own version, and setuptools no longer ships that module. The
compiled extension beside it needs nothing of the kind, so it is loaded by its file.

Shapes: ``N samples, T frames``.
"""

import importlib.machinery
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import MissingExtra

# Decimates more for the search of the range alone; StoneMask then works on the samples as they are.
_COARSE_SPEED = 4
# Read speech keeps within these factors of its lower and its upper quartile.
_BELOW, _ABOVE = 0.7, 1.6
# With fewer voiced frames a clip says nothing of its range.
_FEWEST_FRAMES = 10
# DIO asks for some periods of the lowest pitch.
_SHORTEST_SECONDS = 0.1


def find_pitch(
    samples: NDArray[np.float32], sample_rate: int, hop_samples: int, *, floor: float, ceiling: float
) -> NDArray[np.float32]:
    """Return the pitch in hertz at every ``hop_samples``-th sample, 0 where it is unvoiced, shape (ceil(N / hop),).

    Parameters
    ----------
    samples : NDArray[np.float32]
        Shape (N,), at least one sample.
    sample_rate : int
        Samples per second.
    hop_samples : int
        Samples from one frame to the next; frame t is centred on sample ``t * hop_samples``.
    floor, ceiling : float
        Lowest and highest pitch sought, in hertz.

    Raises
    ------
    MissingExtra
        If pyworld is not installed.
    """
    frames = -(-samples.size // hop_samples)
    room = max(frames * hop_samples, round(_SHORTEST_SECONDS * sample_rate))
    padded = np.pad(samples.astype(np.float64), (0, room - samples.size))
    coarse = _search(padded, sample_rate, hop_samples, floor, ceiling, speed=_COARSE_SPEED)
    voiced = coarse[coarse > 0]
    if voiced.size >= _FEWEST_FRAMES:
        lower, upper = np.quantile(voiced, (0.25, 0.75))
        floor, ceiling = max(floor, _BELOW * lower), min(ceiling, _ABOVE * upper)
    pitch = _search(padded, sample_rate, hop_samples, floor, ceiling, speed=1)[:frames]
    # StoneMask refines beyond the range that was searched, and a value far out of it is no pitch.
    found: NDArray[np.float32] = np.where((pitch >= floor) & (pitch <= ceiling), pitch, 0.0).astype(np.float32)
    return found


def _search(
    samples: NDArray[np.float64], sample_rate: int, hop_samples: int, floor: float, ceiling: float, *, speed: int
) -> NDArray[np.float64]:
    world = load_world()
    period = 1000.0 * hop_samples / sample_rate
    coarse, times = world.dio(samples, sample_rate, f0_floor=floor, f0_ceil=ceiling, frame_period=period, speed=speed)
    refined: NDArray[np.float64] = world.stonemask(samples, coarse, times, sample_rate)
    return refined


@cache
def load_world() -> ModuleType:
    """Load the compiled half of pyworld.

    Raises
    ------
    MissingExtra
        If it is not installed.
    """
    package = importlib.util.find_spec("pyworld")
    for folder in (package.submodule_search_locations or []) if package else []:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder, f"pyworld{suffix}")
            spec = importlib.util.spec_from_file_location("pyworld.pyworld", path) if path.is_file() else None
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module
    raise MissingExtra("pyworld is not installed", subject="pyworld", hint="pip install pyworld")

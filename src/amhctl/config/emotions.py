"""The eight emotions that IndexTTS-2 knows as numbers. No torch."""

import math

from amhctl.core.errors import OptionError

EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
"""Their names, in the order of the published tables."""
Weights = tuple[float, ...]
"""A weight for each of them."""
_OPTION = "--emotion-weights"


def parse_emotions(text: str) -> Weights:
    """Return the weights that a text names, such as ``happy=0.6,calm=0.2``; 0 for emotions that it does not name.

    Raises
    ------
    OptionError
        If a name is unknown or named twice, a weight is no number between 0 and 1, or they are more than 1 in all.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (each.strip() for each in part.partition("="))
        if name not in EMOTIONS or name in weights:
            fault = "named twice" if name in weights else "unknown"
            raise _refused(f"the emotion {name!r} is {fault}")
        weights[name] = _weight(name, value)
    if (total := math.fsum(weights.values())) > 1.0:
        raise _refused(f"the weights are {total:g} in all, more than 1")
    return tuple(weights.get(name, 0.0) for name in EMOTIONS)


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        raise _refused(f"the weight of {name} is {value!r}, not a number") from None
    if not 0.0 <= weight <= 1.0:
        raise _refused(f"the weight of {name} is {weight:g}, not between 0 and 1")
    return weight


def _refused(message: str) -> OptionError:
    return OptionError(message, subject=_OPTION, hint=f"NAME=WEIGHT, joined by commas; names: {', '.join(EMOTIONS)}")

"""Measure how a voice follows ``speak --speed``: ``python tools/measure_speed.py VOICE TEXTS``.

TEXTS has a text a line. Each is said at each speed, and a line is fitted to the logarithms: its slope is -1 where
speech at twice the speed takes half the time, and 0 where the speed changes nothing. The slope is the mean of those of
the texts (each has a line of its own, since some are longer than others), with a 95 % interval by resampling the texts.

    slope   of log seconds against log speed
    low, high   ends of its interval
    seconds mean length at each speed, of the texts that were said at all of them

Lengths are from the first to the last sound that is heard, without the pauses between sentences: neither these nor the
short silence around speech depend on the speed. A voice in training may say what is no speech yet, or find no end: the
former is measured as it is, the latter is counted and left out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.levels import frame_levels, speech_level
from amhctl.core.errors import AmhctlError, UnspeakableError
from amhctl.evaluation.bootstrap import estimate_mean
from amhctl.inference.assemble import load_voice
from amhctl.inference.judge import LENIENT
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Speech
from amhctl.inference.voice import Voice

SPEEDS = (0.5, 0.7, 1.0, 1.4, 2.0)
# Background and breath lie further below speech.
_HEARD_DECIBELS = 30.0


@dataclass(frozen=True, slots=True)
class Following:
    """How a voice follows a speed, see the head of this file."""

    voice: str
    slope: float
    low: float
    high: float
    speeds: tuple[float, ...]
    seconds: tuple[float, ...]
    texts: int
    endless: int


def fit_slopes(speeds: Sequence[float], seconds_NS: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slope of log seconds against log speed of each text, shape (texts,), by least squares."""
    steps_S = np.log(np.asarray(speeds, dtype=np.float64))
    steps_S = steps_S - steps_S.mean()
    slopes_N: NDArray[np.float64] = np.log(seconds_NS) @ steps_S / (steps_S @ steps_S)
    return slopes_N


def say(voice: Voice, text: str, speeds: Sequence[float], seed: int) -> list[float] | None:  # type: ignore[type-arg]
    """Return how many seconds a text lasts at each speed; None if the voice finds no end at one of them."""
    try:
        return [
            _heard_seconds(voice.speak(text, SpeakOptions(seed=seed, speed=speed, attempts=1, limits=LENIENT)))
            for speed in speeds
        ]
    except UnspeakableError:
        return None


def _heard_seconds(speech: Speech) -> float:
    levels = frame_levels(speech.waveform)
    heard = np.flatnonzero(levels > speech_level(speech.waveform) - _HEARD_DECIBELS)
    seconds = float(heard[-1] - heard[0] + 1) * float(speech.waveform.duration) / levels.size
    return seconds - sum(segment.pause for segment in speech.segments[:-1])


def measure(place: str, texts: Sequence[str], speeds: Sequence[float], seed: int) -> Following:
    """Return how a voice follows the speeds that it can be told."""
    voice = load_voice(place)
    slowest, fastest = voice.speeds
    told = tuple(speed for speed in speeds if speed == 1.0 or slowest <= speed <= fastest)
    if len(told) < 2:
        sys.exit(f"{place}: it can be told speeds from {slowest:g} to {fastest:g}, and fewer than two are among those")
    said = [say(voice, text, told, seed) for text in texts]
    seconds_NS = np.array([seconds for seconds in said if seconds is not None])
    if not seconds_NS.size:
        sys.exit(f"{place}: it finds no end in any of the texts")
    found = estimate_mean(fit_slopes(told, seconds_NS), seed=seed)
    return Following(
        voice=place,
        slope=found.value,
        low=found.low,
        high=found.high,
        speeds=told,
        seconds=tuple(seconds_NS.mean(axis=0).tolist()),
        texts=len(seconds_NS),
        endless=len(said) - len(seconds_NS),
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--speeds", type=float, nargs="+", default=SPEEDS, help="those it can be told are measured")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    texts = [line.strip() for line in arguments.texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not texts:
        sys.exit(f"{arguments.texts}: no text")
    found = measure(arguments.voice, texts, arguments.speeds, arguments.seed)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
        return
    for speed, seconds in zip(found.speeds, found.seconds, strict=True):
        sys.stdout.write(f"at {speed:<5g}{seconds:8.2f} s\n")
    sys.stdout.write(f"slope {found.slope:.3f} ({found.low:.3f} to {found.high:.3f}), {found.texts} texts\n")
    if found.endless:
        sys.stdout.write(f"{found.endless} texts left out: the voice found no end\n")


if __name__ == "__main__":
    try:
        main()
    except AmhctlError as error:
        sys.exit(f"error: {error}")

"""Whether questions rise: the pitch at the end of questions and of statements, in recordings and as a voice says them.

    python tools/measure_questions.py MANIFEST [--voice VOICE] [--speaker NAME] [--limit 20]

How far the median pitch of the last 0.2 s of voiced speech lies above that between 0.6 and 0.3 s before its end, in
semitones: the mean over clips that end in ``?`` or ``፧``, and over those that end in ``።``. A voice says the same
sentences once with either mark.
"""

import argparse
import math
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from amhctl.audio.pitch import find_pitch
from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import read_audio, read_records
from amhctl.inference.assemble import load_voice
from amhctl.inference.options import SpeakOptions

_RATE, _HOP = 16_000, 160
_FLOOR, _CEILING = 60.0, 500.0
_QUESTION, _STATEMENT = ("?", "፧"), ("።",)
# Voiced frames of 10 ms, from the end.
_LAST, _BEFORE = 20, (60, 30)


def rise(waveform: Waveform) -> float | None:
    """Return by how many semitones the pitch rises at the end, or None where too little of it is voiced."""
    clip = bring_to(waveform, level=-20.0, sample_rate=_RATE)
    pitch = find_pitch(clip.samples, sample_rate=_RATE, hop_samples=_HOP, floor=_FLOOR, ceiling=_CEILING)
    voiced = np.log2(pitch[pitch > 0]) * 12.0
    if voiced.size < _BEFORE[0]:
        return None
    return float(np.median(voiced[-_LAST:]) - np.median(voiced[-_BEFORE[0] : -_BEFORE[1]]))


def shown(rises: list[float]) -> str:
    """Return a mean with its standard error in words."""
    if len(rises) < 2:
        return f"{len(rises)} clips"
    return f"{fmean(rises):+.2f} ± {stdev(rises) / math.sqrt(len(rises)):.2f} semitones, {len(rises)} clips"


def main() -> None:
    """Read the command line, measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--voice")
    parser.add_argument("--speaker", help="whose recordings, and as whom the voice speaks")
    parser.add_argument("--limit", type=int, default=20, help="sentences that the voice says")
    options = parser.parse_args()
    records = [one for one in read_records(options.manifest) if options.speaker in (None, one.speaker)]
    for name, marks in (("questions", _QUESTION), ("statements", _STATEMENT)):
        ending = [one for one in records if one.text.strip().endswith(marks)]
        rises = [rise(read_audio(one, options.manifest.parent)) for one in ending]
        print(f"recorded {name}: {shown([one for one in rises if one is not None])}")  # noqa: T201
    if options.voice is None:
        return
    voice = load_voice(options.voice)
    texts = [one.text.strip().rstrip("?፧።!") for one in records[: options.limit]]
    for name, mark in (("questions", "?"), ("statements", "።")):
        spoken = [voice.speak(text + mark, SpeakOptions(person=options.speaker)).waveform for text in texts]
        found = [rise(one) for one in spoken]
        print(f"spoken {name}: {shown([one for one in found if one is not None])}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

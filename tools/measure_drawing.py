"""How a FlowVoice sounds by how it draws: fewer or more steps, guidance, noise; quality beside time.

    python tools/measure_drawing.py VOICE MANIFEST --limit 12 --drawing 6,1,0.7 --drawing 4,1,0.7 --drawing 6,0,0.7

A drawing is ``steps,guidance,noise``, or with ``,sharpness`` too. Each says the same sentences of MANIFEST by
the same seed. Printed are DNSMOS (P.808 and overall, not validated for Amharic), the warped MFCC distance to the own
recording, the share of sentences nearest to their own recording, and the real-time factor by processor time and by the
clock; first of all the recordings' DNSMOS.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import Record, read_audio, read_records
from amhctl.evaluation import naturalness, textmatch
from amhctl.inference.assemble import load_voice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_sampling import FlowSampling


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one way of drawing gave, means over the sentences."""

    p808: float
    overall: float
    distance: float
    match: float
    processor: float
    clock: float


def measure(
    voice: SpectrogramVoice,
    records: Sequence[Record],
    cepstra: tuple[NDArray[np.float64], ...],
    drawing: FlowSampling,
    seed: int,
) -> Drawn:
    """Let a voice say sentences in one way and measure them.

    Parameters
    ----------
    voice : SpectrogramVoice
        The voice.
    records : Sequence[Record]
        What to say, and who, where the voice has that speaker.
    cepstra : tuple[NDArray[np.float64], ...]
        Those of the recordings, from ``textmatch.cepstra``.
    drawing : FlowSampling
        How.
    seed : int
        Of the speech.
    """
    spoken: list[Waveform] = []
    clock, processor = perf_counter(), process_time()
    for record in records:
        person = record.speaker if record.speaker in voice.speakers else None
        spoken.append(voice.speak(record.text, SpeakOptions(seed=seed, person=person, **asdict(drawing))).waveform)
    clock, processor = perf_counter() - clock, process_time() - processor
    scores = [naturalness.score(waveform) for waveform in spoken]
    matches = [textmatch.match(textmatch.cepstra(one), cepstra, place) for place, one in enumerate(spoken)]
    seconds = sum(one.duration for one in spoken)
    return Drawn(
        p808=fmean(score.p808 for score in scores),
        overall=fmean(score.overall for score in scores),
        distance=fmean(match.own for match in matches),
        match=fmean(match.own < match.nearest_other for match in matches),
        processor=processor / seconds,
        clock=clock / seconds,
    )


def read_drawing(words: str) -> FlowSampling:
    """Return how to draw, from ``steps,guidance,noise`` with or without ``,sharpness``."""
    steps, *values = words.split(",")
    names = ("guidance", "noise", "sharpness")
    return FlowSampling(steps=int(steps), **dict(zip(names, map(float, values), strict=False)))


def main() -> None:
    """Read the command line, measure each drawing, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("manifest", type=Path)
    parser.add_argument(
        "--drawing",
        action="append",
        required=True,
        help="steps,guidance,noise[,sharpness]; may be repeated",
    )
    parser.add_argument("--limit", type=int, default=12, help="sentences, the first of the manifest")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    voice = load_voice(options.voice)
    if not isinstance(voice, SpectrogramVoice):
        parser.error(f"{options.voice} draws no spectrograms")
    records = read_records(options.manifest)[: options.limit]
    natural = [read_audio(record, options.manifest.parent) for record in records]
    scores = [naturalness.score(one) for one in natural]
    print(f"recordings: P.808 {fmean(s.p808 for s in scores):.3f}, overall {fmean(s.overall for s in scores):.3f}")  # noqa: T201
    cepstra = tuple(textmatch.cepstra(one) for one in natural)
    for words in options.drawing:
        drawing = read_drawing(words)
        found = measure(voice, records, cepstra, drawing, options.seed)
        print(  # noqa: T201
            f"{words}: P.808 {found.p808:.3f}, overall {found.overall:.3f}, MFCC {found.distance:.3f}, "
            f"match {found.match:.2f}, real-time factor {found.processor:.3f} of one core, {found.clock:.3f} by clock",
            flush=True,
        )


if __name__ == "__main__":
    main()

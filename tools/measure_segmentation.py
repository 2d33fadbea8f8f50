"""How near the borders are that ``data align`` finds.

    python tools/measure_segmentation.py MANIFEST --clips 20 --rounds 3 [--recogniser NAME|FOLDER]

Clips of a manifest are joined, with silence of 0.3 to 1.2 s between them, and aligned with their texts: once with all
of them; once with the text of one clip missing, and the text of a clip that is not there added. Printed are the median
and the 95 % quantile of the distance between a border and where the sound of its clip begins or ends (35 dB below
speech, breaths included), how many utterances lie outside of their clips, and what was found of the missing and the
added one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from amhctl.audio.levels import silent_edges
from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import read_audio, read_records
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.long_alignment import LongAlignment, align_long, unclaimed_speech
from amhctl.recogniser.reading import read_spoken
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser, load_recogniser
from amhctl.text.frontend import Frontend

_FEWEST_PHONES = 10
Span = tuple[float, float]


def join(waves: Sequence[Waveform], generator: np.random.Generator) -> tuple[Waveform, list[Span], list[Span]]:
    """Return clips as one recording, where each clip lies in it, and where the sound of each lies, in seconds."""
    parts, clips, sounds, reached = [], [], [], 0
    for wave in waves:
        before, after = silent_edges(wave)
        begin, end = reached / SAMPLE_RATE, (reached + wave.samples.size) / SAMPLE_RATE
        clips.append((begin, end))
        sounds.append((begin + before, end - after))
        gap = generator.normal(0.0, 1e-4, round(generator.uniform(0.3, 1.2) * SAMPLE_RATE)).astype(np.float32)
        parts += [wave.samples, gap]
        reached += wave.samples.size + gap.size
    return Waveform(np.concatenate(parts), SAMPLE_RATE), clips, sounds


def distances(
    alignment: LongAlignment, sounds: Sequence[Span | None], clips: Sequence[Span | None]
) -> tuple[list[float], int, int]:
    """Return distances of borders, how many utterances are outside of their clips, and how many were not found."""
    found, outside, missing = [], 0, 0
    for placement, sound, clip in zip(alignment.placements, sounds, clips, strict=True):
        if sound is None or clip is None:
            continue
        if placement is None:
            missing += 1
            continue
        first, last = placement.first * FRAME_SECONDS, placement.last * FRAME_SECONDS
        found += [abs(first - sound[0]), abs(last - sound[1])]
        outside += first < clip[0] - FRAME_SECONDS or last > clip[1] + FRAME_SECONDS
    return found, outside, missing


def measure(manifest: Path, recogniser: Recogniser, count: int, seed: int) -> tuple[list[float], str]:
    """Return the distances of all borders, and a line about what was missing and added."""
    frontend, generator = Frontend(), np.random.default_rng(seed)
    records = [record for record in read_records(manifest) if read_spoken(frontend, record.text)]
    chosen = [records[number] for number in generator.choice(len(records), count + 1, replace=False)]
    *texts, other = [[phone for word in read_spoken(frontend, one.text) for phone in word.phones] for one in chosen]
    waves = [read_audio(record, manifest.parent, sample_rate=SAMPLE_RATE) for record in chosen[:-1]]
    joined, clips, sounds = join(waves, generator)
    values_EV = recogniser.log_probabilities(joined)
    found, outside, missing = distances(align_long(values_EV, texts), sounds, clips)
    gone, added = count // 3, 2 * count // 3
    changed = [*texts[:gone], *texts[gone + 1 : added], other, *texts[added:]]
    places: list[Span | None] = [*sounds[:gone], *sounds[gone + 1 : added], None, *sounds[added:]]
    limits: list[Span | None] = [*clips[:gone], *clips[gone + 1 : added], None, *clips[added:]]
    second = align_long(values_EV, changed)
    again, outside_again, missing_again = distances(second, places, limits)
    begin, end = (round(time / FRAME_SECONDS) for time in clips[gone])
    stretches = [one for one in unclaimed_speech(second) if len(one) >= _FEWEST_PHONES]
    inside = [one for one in stretches if one[0].first < end and one[-1].last > begin]
    line = (
        f"{joined.duration:.0f} s, outside of their clips {outside} and {outside_again}, not found {missing} and "
        f"{missing_again}, missing text found: {bool(inside)}, "
        f"other speech without text: {len(stretches) - len(inside)}, "
        f"added text found not to be there: {second.placements[added - 1] is None}"
    )
    return [*found, *again], line


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recogniser", default=DEFAULT_RECOGNISER)
    options = parser.parse_args(arguments)
    recogniser = load_recogniser(options.recogniser, threads=1)
    every: list[float] = []
    for number in range(options.rounds):
        found, line = measure(options.manifest, recogniser, options.clips, number)
        every += found
        sys.stdout.write(f"{line}\n")
    median, high = np.quantile(every, [0.5, 0.95])
    sys.stdout.write(f"{len(every)} borders: median {median:.3f} s, 95 % {high:.3f} s\n")


if __name__ == "__main__":
    main()

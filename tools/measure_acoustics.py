"""Measure what acoustics cost and how pitch is found: ``python tools/measure_acoustics.py MANIFEST FOLDER [CLIPS]``.

Takes CLIPS recordings of a manifest (24), evenly drawn, and prints, of 24 of them at most for the pitch,

    pitch        of one pass of DIO, of ``audio.pitch`` and of Harvest: processor seconds for a second of speech, the
                 share of frames that have a pitch, and of a thousand values how many jump by more than 0.4 octaves and
                 how many lie more than 0.7 octaves from the median of their clip
    extraction   by the codec mel16k without and with ``--acoustics``, as whole processes: processor seconds, and bytes
                 of the store for an hour of speech

FOLDER is new and takes the stores.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from measured_process import run_measured
from numpy.typing import NDArray

from amhctl.audio.pitch import find_pitch, load_world
from amhctl.audio.resample import bring_to
from amhctl.config.acoustics import AcousticsConfig
from amhctl.core.units import SPEECH_LEVEL
from amhctl.corpus.records import move_record, read_audio, read_records, write_records

CONFIG = AcousticsConfig()
RATE, HOP = CONFIG.mel.sample_rate, CONFIG.mel.hop_samples
JUMP, FAR = 0.4, 0.7
PITCH_CLIPS = 24
Item = TypeVar("Item")
Find = Callable[[NDArray[np.float32]], NDArray[np.floating]]


def choose(items: Sequence[Item], count: int) -> list[Item]:
    """Return some of them, evenly drawn."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]


def finders() -> dict[str, Find]:
    """Return what finds pitch."""
    world = load_world()
    limits = {"f0_floor": CONFIG.pitch_floor, "f0_ceil": CONFIG.pitch_ceiling, "frame_period": 1_000 * HOP / RATE}

    def one_pass(samples: NDArray[np.float32]) -> NDArray[np.floating]:
        wide = samples.astype(np.float64)
        coarse, times = world.dio(wide, RATE, **limits)
        refined: NDArray[np.floating] = world.stonemask(wide, coarse, times, RATE)
        return refined

    return {
        "DIO": one_pass,
        "audio.pitch": lambda samples: find_pitch(
            samples, RATE, HOP, floor=CONFIG.pitch_floor, ceiling=CONFIG.pitch_ceiling
        ),
        "Harvest": lambda samples: world.harvest(samples.astype(np.float64), RATE, **limits)[0],
    }


def measure_pitch(clips: Sequence[NDArray[np.float32]], find: Find) -> str:
    """Return the figures of one way to find pitch."""
    started = time.process_time()
    found = [np.asarray(find(samples)) for samples in clips]
    seconds = time.process_time() - started
    frames = voiced = steps = jumps = far = 0
    for pitch in found:
        heard = pitch[pitch > 0]
        both = (pitch[1:] > 0) & (pitch[:-1] > 0)
        frames, voiced, steps = frames + pitch.size, voiced + heard.size, steps + int(both.sum())
        jumps += int((np.abs(np.log2(pitch[1:][both] / pitch[:-1][both])) > JUMP).sum())
        far += int((np.abs(np.log2(heard / np.median(heard))) > FAR).sum()) if heard.size else 0
    speech = sum(samples.size for samples in clips) / RATE
    return (
        f"{seconds / speech:.4f} CPU s, {voiced / frames:.2f} voiced, "
        f"{1_000 * jumps / max(1, steps):.1f} ‰ jump, {1_000 * far / max(1, voiced):.1f} ‰ far"
    )


def measure_extraction(manifest: Path, store: Path, hours: float, *options: str) -> str:
    """Return what an extraction takes."""
    words = (
        "codes",
        "extract",
        str(manifest),
        "-o",
        str(store),
        "--codec",
        "mel16k",
        "--device",
        "cpu",
        "-q",
        *options,
    )
    cost = run_measured("-m", "amhctl", *words)
    if cost.code:
        sys.exit("the extraction failed")
    size = sum(file.stat().st_size for file in store.glob("*.bin"))
    return f"{cost.seconds:.1f} CPU s, {cost.peak / 2**20:.0f} MB at most, {size / hours / 1e6:.1f} MB an hour"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("clips", type=int, nargs="?", default=24)
    chosen = parser.parse_args()
    records = choose(read_records(chosen.manifest), chosen.clips)
    folder = chosen.manifest.parent
    clips = [bring_to(read_audio(one, folder), level=SPEECH_LEVEL, sample_rate=RATE).samples for one in records]
    hours = sum(samples.size for samples in clips) / RATE / 3_600
    sys.stdout.write(f"{chosen.manifest}: {len(clips)} clips, {hours * 3_600:.1f} s\n")
    for name, find in finders().items():
        sys.stdout.write(f"{name:12} {measure_pitch(choose(clips, PITCH_CLIPS), find)}\n")
        sys.stdout.flush()
    chosen.folder.mkdir(parents=True)
    manifest = chosen.folder / "manifest.jsonl"
    write_records(manifest, [move_record(one, folder, chosen.folder) for one in records])
    for name, options in (("plain", ()), ("--acoustics", ("--acoustics",))):
        figures = measure_extraction(manifest, chosen.folder / name.strip("-"), hours, *options)
        sys.stdout.write(f"{name:12} {figures}\n")


if __name__ == "__main__":
    main()

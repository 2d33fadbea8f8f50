"""Measure ``data check --no-audio`` of a very long manifest: ``python tools/measure_check.py COUNT FOLDER``.

Makes a manifest of COUNT made-up lines in FOLDER, unless it is there from an earlier run, and prints the seconds and
the peak memory of a process that checks it. Texts are as long as spoken sentences; their words are frequent and rare as
in a language, of 500 speakers and in three splits; each hundredth line has the text of the one before.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from measured_process import make_apart, run_measured

from amhctl.text.script import LETTERS

WORDS = 300_000
FEWEST, MOST = 6, 15
SPLITS = ("train",) * 18 + ("valid", "test")


def make(path: Path, count: int) -> None:
    """Write a manifest of texts drawn from made-up words by Zipf's law."""
    random = np.random.default_rng(0)
    letters = np.array(list(LETTERS))
    words = ["".join(random.choice(letters, size)) for size in random.integers(2, 7, WORDS)]
    shares = 1.0 / np.arange(1, WORDS + 1)
    sizes = random.integers(FEWEST, MOST + 1, count)
    drawn = iter(random.choice(WORDS, int(sizes.sum()), p=shares / shares.sum()).tolist())
    text = ""
    with path.open("w", encoding="utf-8") as stream:
        for number, size in enumerate(sizes.tolist()):
            chosen = [words[next(drawn)] for _ in range(size)]
            text = text if number % 100 == 99 else f"{' '.join(chosen)}።"
            record = {
                "id": f"made-up-{number:09d}",
                "audio": f"wav/{number // 1_000:06d}/{number:09d}.flac",
                "text": text,
                "speaker": f"speaker-{number % 500:03d}",
                "split": SPLITS[number % len(SPLITS)],
                "duration": 0.5 * size,
            }
            stream.write(f"{json.dumps(record, ensure_ascii=False)}\n")


def main(count: int, folder: Path) -> None:
    """Make the manifest if need be, and measure."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest, unfinished = folder / f"made-up-{count}.jsonl", folder / "unfinished.jsonl"
    if not manifest.exists():
        make_apart(make, unfinished, count)
        unfinished.rename(manifest)
    started = time.perf_counter()
    cost = run_measured("-m", "amhctl", "data", "check", str(manifest), "--no-audio", "--quiet")
    elapsed = time.perf_counter() - started
    # Texts that are in several splits are errors, so that the verdict of a check that went well is negative.
    if cost.code not in (0, 1):
        sys.exit("the check failed")
    sys.stdout.write(
        f"{count} lines, {manifest.stat().st_size / 1e6:.0f} MB: {cost.seconds:.1f} CPU s, "
        f"{elapsed:.1f} s by the clock, peak {cost.peak / 1e6:.0f} MB\n"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(int(sys.argv[1]), Path(sys.argv[2]))

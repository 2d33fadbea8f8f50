"""Measure the commands of a code store that holds very many utterances: ``python tools/measure_store.py COUNT FOLDER``.

Makes a store of COUNT made-up utterances in FOLDER/store, unless it is there from an earlier run, and prints for
opening it, its fingerprint, ``codes verify`` and ``codes merge`` the processor seconds and the peak memory of a process
that does that.
Utterances have an index line as long as real ones, and little data behind it: what a store costs besides its bytes.
"""

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
from measured_process import make_apart, run_measured

from amhctl.codes.index import AudioDigest
from amhctl.codes.writer import StoreWriter
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.corpus.records import Record

SPEC = CodecSpec(
    name="made-up",
    architecture="mel",
    sample_rate=16_000,
    frame_samples=640,
    codebooks=2,
    codebook_size=1_024,
    fingerprint="f" * 64,
)
MEL = MelConfig(bins=4)
SENTENCE = "አዲስ አበባ ትልቅ ከተማ ናት፤ ልጆች ወደ ትምህርት ቤት ሄዱ።"
FRAMES = 90
SPLITS = ("train",) * 8 + ("valid", "test")
OPENING = "import sys, pathlib, amhctl.codes.store as room; store = room.CodeStore.open(pathlib.Path(sys.argv[1]))"
FINGERPRINT = f"{OPENING}; store.fingerprint"


def make(folder: Path, count: int) -> None:
    """Write a store of utterances with different codes."""
    random = np.random.default_rng(0)
    features_TF = random.normal(size=(2 * FRAMES + 1, MEL.bins)).astype(np.float16)
    codes_QS = random.integers(0, SPEC.codebook_size, (SPEC.codebooks, FRAMES)).astype(np.uint16)
    with StoreWriter.create(folder, SPEC, MEL, level=-20.0) as store:
        for number in range(count):
            record = Record(
                id=f"made-up-{number:09d}",
                audio=f"../wav/{number // 1_000:06d}/{number:09d}.flac",
                text=SENTENCE,
                speaker=f"speaker-{number % 500:03d}",
                split=SPLITS[number % 10],
                duration=FRAMES / SPEC.frame_rate,
            )
            codes_QS[0, :3] = number & 1_023, (number >> 10) & 1_023, number >> 20
            digest = hashlib.sha256(record.id.encode()).hexdigest()
            store.append(record, codes_QS, features_TF, audio=AudioDigest(digest, digest[::-1]))


def measure(name: str, count: int, *words: str) -> None:
    """Run Python with some words and print what it took."""
    cost = run_measured(*words)
    if cost.code:
        sys.exit(f"{name} failed")
    sys.stdout.write(
        f"{name:14} {cost.seconds:7.1f} CPU s, {cost.seconds / count * 1e6:5.1f} µs an utterance, "
        f"peak {cost.peak / 1e9:.2f} GB\n"
    )
    sys.stdout.flush()


def main(count: int, folder: Path) -> None:
    """Make the store if need be, and measure."""
    store, merged = folder / "store", folder / "merged"
    if not store.exists():
        make_apart(make, store, count)
    size = sum(file.stat().st_size for file in store.iterdir())
    sys.stdout.write(f"{count} utterances, {size / 1e9:.2f} GB\n")
    measure("nothing", count, "-c", "import amhctl.codes.store")
    measure("opening", count, "-c", OPENING, str(store))
    measure("fingerprint", count, "-c", FINGERPRINT, str(store))
    measure("codes verify", count, "-m", "amhctl", "codes", "verify", str(store), "--quiet")
    measure("codes merge", count, "-m", "amhctl", "codes", "merge", str(store), "-o", str(merged), "--quiet")
    shutil.rmtree(merged)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(int(sys.argv[1]), Path(sys.argv[2]))

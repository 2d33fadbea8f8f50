"""Small code stores of random codes and features."""

from pathlib import Path

import numpy as np

from amhctl.codec.codec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.data.codestore import CodeStore
from amhctl.data.records import Record

SPEC = CodecSpec(
    name="toy",
    architecture="mel",
    sample_rate=16_000,
    frame_samples=640,
    codebooks=2,
    codebook_size=16,
    fingerprint="f" * 64,
)
MEL = MelConfig(bins=8)


def fill(store: CodeStore, first: int, last: int, *, speakers: int = 2) -> None:
    """Append utterances u<first> … u<last - 1> with frames that differ."""
    for number in range(first, last):
        random = np.random.default_rng(number)
        frames = 5 + number % 7
        store.append(
            Record(id=f"u{number}", audio=f"{number}.wav", text=f"ሰላም {number}", speaker=f"s{number % speakers}"),
            random.integers(0, 16, (2, frames)).astype(np.uint16),
            random.normal(size=(2 * frames + 1, 8)).astype(np.float16),
        )


def toy_store(path: Path, count: int = 6, *, speakers: int = 2) -> CodeStore:
    """Return a new store with some utterances."""
    store = CodeStore.create(path, SPEC, MEL)
    fill(store, 0, count, speakers=speakers)
    store.close()
    return store

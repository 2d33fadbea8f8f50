"""Small code stores of random codes, features and, where they are wanted, acoustics."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.writer import StoreWriter
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.corpus.records import Record

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
ACOUSTICS = AcousticsConfig(mel=MelConfig(window_samples=640, hop_samples=160, bins=6))
SPEAKER = SpeakerEncoderConfig(width=5, fingerprint="a" * 64)


def fill(store: StoreWriter, first: int, last: int, *, speakers: int = 2) -> None:
    """Append utterances u<first> … u<last - 1> with frames that differ."""
    for number in range(first, last):
        random = np.random.default_rng(number)
        frames = 5 + number % 7
        acoustics = None if store.document.acoustics is None else toy_acoustics(number, 4 * frames)
        store.append(
            Record(id=f"u{number}", audio=f"{number}.wav", text=f"ሰላም {number}", speaker=f"s{number % speakers}"),
            random.integers(0, 16, (2, frames)).astype(np.uint16),
            random.normal(size=(2 * frames + 1, 8)).astype(np.float16),
            acoustics_AB=None if acoustics is None else acoustics.pack(),
            speaker_D=None if acoustics is None else toy_speaker(number),
        )


def toy_acoustics(number: int, frames: int) -> Acoustics:
    """Return random acoustics of an utterance; the last two frames are unvoiced."""
    random = np.random.default_rng(1_000 + number)
    pitch_T = random.uniform(100.0, 200.0, frames).astype(np.float32)
    pitch_T[-2:] = 0.0
    return Acoustics(random.normal(size=(frames, 6)).astype(np.float32), pitch_T)


def toy_speaker(number: int) -> NDArray[np.float32]:
    """Return a random unit vector."""
    vector = np.random.default_rng(2_000 + number).normal(size=5)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def create_store(path: Path, *, acoustic: bool = False) -> StoreWriter:
    """Return a new and empty store, of acoustics too if they are wanted."""
    kinds = {"acoustics": ACOUSTICS, "speaker": SPEAKER} if acoustic else {}
    return StoreWriter.create(path, SPEC, MEL, **kinds)  # type: ignore[arg-type]


def toy_store(path: Path, count: int = 6, *, speakers: int = 2, acoustic: bool = False) -> StoreWriter:
    """Return a new store with some utterances."""
    store = create_store(path, acoustic=acoustic)
    fill(store, 0, count, speakers=speakers)
    store.close()
    return store

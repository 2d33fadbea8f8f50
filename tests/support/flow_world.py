"""A tiny world to train a FlowVoice in: a code store of noise with acoustics, and a vocabulary of its texts."""

from pathlib import Path

import numpy as np
from support.training_world import TINY_MEL, TINY_SPEC, TrainingWorld

from amhctl.audio.acoustics import Acoustics
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.schema import TextConfig
from amhctl.data.codestore import CodeStore
from amhctl.data.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.workflows.train import TrainRequest

TINY_FLOW_SETS = (
    "text.units=fidel",
    "model.text_dim=16",
    "model.text_layers=1",
    "model.prosody_layers=1",
    "model.model_dim=20",
    "model.layers=2",
    "model.condition_dim=16",
    "training.steps=6",
    "training.batch_frames=600",
    "training.warmup_steps=2",
    "training.valid_every=3",
    "training.save_every=3",
    "training.precision=fp32",
)
"""Over the preset ``flow-cpu``."""
SPEAKERS = ("f01", "m02")
_TEXTS = ("ሰላም ለዓለም", "ቡና ጠጣ", "አዲስ አበባ", "ውሃ ፈሰሰ", "ልጁ ሮጠ", "ዛሬ ሰኞ ነው")


def build_flow_world(folder: Path, *, clips: int = 14, seed: int = 0) -> TrainingWorld:
    """Write a store of noise spoken by two, the last four clips for validation, and a vocabulary of its texts."""
    random = np.random.default_rng(seed)
    frontend, acoustics = Frontend(TextConfig(units="fidel")), AcousticsConfig()
    world = TrainingWorld(folder / "store", folder / "vocabulary.model")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [frontend.units(text) for text in _TEXTS]
    vocabulary = train_vocabulary(lines, size=512, units="fidel", model_type="char")
    vocabulary.write(world.vocabulary)
    tokenizer = Tokenizer(vocabulary)
    durations = {}
    speaker = SpeakerEncoderConfig(width=8, fingerprint="e" * 64)
    with CodeStore.create(world.store, TINY_SPEC, TINY_MEL, acoustics=acoustics, speaker=speaker) as store:
        for index in range(clips):
            frames = int(random.integers(15, 25))
            record = Record(
                id=f"clip{index:02d}",
                audio=f"clip{index:02d}.wav",
                text=_TEXTS[index % len(_TEXTS)],
                speaker=SPEAKERS[index % 2],
                split="valid" if index >= clips - 4 else "train",
                licence="CC0-1.0",
                source="noise",
            )
            # Four frames of a spectrogram stand for one of codes.
            mel_TF = random.normal(-5.0, 2.0, size=(4 * frames, acoustics.mel.bins)).astype(np.float32)
            pitch_T = np.where(random.uniform(size=4 * frames) < 0.5, random.uniform(90, 200, 4 * frames), 0.0)
            embedding_D = random.normal(size=8) + 3.0 * (index % 2)
            store.append(
                record,
                random.integers(0, 16, (2, frames), dtype=np.uint16),
                random.normal(size=(2 * frames, TINY_MEL.bins)).astype(np.float32),
                acoustics_AB=Acoustics(mel_TF, pitch_T.astype(np.float32)).pack(),
                speaker_D=(embedding_D / np.linalg.norm(embedding_D)).astype(np.float32),
            )
            pieces = len(tokenizer.encode(frontend.units(record.text)))
            edges = np.linspace(0, 4 * frames, pieces + 1).astype(np.int64)
            durations[record.id] = np.diff(edges).astype(np.uint16)
    CodeStore.open(world.store).write_alignment(
        durations, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash, acoustic=True
    )
    return world


def request_flow(
    world: TrainingWorld, run: Path | None, *sets: str, dry_run: bool = False, base: Path | None = None
) -> TrainRequest:
    """Return the request to train a tiny FlowVoice in the world."""
    return TrainRequest(
        preset="flow-cpu",
        data=world.store,
        vocabulary=world.vocabulary,
        run=run,
        base=base,
        sets=(*TINY_FLOW_SETS, *sets),
        dry_run=dry_run,
        device="cpu",
    )

"""A tiny world to train in: a code store of noise, a vocabulary of its texts, and the settings of a tiny voice."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.config.text import TextConfig
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.journal import read_journal
from amhctl.workflows.train import TrainRequest

TINY_SPEC = CodecSpec(
    name="noise",
    architecture="mel",
    sample_rate=16_000,
    frame_samples=640,
    codebooks=2,
    codebook_size=16,
    fingerprint="f" * 64,
)
TINY_MEL = MelConfig(bins=16)
TINY_SETS = (
    "text.units=fidel",
    "training.steps=8",
    "training.batch_frames=120",
    "training.warmup_steps=2",
    "training.valid_every=4",
    "training.save_every=4",
    "training.prompt_seconds=0.5",
    "training.code_replacement=0.1",
    "training.label_smoothing=0.1",
    "training.precision=fp32",
)
"""Over the preset ``tiny``."""
UNALIGNED_SETS = ("model.alignment=none", "training.text_weight=0.2")
"""The official layout: the text stands before the codes."""

EMOTION_SETS = (
    "model.emo_condition_module={output_size=16, linear_units=16, attention_heads=2, num_blocks=1}",
    "model.emo_dim=16",
)
"""A voice that also hears emotion."""

_TEXTS = ("ሰላም ለዓለም", "ቡና ጠጣ", "አዲስ አበባ", "ውሃ ፈሰሰ", "ልጁ ሮጠ", "ዛሬ ሰኞ ነው")


@dataclass(frozen=True, slots=True)
class TrainingWorld:
    """Where the parts lie."""

    store: Path
    vocabulary: Path


def build_training_world(
    folder: Path, *, clips: int = 14, aligned: bool = False, seed: int = 0, speakers: int = 1
) -> TrainingWorld:
    """Write a store of random codes, the last three clips for validation, and a vocabulary of its texts."""
    random = np.random.default_rng(seed)
    frontend = Frontend(TextConfig(units="fidel"))
    world = TrainingWorld(folder / "store", folder / "vocabulary.model")
    lines = [frontend.units(text) for text in _TEXTS]
    vocabulary = train_vocabulary(lines, size=512, units="fidel", model_type="char")
    vocabulary.write(world.vocabulary)
    with StoreWriter.create(world.store, TINY_SPEC, TINY_MEL) as store:
        for index in range(clips):
            frames = int(random.integers(30, 50))
            record = Record(
                id=f"clip{index:02d}",
                audio=f"clip{index:02d}.wav",
                text=_TEXTS[index % len(_TEXTS)],
                speaker=f"f{1 + index % speakers:02d}",
                split="valid" if index >= clips - 3 else "train",
                licence="CC0-1.0",
                source="noise",
            )
            codes_QS = random.integers(0, 16, (2, frames), dtype=np.uint16)
            features_TF = random.normal(size=(2 * frames, TINY_MEL.bins)).astype(np.float32)
            store.append(record, codes_QS, features_TF)
    if aligned:
        align_evenly(world, vocabulary, frontend)
    return world


def align_evenly(world: TrainingWorld, vocabulary: Vocabulary, frontend: Frontend) -> None:
    """Give every piece of every utterance an equal share of its frames."""
    store = CodeStore.open(world.store)
    tokenizer = Tokenizer(vocabulary)
    durations = {}
    for entry in store.entries:
        pieces = len(tokenizer.encode(frontend.units(entry.record.text)))
        edges = np.linspace(0, entry.frames, pieces + 1).astype(np.int64)
        durations[entry.id] = np.diff(edges).astype(np.uint16)
    store.write_alignment(durations, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash)


def request_training(
    world: TrainingWorld,
    run: Path | None,
    *sets: str,
    aligned: bool = False,
    dry_run: bool = False,
    force: bool = False,
) -> TrainRequest:
    """Return the request to train a tiny voice in the world."""
    return TrainRequest(
        preset="tiny",
        data=world.store,
        vocabulary=world.vocabulary,
        run=run,
        sets=(*TINY_SETS, *(() if aligned else UNALIGNED_SETS), *sets),
        dry_run=dry_run,
        force=force,
        device="cpu",
    )


def read_measured(run: Path) -> list[dict[str, object]]:
    """Return the journal of a run without what differs from machine to machine and day to day."""
    entries = read_journal(run / "journal.jsonl")
    return [{key: value for key, value in entry.items() if key != "seconds"} for entry in entries]

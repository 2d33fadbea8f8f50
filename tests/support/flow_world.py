"""A tiny world to train a FlowVoice in: a code store of noise with acoustics, and a vocabulary of its texts."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from support.training_runs import CONDITIONS
from support.training_world import TINY_MEL, TINY_SPEC, TrainingWorld

from amhctl.audio.acoustics import Acoustics
from amhctl.batches.acoustic_dataset import AcousticDataset
from amhctl.checkpoint.manifest import Licence, TextIdentity, VocabularyIdentity
from amhctl.codec.vocoder import load_vocoder
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.load import load_run_config
from amhctl.config.text import TextConfig
from amhctl.core.files import canonical_json
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.acoustic_material import gather_acoustics
from amhctl.training.export import VoiceIdentity, export_voice
from amhctl.training.flow_fitting import build_flow, fit_flow
from amhctl.training.flow_recipe import FlowRecipe, init_acoustic_scale
from amhctl.training.material import Material
from amhctl.training.run import Run
from amhctl.training.state import RunFolder
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


def build_flow_world(
    folder: Path,
    *,
    clips: int = 14,
    seed: int = 0,
    units: Literal["fidel", "phones"] = "fidel",
    speakers: tuple[str, str] = SPEAKERS,
) -> TrainingWorld:
    """Write a store of noise spoken by two, the last four clips for validation, and a vocabulary of its texts."""
    random = np.random.default_rng(seed)
    frontend, acoustics = Frontend(TextConfig(units=units)), AcousticsConfig()
    world = TrainingWorld(folder / "store", folder / "vocabulary.model")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [frontend.units(text) for text in _TEXTS]
    train_vocabulary(lines, size=512, units=units, model_type="char").write(world.vocabulary)
    speaker = SpeakerEncoderConfig(width=8, fingerprint="e" * 64)
    with StoreWriter.create(world.store, TINY_SPEC, TINY_MEL, acoustics=acoustics, speaker=speaker) as store:
        for index in range(clips):
            frames = int(random.integers(15, 25))
            record = Record(
                id=f"clip{index:02d}",
                audio=f"clip{index:02d}.wav",
                text=_TEXTS[index % len(_TEXTS)],
                speaker=speakers[index % 2],
                split="valid" if index >= clips - 4 else "train",
                licence="CC0-1.0",
                source="noise",
                processing="cleaned by a sieve" if index % 2 else "",
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
    align_flow_world(world)
    return world


def align_flow_world(world: TrainingWorld) -> None:
    """Give each piece of the world's vocabulary the same share of its clip."""
    store, vocabulary = CodeStore.open(world.store), Vocabulary.read(world.vocabulary)
    frontend, tokenizer = Frontend(TextConfig(units=vocabulary.units)), Tokenizer(vocabulary)
    durations = {}
    for entry in store:
        pieces = len(tokenizer.encode(frontend.units(entry.record.text)))
        edges = np.linspace(0, len(store.acoustics(entry.id).mel_TF), pieces + 1).astype(np.int64)
        durations[entry.id] = np.diff(edges).astype(np.uint16)
    store.write_alignment(
        durations, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash, acoustic=True
    )


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


def gather_flow(
    world: TrainingWorld,
    config: FlowVoiceConfig = FlowVoiceConfig(),  # noqa: B008  (frozen)
    *,
    seed: int = 0,
) -> Material[AcousticDataset]:
    """Return the datasets of a run in the world."""
    vocabulary = Vocabulary.read(world.vocabulary)
    return gather_acoustics(
        CodeStore.open(world.store),
        Frontend(TextConfig(units="fidel")),
        Tokenizer(vocabulary),
        vocabulary_fingerprint=vocabulary.fingerprint,
        model=config,
        seed=seed,
        progress=SilentProgress(),
    )


def build_flow_run(folder: Path, world: TrainingWorld, *sets: str, seed: int = 0) -> Run:
    """Return a run of a tiny FlowVoice in the world, put together without the workflow."""
    settings = load_run_config(preset="flow-cpu", project=None, sets=(*TINY_FLOW_SETS, *sets), environment={}).config
    store, vocabulary = CodeStore.open(world.store), Vocabulary.read(world.vocabulary)
    acoustics, speaker, frontend = store.document.acoustics, store.document.speaker, Frontend(TextConfig(units="fidel"))
    assert isinstance(settings.model, FlowVoiceConfig)
    assert acoustics is not None
    assert speaker is not None
    model = fit_flow(
        settings.model,
        acoustics=acoustics,
        speaker=speaker,
        spec=store.spec,
        vocabulary=vocabulary,
        origin=None,
        explicit=lambda _: False,
    )
    material = gather_flow(world, model, seed=seed)
    network = build_flow(model, seed, None)
    init_acoustic_scale(network, material.train)
    identity = VoiceIdentity(
        name="tiny-flow",
        language="am",
        sample_rate=acoustics.mel.sample_rate,
        model=model,
        training=settings.training,
        seed=seed,
        vocabulary=VocabularyIdentity(
            file="vocabulary.model", fingerprint=vocabulary.fingerprint, size=vocabulary.size, units="fidel"
        ),
        vocabulary_bytes=vocabulary.model_bytes,
        text=TextIdentity(file="text_state.json", hash=frontend.state_hash),
        text_state=canonical_json(frontend.state()).encode(),
        codec=store.spec if model.codebooks else None,
        conditioning=None,
        level=-20.0,
        data_fingerprint=store.fingerprint,
        parent="",
        licences=(Licence(work="noise", licence="CC0-1.0"),),
        alignment=material.alignment,
        vocoder=load_vocoder(settings.paths.vocoder).spec.identity,
        speakers={name: torch.from_numpy(mean_E) for name, mean_E in material.train.speakers().items()},
    )
    return Run(
        folder=RunFolder(folder),
        config=settings.training,
        seed=seed,
        recipe=FlowRecipe(model),
        model=network,
        train=material.train,
        valid=material.valid,
        identity=identity,
        document="{}\n",
    )


def tiny_flow_folder(folder: Path, *sets: str, seed: int = 0) -> Path:
    """Write the checkpoint of a tiny FlowVoice with random weights and return its folder."""
    run = build_flow_run(folder / "run", build_flow_world(folder / "world"), *sets, seed=seed)
    voice = folder / "tiny-flow"
    export_voice(voice, run.identity, run.model.state_dict(), step=0, metrics={}, conditions=CONDITIONS)
    return voice

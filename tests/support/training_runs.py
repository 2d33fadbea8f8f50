"""Runs of a tiny voice, put together without the workflow, for tests of one step at a time."""

from pathlib import Path
from typing import Any

from support.training_world import EMOTION_SETS, TINY_SETS, UNALIGNED_SETS, align_evenly, build_training_world

from amhctl.batches.dataset import SpeechDataset
from amhctl.checkpoint.manifest import Licence, TextIdentity, VocabularyIdentity
from amhctl.codes.store import CodeStore
from amhctl.config.load import load_run_config
from amhctl.config.schema import TrainingConfig
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.files import canonical_json
from amhctl.core.progress import SilentProgress
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.export import Conditions, VoiceIdentity, choose_reference
from amhctl.training.finetune import Base, tune
from amhctl.training.fitting import build_model, fit_model
from amhctl.training.material import gather
from amhctl.training.run import Run
from amhctl.training.speaker_adversary import build_adversary
from amhctl.training.state import RunFolder
from amhctl.training.unified_recipe import UnifiedRecipe

CONDITIONS = Conditions(precision="fp32", batches_per_step=1, device="cpu", processes=1)


def build_run(
    folder: Path,
    *,
    aligned: bool = True,
    dropout: float = 0.1,
    norms: bool = True,
    emotion: bool = False,
    speakers: int = 1,
    seed: int = 0,
    base: Base | None = None,
    **training: Any,
) -> Run:
    """Return a run in ``folder`` whose world lies beside it; keywords are values of the training configuration.

    With a base, it is set up as one that started from it.
    """
    world_folder = folder.with_name(f"{folder.name}-world")
    world_folder.mkdir(parents=True, exist_ok=True)
    store_path, vocabulary_path = world_folder / "store", world_folder / "vocabulary.model"
    if not store_path.exists():
        world = build_training_world(world_folder, aligned=False, speakers=speakers)
        align_evenly(world, Vocabulary.read(vocabulary_path), Frontend(TextConfig(units="fidel")))
    shape_sets = (f"model.dropout={dropout}", f"model.condition_norms={str(norms).lower()}")
    sets = (*TINY_SETS, *shape_sets, *(() if aligned else UNALIGNED_SETS), *(EMOTION_SETS if emotion else ()))
    config = load_run_config(preset="tiny", project=None, sets=sets, environment={}).config
    shape = TrainingConfig.model_validate(config.training.model_dump() | training)
    store = CodeStore.open(store_path)
    vocabulary = Vocabulary.read(vocabulary_path)
    frontend = Frontend(TextConfig(units="fidel"))
    assert isinstance(config.model, ModelConfig)
    model = fit_model(
        config.model,
        spec=store.spec,
        conditioning=store.conditioning_config,
        vocabulary=vocabulary,
        origin=None,
        explicit=lambda _: False,
    )
    material = gather(
        store,
        frontend,
        Tokenizer(vocabulary),
        vocabulary_fingerprint=vocabulary.fingerprint,
        model=model,
        training=shape,
        seed=seed,
        progress=SilentProgress(),
    )
    network = build_model(model, seed, None)
    tuning = tune(network, shape, kind="unified", pieces=vocabulary.size, base=base, seed=seed)
    identity = VoiceIdentity(
        name="tiny",
        language="am",
        sample_rate=store.spec.sample_rate,
        model=model,
        training=shape,
        seed=seed,
        vocabulary=VocabularyIdentity(
            file="vocabulary.model", fingerprint=vocabulary.fingerprint, size=vocabulary.size, units="fidel"
        ),
        vocabulary_bytes=vocabulary.model_bytes,
        text=TextIdentity(file="text_state.json", hash=frontend.state_hash),
        text_state=canonical_json(frontend.state()).encode(),
        codec=store.spec,
        conditioning=store.conditioning_config,
        level=-20.0,
        data_fingerprint=store.fingerprint,
        parent="" if base is None else "b" * 64,
        licences=(Licence(work="noise", licence="CC0-1.0"),),
        reference_TF=choose_reference(store, material.train, shape.prompt_seconds),
        alignment=material.alignment,
        growth=None if base is None else base.growth,
        adapter=tuning.adapter,
    )
    return Run(
        folder=RunFolder(folder),
        config=shape,
        seed=seed,
        recipe=UnifiedRecipe(model),
        model=network,
        train=material.train,
        valid=material.valid,
        identity=identity,
        document="{}\n",
        ranks=tuning.ranks,
        adversary=build_adversary(shape, model, material.train.speaker_count, seed),
    )


def network_of(run: Run) -> UnifiedVoice:
    """Return the network of such a run."""
    assert isinstance(run.model, UnifiedVoice)
    return run.model


def clips_of(run: Run) -> SpeechDataset:
    """Return the utterances that such a run is trained on."""
    assert isinstance(run.train, SpeechDataset)
    return run.train

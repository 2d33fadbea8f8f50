"""A small IndexTTS-2 that can speak: its GPT taken in as a voice, and all its other files in one folder."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from support.indextts2 import indextts2_folder
from support.official import TEXTS, OfficialFiles, official_files
from support.speech_encoders import WIDTH
from support.vocabularies import foreign_model

from amhctl.config import indextts
from amhctl.core.progress import SilentProgress
from amhctl.model import official
from amhctl.model.official import sinusoid_tables
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.workflows.ckpt import import_ as import_checkpoint


@dataclass(frozen=True, slots=True)
class CloningFiles:
    """Where the voice and the files of the codec lie."""

    voice: Path
    codec: Path


def shrink_features(patch: pytest.MonkeyPatch) -> None:
    """Let features have the width of the tiny encoder, which the official programs have in their code."""
    features = indextts.FEATURES.model_copy(update={"width": WIDTH})
    for module in (indextts, import_checkpoint):
        patch.setattr(module, "FEATURES", features)
    patch.setattr(official, "OFFICIAL", official.OFFICIAL.model_copy(update={"condition_dim": WIDTH}))


def enliven(files: OfficialFiles) -> None:
    """Give a GPT weights as large as a network begins with: with smaller ones every clip is heard alike."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tensors = UnifiedVoice(files.shape).state_dict()
    # One code in some twenty is the end, which random weights would never say.
    tensors["mel_head.bias"][files.shape.stop_mel_token] += 2.5
    torch.save(tensors | sinusoid_tables(files.shape), files.weights)


def cloning_files(folder: Path, patch: pytest.MonkeyPatch) -> CloningFiles:
    """Write both, with a vocabulary that can spell Amharic."""
    shrink_features(patch)
    bpe = foreign_model(lines=[f"{text} ። ፣ ፤ ? !" for text in TEXTS], size=60)
    files = official_files(folder / "indextts2", bpe=bpe, features=WIDTH)
    enliven(files)
    codec = indextts2_folder(files.folder, gpt_width=files.shape.model_dim)
    request = files.request(folder / "voice", features_model=codec / "w2v-bert-2.0")
    return CloningFiles(import_checkpoint.run(request, SilentProgress()).output, codec)

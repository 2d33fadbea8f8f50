"""Files as IndexTTS-2 publishes them, small and with real values: ``gpt.pth``, ``config.yaml`` and ``bpe.model``.

Only the width of features and of the emotion keep their size: the official programs have it in their code.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from support.vocabularies import foreign_model
from torch import Tensor

from amhctl.checkpoint.indextts import CODEC
from amhctl.codes.writer import StoreWriter
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.config.indextts import FEATURES
from amhctl.config.mel import MelConfig
from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.corpus.records import Record
from amhctl.model.official import sinusoid_tables
from amhctl.model.shapes import parameter_shapes
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.ckpt.import_ import ImportCheckpointRequest

TEXTS = ("ሰላም ለዓለም", "ቡና ጠጣ", "አዲስ አበባ", "ውሃ ፈሰሰ", "ልጁ ሮጠ", "ዛሬ ሰኞ ነው")
_MODULE = {"output_size": 8, "linear_units": 16, "attention_heads": 2, "num_blocks": 1, "perceiver_mult": 1}


@dataclass(frozen=True, slots=True)
class OfficialFiles:
    """Where the files of a small IndexTTS-2 lie, and what they hold."""

    folder: Path
    shape: ModelConfig
    tensors: dict[str, Tensor]

    @property
    def weights(self) -> Path:
        return self.folder / "gpt.pth"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def bpe(self) -> Path:
        return self.folder / "bpe.model"

    def request(self, output: Path, **options: object) -> ImportCheckpointRequest:
        """Return the request to take them in."""
        given = {"source": self.weights, "config": self.config, "bpe": self.bpe, **options}
        return ImportCheckpointRequest(output=output, **given)  # type: ignore[arg-type]


def official_shape(pieces: int, *, features: int = FEATURES.width) -> ModelConfig:
    """Return a small shape in the official layout."""
    return ModelConfig(
        condition_dim=features,
        model_dim=16,
        layers=2,
        heads=2,
        max_text_tokens=60,
        max_mel_tokens=100,
        number_text_tokens=pieces,
        condition_num_latent=2,
        condition_module=ConformerConfig(**_MODULE),
        emo_condition_module=ConformerConfig(**_MODULE),
        position_rule="upstream",
    )


def official_tensors(shape: ModelConfig, *, seed: int = 0) -> dict[str, Tensor]:
    """Return weights of a shape: small random numbers, norms about one, and the speeds at zero, as published."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {name: 0.02 * torch.randn(size, generator=generator) for name, size in parameter_shapes(shape).items()}
    for name, tensor in tensors.items():
        if name.endswith(("gamma", "norm.weight", "ln_1.weight", "ln_2.weight", "ln_f.weight")):
            tensor += 1.0
    tensors["speed_emb.weight"].zero_()
    return tensors


def official_document(shape: ModelConfig) -> dict[str, object]:
    """Return what a ``config.yaml`` says."""
    values = shape.model_dump(mode="json")
    names = (
        "model_dim max_mel_tokens max_text_tokens heads layers number_text_tokens number_mel_codes start_mel_token "
        "stop_mel_token start_text_token stop_text_token condition_type condition_module emo_condition_module "
        "condition_num_latent"
    )
    return {
        "dataset": {"bpe_model": "bpe.model", "sample_rate": 24_000},
        "gpt": {
            **{name: values[name] for name in names.split()},
            "use_mel_codes_as_input": True,
            "mel_length_compression": 1_024,
            "train_solo_embeddings": False,
        },
        "gpt_checkpoint": "gpt.pth",
        "emo_num": [3, 17, 2, 8, 4, 5, 10, 24],
        "version": 2.0,
    }


def official_files(
    folder: Path, *, bpe: bytes | None = None, seed: int = 0, features: int = FEATURES.width
) -> OfficialFiles:
    """Write the three files of a small IndexTTS-2 and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    content = foreign_model() if bpe is None else bpe
    shape = official_shape(Vocabulary.from_bytes(content).size, features=features)
    tensors = official_tensors(shape, seed=seed)
    files = OfficialFiles(folder, shape, tensors)
    torch.save(tensors | sinusoid_tables(shape), files.weights)
    files.config.write_text("# as published\n" + yaml.safe_dump(official_document(shape), sort_keys=False))
    files.bpe.write_bytes(content)
    return files


def semantic_store(folder: Path, *, clips: int = 6, seed: int = 0, encoder: SpeechEncoderConfig | None = None) -> Path:
    """Write a store of random codes of MaskGCT's kind, with features of w2v-bert's kind; the last clip validates."""
    random = np.random.default_rng(seed)
    spec = CODEC.model_copy(update={"fingerprint": "c" * 64})
    encoder = encoder or FEATURES.model_copy(update={"fingerprint": "e" * 64})
    mel = MelConfig(bins=16)
    with StoreWriter.create(folder, spec, mel, encoder=encoder) as store:
        for index in range(clips):
            frames = int(random.integers(12, 20))
            record = Record(
                id=f"clip{index:02d}",
                audio=f"clip{index:02d}.wav",
                text=TEXTS[index % len(TEXTS)],
                speaker="f01",
                split="valid" if index == clips - 1 else "train",
                licence="CC0-1.0",
                source="noise",
            )
            store.append(
                record,
                random.integers(0, 8_192, (1, frames), dtype=np.uint16),
                random.normal(size=(2 * frames, mel.bins)).astype(np.float32),
                random.normal(size=(frames, FEATURES.width)).astype(np.float32),
            )
    return folder

"""Recognisers of other makers: tiny random models in the form of the Hugging Face hub."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import CheckpointError
from amhctl.encoders.speech import import_transformers
from amhctl.encoders.transformers_recogniser import is_transformers_folder, load_transformers_recogniser

pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
transformers = import_transformers(
    "WhisperConfig",
    "WhisperFeatureExtractor",
    "WhisperForConditionalGeneration",
    "WhisperTokenizer",
    "Wav2Vec2CTCTokenizer",
    "Wav2Vec2FeatureExtractor",
    "Wav2Vec2Processor",
    "Wav2Vec2Config",
    "Wav2Vec2ForCTC",
)
LETTERS = "ሰላምዓለ"


def _noise(seconds: float = 0.6, rate: int = 16_000) -> Waveform:
    random = np.random.default_rng(0)
    return Waveform((0.1 * random.standard_normal(round(seconds * rate))).astype(np.float32), rate)


def _ctc_folder(folder: Path, **changes: Any) -> Path:
    """Write a tiny wav2vec 2.0 with a CTC layer and letters of fidel."""
    folder.mkdir(parents=True)
    vocabulary = {"<pad>": 0, "<unk>": 1, "|": 2, **{letter: 3 + place for place, letter in enumerate(LETTERS)}}
    (folder / "letters.json").write_text(json.dumps(vocabulary))
    tokenizer = transformers.Wav2Vec2CTCTokenizer(
        str(folder / "letters.json"), unk_token="<unk>", pad_token="<pad>", word_delimiter_token="|"
    )
    extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=16_000, do_normalize=True)
    transformers.Wav2Vec2Processor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_stride=(10, 8), conv_kernel=(10, 8), num_feat_extract_layers=2, pad_token_id=0,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, feat_extract_norm="layer",
        **changes,
    )  # fmt: skip
    transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder


def test_a_ctc_model_writes_what_its_best_path_says(tmp_path: Path) -> None:
    folder = _ctc_folder(tmp_path / "ctc")
    assert is_transformers_folder(folder)
    recogniser = load_transformers_recogniser(folder)
    network = transformers.Wav2Vec2ForCTC.from_pretrained(folder).eval()
    samples = _noise().samples
    normed = torch.from_numpy((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7))[None]
    best = network(normed).logits[0].argmax(-1).tolist()
    ids = [label for place, label in enumerate(best) if place == 0 or label != best[place - 1]]
    wanted = "".join("<unk>" if label == 1 else " " if label == 2 else LETTERS[label - 3] for label in ids if label)
    assert recogniser.transcribe(_noise()) == " ".join(wanted.split())
    assert (recogniser.name, len(recogniser.fingerprint)) == ("ctc", 64)


def _whisper_folder(folder: Path) -> Path:
    """Write a tiny Whisper with the letters of bytes."""
    folder.mkdir(parents=True)
    specials = ["<|endoftext|>", "<|startoftranscript|>", "<|am|>", "<|transcribe|>", "<|notimestamps|>"]
    vocabulary = {letter: place for place, letter in enumerate(sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.add_special_tokens({"additional_special_tokens": specials})
    tokenizer.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=8).save_pretrained(folder)
    first = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    torch.manual_seed(1)
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer), num_mel_bins=8, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
        max_target_positions=24, eos_token_id=first, pad_token_id=first, bos_token_id=first,
        decoder_start_token_id=first + 1,
    )  # fmt: skip
    network = transformers.WhisperForConditionalGeneration(config)
    network.generation_config.max_length = 12
    network.save_pretrained(folder)
    return folder


def test_a_whisper_writes_text(tmp_path: Path) -> None:
    recogniser = load_transformers_recogniser(_whisper_folder(tmp_path / "whisper"))
    said = recogniser.transcribe(_noise())
    assert said == recogniser.transcribe(_noise())
    assert "<|" not in said


def test_recordings_of_any_rate_are_resampled(tmp_path: Path) -> None:
    recogniser = load_transformers_recogniser(_ctc_folder(tmp_path / "ctc"))
    assert isinstance(recogniser.transcribe(_noise(rate=22_050)), str)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "bert"}, "of type bert"),
        ({"vocab_size": 3}, "cannot be loaded"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    folder = _ctc_folder(tmp_path / "ctc")
    document = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(document | change))
    with pytest.raises(CheckpointError, match=message):
        load_transformers_recogniser(folder)


def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    folder = _ctc_folder(tmp_path / "ctc")
    weights = folder / "model.safetensors"
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="no weights as safetensors"):
        load_transformers_recogniser(folder)
    weights.write_bytes(b"not weights at all")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_transformers_recogniser(folder)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    folder = _ctc_folder(tmp_path / "ctc")
    tensors = load_file(folder / "model.safetensors")
    del tensors["lm_head.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"lm_head\.weight"):
        load_transformers_recogniser(folder)


def test_a_damaged_configuration_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="configuration cannot be read"):
        load_transformers_recogniser(folder)
    assert not is_transformers_folder(tmp_path)

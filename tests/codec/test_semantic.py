"""MaskGCT's semantic codec: the codes that its layers give, of the frames that its encoder hears, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.semantic_codecs import semantic_file, semantic_tensors
from support.speech_encoders import WIDTH, tiny_encoder_folder
from support.speechlike import vowel_train
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import SemanticCodec, load_semantic
from amhctl.core.errors import CodecError
from amhctl.encoders.speech import SpeechEncoder, load_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maskgct")
    tiny_encoder_folder(path / "encoder", normalised=True)
    semantic_file(path / "model.safetensors")
    return path


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SpeechEncoder:
    return load_encoder(folder / "encoder")


@pytest.fixture(scope="module")
def codec(folder: Path, encoder: SpeechEncoder) -> SemanticCodec:
    return load_semantic(folder / "model.safetensors", encoder)


class Block(nn.Module):
    """A ConvNeXt block out of torch's own layers, channels first."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, hidden: Tensor) -> Tensor:
        inner = self.norm(self.dwconv(hidden).transpose(1, 2))
        inner = self.gamma * self.pwconv2(nn.functional.gelu(self.pwconv1(inner)))
        return hidden + inner.transpose(1, 2)


class Backbone(nn.Module):
    """The backbone out of torch's own layers."""

    def __init__(self, features: int, width: int, inner: int, blocks: int) -> None:
        super().__init__()
        self.embed = nn.Conv1d(features, width, 7, padding=3)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.convnext = nn.ModuleList([Block(width, inner) for _ in range(blocks)])
        self.final_layer_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, features_1EW: Tensor) -> Tensor:
        hidden = self.norm(self.embed(features_1EW.transpose(1, 2)).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            hidden = block(hidden)
        return self.final_layer_norm(hidden.transpose(1, 2))


def test_codes_are_those_of_the_layers_as_torch_has_them(codec: SemanticCodec) -> None:
    tensors = semantic_tensors()
    encoder = nn.Sequential(Backbone(WIDTH, 12, 20, 2), nn.Linear(12, WIDTH))
    encoder.load_state_dict({name[8:]: each for name, each in tensors.items() if name.startswith("encoder.")})
    projection = parametrizations.weight_norm(nn.Conv1d(WIDTH, 8, 1))
    place = "quantizer.quantizers.0.in_project"
    projection.load_state_dict(
        {
            "parametrizations.weight.original0": tensors[f"{place}.weight_g"],
            "parametrizations.weight.original1": tensors[f"{place}.weight_v"],
            "bias": tensors[f"{place}.bias"],
        }
    )
    features_EW = np.random.default_rng(0).normal(size=(40, WIDTH)).astype(np.float32)
    with torch.inference_mode():
        hidden = encoder(torch.from_numpy(features_EW)[None])
        encodings_EL = projection(hidden.transpose(1, 2))[0].T
        codebook_VL = tensors["quantizer.quantizers.0.codebook.weight"]
        likeness_EV = nn.functional.cosine_similarity(encodings_EL[:, None], codebook_VL[None], dim=2)
    codes_QE = codec.quantise(features_EW)
    assert codes_QE.dtype == np.uint16
    assert codes_QE.tolist() == [likeness_EV.argmax(dim=1).tolist()]
    assert len(set(codes_QE[0].tolist())) > 20


def test_a_code_stands_for_each_frame_that_the_encoder_hears(codec: SemanticCodec, encoder: SpeechEncoder) -> None:
    clips = [vowel_train(seconds=seconds, seed=7).samples for seconds in (0.5, 0.513, 1.0)]
    for clip, codes_QE in zip(clips, codec.encode(clips), strict=True):
        features_EW = encoder.encode(clip)
        assert codes_QE.shape == (1, len(features_EW)) == (1, codec.spec.frames_of(clip.size))
        assert np.array_equal(codes_QE, codec.quantise(features_EW))
        assert codec.encode_speech(clip) is codec.encode_speech(clip), "what was encoded has been heard"
        assert np.array_equal(codec.encode_speech(clip), features_EW)
    assert np.array_equal(codec.encode_speech(clips[0][::-1].copy()), encoder.encode(clips[0][::-1].copy()))
    codec.encode([clips[2]])
    assert codec.encode_speech(clips[0]) is not codec.encode_speech(clips[0])


def test_it_says_what_it_is(codec: SemanticCodec, folder: Path, tmp_path: Path) -> None:
    spec = codec.spec
    assert (spec.name, spec.architecture, spec.sample_rate, spec.frame_samples) == (
        "maskgct-semantic",
        "semantic",
        16_000,
        320,
    )
    assert (spec.codebooks, spec.codebook_size, spec.frame_rate) == (1, 8_192, 50)
    path = str(folder / "model.safetensors")
    assert load_codec(path, features_model=folder / "encoder").spec == spec
    other = load_codec(str(semantic_file(tmp_path / "o.safetensors", seed=1)), features_model=folder / "encoder").spec
    collapsed = load_codec(path, features_model=tiny_encoder_folder(tmp_path / "deaf", seed=1, normalised=True)).spec
    assert len({spec.fingerprint, other.fingerprint, collapsed.fingerprint}) == 3


def test_a_code_stands_for_a_vector_of_features(codec: SemanticCodec) -> None:
    vectors_QVW = codec.codebooks()
    assert vectors_QVW.shape == (1, 8_192, WIDTH)
    tensors, place = semantic_tensors(), "quantizer.quantizers.0"
    direction = tensors[f"{place}.out_project.weight_v"][..., 0]
    matrix = tensors[f"{place}.out_project.weight_g"][..., 0] * nn.functional.normalize(direction)
    wanted_VW = tensors[f"{place}.codebook.weight"] @ matrix.T + tensors[f"{place}.out_project.bias"]
    np.testing.assert_allclose(vectors_QVW[0], wanted_VW.numpy(), atol=1e-5)


def test_what_it_cannot_do_is_said(codec: SemanticCodec, folder: Path) -> None:
    with pytest.raises(CodecError, match="needs the other files of IndexTTS-2"):
        codec.decode([np.zeros((1, 3), dtype=np.uint16)])
    with pytest.raises(CodecError, match="needs the other files of IndexTTS-2"):
        codec.decode_mean([np.zeros((1, 3), dtype=np.uint16)])
    with pytest.raises(CodecError, match="has 121 s; the encoder accepts at most 120 s"):
        codec.encode([np.zeros(121 * 16_000, dtype=np.float32)])
    for samples, words in (
        (np.zeros(9), "shorter than"),
        (np.full(9_000, np.nan), "non-finite"),
        (np.zeros(0), "shape"),
    ):
        with pytest.raises(CodecError, match=words):
            codec.encode([samples.astype(np.float32)])
    with pytest.raises(CodecError, match="does not support precision bf16"):
        load_codec(str(folder / "model.safetensors"), precision="bf16", features_model=folder / "encoder")


def test_an_encoder_without_statistics_is_refused(folder: Path, tmp_path: Path) -> None:
    plain = load_encoder(tiny_encoder_folder(tmp_path / "plain"))
    with pytest.raises(CodecError, match="the encoder gives unnormalised ones of layer 17") as caught:
        load_semantic(folder / "model.safetensors", plain)
    assert "wav2vec2bert_stats.pt" in caught.value.hint


def test_a_file_that_is_another_is_refused_by_names(encoder: SpeechEncoder, tmp_path: Path) -> None:
    tensors = semantic_tensors()
    del tensors["encoder.0.norm.bias"], tensors["encoder.0.convnext.1.gamma"]
    tensors["encoder.1.weight"] = torch.ones(3, 12)
    tensors["encoder.1.bias"] = torch.full((WIDTH,), float("nan"))
    save_file(tensors, tmp_path / "m.safetensors")
    with pytest.raises(CodecError) as caught:
        load_semantic(tmp_path / "m.safetensors", encoder)
    assert "encoder.0.norm.bias is absent" in caught.value.message
    for words in ("convnext.1.gamma is absent", "encoder.1.weight has shape", "encoder.1.bias has values that are not"):
        assert words in caught.value.message
    (tmp_path / "m.safetensors").write_bytes(b"noise")
    with pytest.raises(CodecError, match="not a readable safetensors file"):
        load_semantic(tmp_path / "m.safetensors", encoder)
    save_file({"other.weight": torch.ones(2)}, tmp_path / "m.safetensors")
    with pytest.raises(CodecError, match=r"encoder\.0\.embed\.weight is absent"):
        load_semantic(tmp_path / "m.safetensors", encoder)

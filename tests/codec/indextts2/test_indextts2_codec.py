"""The codec of a folder of IndexTTS-2: the codes of MaskGCT's file, and speech of them in a voice."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.indextts2 import indextts2_folder
from support.speechlike import vowel_train

from amhctl.codec.indextts2.acoustics import FlowOptions
from amhctl.codec.indextts2.indextts2_codec import IndexTTS2Codec, load_indextts2
from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import SemanticCodec, load_semantic
from amhctl.core.errors import CodecError
from amhctl.encoders.speech import load_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return indextts2_folder(tmp_path_factory.mktemp("indextts2"))


@pytest.fixture
def codec(folder: Path) -> IndexTTS2Codec:
    return load_indextts2(folder, options=FlowOptions(steps=2))


def test_its_codes_are_those_of_the_semantic_codec_alone(codec: IndexTTS2Codec, folder: Path) -> None:
    alone = load_semantic(folder / "semantic_codec.safetensors", load_encoder(folder / "w2v-bert-2.0"))
    assert codec.spec == alone.spec
    clips = [vowel_train(seconds=seconds, seed=3).samples for seconds in (0.6, 1.0)]
    for one, other in zip(codec.encode(clips), alone.encode(clips), strict=True):
        assert np.array_equal(one, other)
    assert isinstance(load_codec(str(folder)), IndexTTS2Codec)
    assert load_codec(str(folder)).spec == codec.spec


def test_codes_are_spoken_in_the_voice_of_a_clip(codec: IndexTTS2Codec) -> None:
    recording = vowel_train(seconds=1.0, seed=3).samples
    (codes_QS,) = codec.encode([recording])
    with pytest.raises(CodecError, match="decoding needs a prompt"):
        codec.decode([codes_QS])
    prompts = [codec.prompt(vowel_train(seconds=1.2, seed=seed)) for seed in (4, 5)]
    spoken = []
    for prompt in prompts:
        codec.use(prompt)
        (waveform,) = codec.decode([codes_QS])
        assert waveform.shape == (172 * codes_QS.shape[1] // 100 * 256,)
        assert np.array_equal(waveform, codec.speak(codes_QS, prompt))
        assert np.array_equal(waveform, codec.decode_mean([codes_QS]))
        spoken.append(waveform)
    assert not np.array_equal(*spoken)  # type: ignore[arg-type]
    assert codec.output_rate == 22_050
    assert abs(waveform.size / codec.output_rate - recording.size / 16_000) < 0.05
    both = codec.decode([codes_QS, codes_QS[:, :9]])
    assert np.array_equal(both[1], codec.decode([codes_QS[:, :9]])[0])
    assert not np.array_equal(codec.decode_mean([codes_QS, codes_QS[:, ::-1]]), spoken[1])


def test_codes_of_another_codec_are_refused(codec: IndexTTS2Codec) -> None:
    codec.use(codec.prompt(vowel_train(seconds=1.2, seed=4)))
    for faulty, words in ((np.full((1, 3), 9_000), "outside the codebook"), (np.zeros((4, 3)), "codes have shape")):
        for speak in (lambda codes: codec.decode([codes]), lambda codes: codec.speak(codes, codec.prompt(CLIP))):
            with pytest.raises(CodecError, match=words):
                speak(faulty.astype(np.uint16))


def test_statistics_may_lie_beside_the_encoder(codec: IndexTTS2Codec, folder: Path, tmp_path: Path) -> None:
    """As IndexTTS-2's repository has them."""
    beside = Path(shutil.copytree(folder, tmp_path / "beside"))
    (beside / "w2v-bert-2.0" / "wav2vec2bert_stats.pt").rename(beside / "wav2vec2bert_stats.pt")
    assert load_indextts2(beside).spec == codec.spec


CLIP = vowel_train(seconds=1.2, seed=4)


def test_the_half_that_speaks_is_read_when_it_speaks(folder: Path, tmp_path: Path) -> None:
    heard = indextts2_folder(tmp_path)
    (heard / "bigvgan_generator.pt").unlink()
    (heard / "s2mel.pth").write_bytes(b"noise")
    codec = load_codec(str(heard))
    assert isinstance(codec, IndexTTS2Codec)
    assert codec.encode([CLIP.samples])[0].shape[0] == 1
    with pytest.raises(CodecError, match=r"missing for decoding: bigvgan_generator\.pt"):
        codec.prompt(CLIP)
    (heard / "semantic_codec.safetensors").unlink()
    with pytest.raises(CodecError, match=r"semantic_codec\.safetensors is missing"):
        load_codec(str(heard))
    with pytest.raises(CodecError, match="does not support precision bf16"):
        load_codec(str(folder), precision="bf16")
    assert not isinstance(load_codec("mel16k"), SemanticCodec)


def test_a_prompt_without_speech_is_refused(codec: IndexTTS2Codec) -> None:
    with pytest.raises(CodecError, match="speech"):
        codec.prompt(vowel_train(seconds=0.2, seed=1))

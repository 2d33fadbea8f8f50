"""Codes to a waveform: the published chain, files that belong together, and one result whatever came before."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.acoustics import far, numbers, tiny
from support.indextts2 import GPT_WIDTH, acoustic_files, acoustic_parts
from support.speech_encoders import WIDTH
from support.speechlike import vowel_train

from amhctl.codec.indextts2 import acoustics as module
from amhctl.codec.indextts2.acoustics import AcousticParts, Acoustics, FlowOptions, load_acoustics
from amhctl.codec.indextts2.bigvgan import read_bigvgan
from amhctl.codec.indextts2.campplus import read_campplus
from amhctl.codec.indextts2.content import read_latent_projection
from amhctl.codec.indextts2.diffusion_transformer import read_transformer
from amhctl.codec.indextts2.length_regulator import read_length_regulator
from amhctl.codec.indextts2.prompt import Prompt, PromptClip
from amhctl.codec.indextts2.semantic_network import read_semantic
from amhctl.core.errors import CodecError, OptionError


def _published() -> Acoustics:
    parts = AcousticParts(
        projection=read_latent_projection(tiny("s2mel", "gpt_layer.")),
        regulator=read_length_regulator(tiny("s2mel", "length_regulator.")),
        transformer=read_transformer(tiny("s2mel", "cfm.estimator."), heads=4),
        style=read_campplus(tiny("campplus")),
        vocoder=read_bigvgan(tiny("bigvgan")),
    )
    return Acoustics(parts, "")


def test_a_clip_and_codes_become_the_published_waveform(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the recording and the GPT's codes and states to samples, in one go."""
    known, acoustics = numbers(), _published()
    codec = read_semantic(tiny("codec"))
    clip = PromptClip(known["front.wave_22k"][0].numpy(), known["front.wave_16k"][0].numpy())
    prompt = acoustics.prompt(clip, codec.vectors(known["codec.codes"]))
    assert far(prompt.style_1S, known["style.vector_of_front_fbank"]) < 1e-3
    assert far(prompt.mel_1FP, known["front.mel"]) < 1e-3
    assert far(prompt.condition_1PC, known["regulator.prompt_condition"]) < 1e-5
    monkeypatch.setattr(torch, "randn", lambda *_shape, generator: known["cfm.noise"])
    waveform = acoustics.speak(
        codec.vectors(known["gpt.codes"]), prompt, latent_1SH=known["gpt.latent"], options=FlowOptions(steps=4)
    )
    # The prompt's features are computed here, and differ by rounding near silence.
    assert far(torch.from_numpy(waveform)[None, None], known["vocoder.wave_of_target_mel"]) < 1e-3


@pytest.fixture(scope="module")
def acoustics() -> Acoustics:
    return Acoustics(acoustic_parts(), "x")


@pytest.fixture(scope="module")
def prompt(acoustics: Acoustics) -> Prompt:
    return acoustics.prompt(PromptClip.of(vowel_train(seconds=1.0, seed=1)), torch.ones(1, 50, WIDTH))


def test_the_same_seed_gives_the_same_samples_whatever_was_said_before(acoustics: Acoustics, prompt: Prompt) -> None:
    vectors = torch.randn(1, 10, WIDTH, generator=torch.Generator().manual_seed(0))
    options = FlowOptions(steps=2)
    first = acoustics.speak(vectors, prompt, options=options, seed=7)
    assert first.shape == (17 * 256,)
    assert first.dtype == np.float32
    other = acoustics.speak(vectors[:, :3], prompt, options=options, seed=7)
    assert not np.array_equal(other, first[: other.size])
    assert np.array_equal(acoustics.speak(vectors, prompt, options=options, seed=7), first)
    assert not np.array_equal(acoustics.speak(vectors, prompt, options=options, seed=8), first)
    latent = torch.ones(1, 10, GPT_WIDTH)
    changed = (
        acoustics.speak(vectors, prompt, options=FlowOptions(steps=3), seed=7),
        acoustics.speak(vectors, prompt, options=FlowOptions(steps=2, guidance=0.0), seed=7),
        acoustics.speak(vectors, prompt, options=options, seed=7, latent_1SH=latent),
    )
    assert not any(np.array_equal(each, first) for each in changed)


def test_no_codes_and_options_that_cannot_be_are_refused(acoustics: Acoustics, prompt: Prompt) -> None:
    with pytest.raises(CodecError, match="no codes"):
        acoustics.speak(torch.zeros(1, 0, WIDTH), prompt)
    with pytest.raises(OptionError, match="0 steps are not between 1 and 1,000"):
        FlowOptions(steps=0)
    with pytest.raises(OptionError, match="guidance -1 is not between 0 and 10"):
        FlowOptions(guidance=-1.0)


def test_files_become_the_networks_that_wrote_them(tmp_path: Path, acoustics: Acoustics, prompt: Prompt) -> None:
    acoustic_files(tmp_path)
    loaded = load_acoustics(tmp_path, content=WIDTH)
    vectors = torch.randn(1, 10, WIDTH, generator=torch.Generator().manual_seed(0))
    options = FlowOptions(steps=2)
    expected = acoustics.speak(vectors, prompt, options=options)
    assert np.array_equal(loaded.speak(vectors, prompt, options=options), expected)
    acoustic_files(tmp_path / "other", seed=1)
    assert load_acoustics(tmp_path / "other", content=WIDTH).fingerprint != loaded.fingerprint
    assert len(loaded.fingerprint) == 64


def test_files_that_do_not_belong_together_are_refused_by_their_names(tmp_path: Path) -> None:
    acoustic_files(tmp_path)
    with pytest.raises(CodecError, match=r"the codec gives: 99, the length regulator of s2mel\.pth takes 16"):
        load_acoustics(tmp_path, content=99)
    style, vocoder = (tmp_path / name for name in ("campplus_cn_common.bin", "bigvgan_generator.pt"))
    kept = style.read_bytes()
    style.write_bytes(vocoder.read_bytes())
    with pytest.raises(CodecError, match=r"xvector\.tdnn\.linear\.weight is absent") as caught:
        load_acoustics(tmp_path, content=WIDTH)
    assert caught.value.subject == str(style)
    style.write_bytes(kept[: len(kept) // 2])
    with pytest.raises(CodecError, match="damaged") as caught:
        load_acoustics(tmp_path, content=WIDTH)
    assert "https://huggingface.co/funasr/campplus" in caught.value.hint
    style.write_bytes(kept)
    net = torch.load(tmp_path / "s2mel.pth", weights_only=True)["net"]
    torch.save({"net": {**net, "style_encoder": {"weight": torch.ones(1)}}}, tmp_path / "s2mel.pth")
    with pytest.raises(CodecError, match=r"style_encoder\.weight is unknown"):
        load_acoustics(tmp_path, content=WIDTH)
    torch.save({"net": {name: each for name, each in net.items() if name != "gpt_layer"}}, tmp_path / "s2mel.pth")
    with pytest.raises(CodecError, match=r"0\.weight is absent") as caught:
        load_acoustics(tmp_path, content=WIDTH)
    assert caught.value.subject == f"{tmp_path / 's2mel.pth'}: gpt_layer"


def test_mel_frames_in_half_precision_are_nearly_those_of_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = acoustic_parts()
    acoustics = Acoustics(parts, "x")
    torch.manual_seed(0)
    vectors_1SW = torch.randn(1, 20, WIDTH)
    prompt = acoustics.prompt(PromptClip.of(vowel_train(seconds=1.2)), vectors_1SW)
    monkeypatch.setattr(module, "computes_in", lambda precision, _device: precision == "bf16")
    spoken = {
        precision: acoustics.speak(vectors_1SW, prompt, options=FlowOptions(steps=3, precision=precision))
        for precision in ("fp32", "bf16")
    }
    exact, rounded = spoken["fp32"], spoken["bf16"]
    assert np.array_equal(exact, acoustics.speak(vectors_1SW, prompt, options=FlowOptions(steps=3)))
    assert rounded.dtype == np.float32
    assert 0.0 < float(np.abs(rounded - exact).max()) < 0.1 * float(np.abs(exact).max())
    assert {each.dtype for each in parts.transformer.parameters()} == {torch.float32}
    monkeypatch.setattr(module, "sample_mel", lambda *_, **__: torch.full((1, 80, 4), torch.inf))
    with pytest.raises(CodecError, match="exceed the range of bf16"):
        acoustics.speak(vectors_1SW, prompt, options=FlowOptions(precision="bf16"))
    with pytest.raises(OptionError, match="does not compute in fp16") as caught:
        acoustics.speak(vectors_1SW, prompt, options=FlowOptions(precision="fp16"))
    assert caught.value.subject == "--precision"


def test_an_impossible_number_of_heads_is_blamed_on_the_config(tmp_path: Path) -> None:
    acoustic_files(tmp_path)
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("num_heads: 2", "num_heads: 5"))
    with pytest.raises(CodecError, match=r"s2mel\.DiT\.num_heads is 5; .* a width of 16") as caught:
        load_acoustics(tmp_path, content=WIDTH)
    assert caught.value.subject == str(config)


def test_a_config_of_another_network_is_refused(tmp_path: Path) -> None:
    acoustic_files(tmp_path)
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("is_causal: false", "is_causal: true"))
    with pytest.raises(CodecError, match=r"s2mel\.DiT\.is_causal is True; only False is supported"):
        load_acoustics(tmp_path, content=WIDTH)

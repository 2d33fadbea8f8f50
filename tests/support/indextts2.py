"""A folder of small files in the layout of IndexTTS-2: all that makes codes, and speech of them."""

from pathlib import Path

import torch
import yaml
from support.official import official_shape
from support.semantic_codecs import semantic_file
from support.speech_encoders import WIDTH, tiny_encoder_folder
from torch import Tensor, nn

from amhctl.codec.indextts2 import wavenet
from amhctl.codec.indextts2.acoustics import AcousticParts
from amhctl.codec.indextts2.bigvgan import BigVGAN, BigVGANShape
from amhctl.codec.indextts2.campplus import Campplus, CampplusShape
from amhctl.codec.indextts2.content import LatentProjection
from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, TransformerShape
from amhctl.codec.indextts2.length_regulator import LengthRegulator
from amhctl.nn.alias_free import low_pass_filter
from amhctl.workflows.indextts2_speed import NetworkSizes

TRANSFORMER = TransformerShape(
    width=16, content=8, style=6, depth=3, heads=2, inner=32, wave_width=8, wave_layers=2, wave_kernel=5
)
STYLE = CampplusShape(width=6, entry=8, growth=2, bottleneck=8)
VOCODER = BigVGANShape(width=16, rates=(16, 16), kernels=(3,))
GPT_WIDTH = 16


def acoustic_parts(*, seed: int = 0, gpt_width: int = GPT_WIDTH, content: int = WIDTH) -> AcousticParts:
    """Return small networks with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        parts = AcousticParts(
            projection=LatentProjection((gpt_width, 6, 5, content)),
            regulator=LengthRegulator(content, TRANSFORMER.content),
            transformer=DiffusionTransformer(TRANSFORMER),
            style=Campplus(STYLE),
            vocoder=BigVGAN(VOCODER),
        )
        # As they are at first, norms of a network scale by numbers near 0.
        for name, parameter in parts.transformer.named_parameters():
            if name.endswith("project_layer.bias"):
                nn.init.uniform_(parameter, 0.0, 1.0)
    for network in (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder):
        network.eval().requires_grad_(False)
    return parts


def s2mel_tensors(parts: AcousticParts) -> dict[str, dict[str, Tensor]]:
    """Return what ``s2mel.pth`` has under ``net``, what is stored and never used too."""
    estimator = {
        (wavenet.published_name(name) if name.startswith("wavenet.") else name): value
        for name, value in parts.transformer.state_dict().items()
    }
    unused = {"input_pos": torch.arange(64), "x_embedder.bias": torch.zeros(16)}
    return {
        "cfm": {f"estimator.{name}": value for name, value in (estimator | unused).items()},
        "length_regulator": {**parts.regulator.state_dict(), "mask_token": torch.zeros(1, 8)},
        "gpt_layer": dict(parts.projection.state_dict()),
    }


def acoustic_files(folder: Path, *, seed: int = 0, gpt_width: int = GPT_WIDTH, content: int = WIDTH) -> AcousticParts:
    """Write the files that decode; return the networks that they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = acoustic_parts(seed=seed, gpt_width=gpt_width, content=content)
    torch.save({"net": s2mel_tensors(parts)}, folder / "s2mel.pth")
    torch.save(parts.style.state_dict(), folder / "campplus_cn_common.bin")
    vocoder = parts.vocoder.state_dict() | {"activation_post.upsample.filter": low_pass_filter()}
    torch.save({"generator": vocoder}, folder / "bigvgan_generator.pt")
    config = folder / "config.yaml"
    document = yaml.safe_load(config.read_text()) if config.is_file() else {"version": 2.0}
    blocks = {"DiT": {"num_heads": TRANSFORMER.heads, "is_causal": False}, "wavenet": {"dilation_rate": 1}}
    config.write_text(yaml.safe_dump({**document, "s2mel": blocks}, sort_keys=False))
    return parts


def indextts2_folder(folder: Path, *, seed: int = 0, gpt_width: int = GPT_WIDTH) -> Path:
    """Write the files that encode, and those that decode."""
    acoustic_files(folder, seed=seed, gpt_width=gpt_width)
    semantic_file(folder / "semantic_codec.safetensors")
    tiny_encoder_folder(folder / "w2v-bert-2.0", normalised=True)
    return folder


def small_sizes() -> NetworkSizes:
    """Return networks for ``bench indextts2`` that take no time."""
    return NetworkSizes(
        gpt=official_shape(60, features=16),
        content=WIDTH,
        projection=(6, 5),
        transformer=TRANSFORMER,
        style=STYLE,
        vocoder=VOCODER,
    )

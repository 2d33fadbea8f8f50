"""The network that generates mel frames: the velocity from noise to speech (s2mel of IndexTTS-2, ``cfm.estimator``).

A diffusion transformer (Peebles and Xie 2023, arXiv 2212.09748) with the long skips of U-ViT (Bao et al. 2023, arXiv
2209.12152), and WaveNet layers after it. The tensors have the names of ``s2mel.pth``.

Shapes: ``B batch, T frames, F mel bins, D width, C width of the content, S width of the style vector``.
"""

import math
import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.codec.indextts2 import wavenet
from amhctl.codec.indextts2.wavenet import WaveNet
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError
from amhctl.nn.rotary_attention import attend_rotary

_TIME_WIDTH = 256
_TIME_SCALE = 1_000.0
_LONGEST_WAVE = 10_000.0
_RMS_EPS = 1e-5
_NORM_EPS = 1e-6
# Stored, and used by other settings of the network than this one; tables that are computed here.
_UNUSED = (
    r"x_embedder\..*",
    r"cond_embedder\..*",
    r"content_mask_embedder\..*",
    "input_pos",
    r"t_embedder2?\.freqs",
)


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """The shape of the network.

    Attributes
    ----------
    bins : int
        Mel bins F.
    width : int
        Width D of the transformer.
    content, style : int
        Widths C and S of what it is told.
    depth : int
        Transformer blocks; odd.
    heads : int
        Attention heads; D is an even multiple of it.
    inner : int
        Width within a feed-forward layer.
    wave_width : int
        Channels of the WaveNet layers.
    wave_layers, wave_kernel : int
        How many WaveNet layers, and the frames that each sees.
    """

    bins: int = 80
    width: int = 512
    content: int = 512
    style: int = 192
    depth: int = 13
    heads: int = 8
    inner: int = 1_536
    wave_width: int = 512
    wave_layers: int = 8
    wave_kernel: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What a spectrogram is to be: for each frame its content, and for all of them a prompt and its style.

    Attributes
    ----------
    prompt_BFT : Tensor
        The prompt's mel frames, zeros after them.
    content_BTC : Tensor
        Content of the prompt's frames and of those to be generated.
    style_BS : Tensor
        The style vector.
    """

    prompt_BFT: Tensor
    content_BTC: Tensor
    style_BS: Tensor

    def beside_nothing(self) -> "Guide":
        """Return a batch of twice the size, the second half of which is told nothing: zeros."""
        parts = (self.prompt_BFT, self.content_BTC, self.style_BS)
        return Guide(*(torch.cat([part, torch.zeros_like(part)]) for part in parts))


class DiffusionTransformer(nn.Module):
    """The network.

    Parameters
    ----------
    shape : TransformerShape
        Its shape.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape = shape
        width, wave = shape.width, shape.wave_width
        self.t_embedder = _TimeEmbedding(width)
        self.t_embedder2 = _TimeEmbedding(wave)
        self.cond_projection = nn.Linear(shape.content, width)
        self.cond_x_merge_linear = nn.Linear(2 * shape.bins + width + shape.style, width)
        self.transformer = _Transformer(shape)
        self.skip_linear = nn.Linear(width + shape.bins, width)
        self.conv1 = nn.Linear(width, wave)
        self.wavenet = WaveNet(wave, shape.wave_layers, shape.wave_kernel)
        self.res_projection = nn.Linear(width, wave)
        self.final_layer = _FinalLayer(wave, width)
        self.conv2 = nn.Conv1d(wave, shape.bins, 1)

    def forward(self, state_BFT: Tensor, time_B: Tensor, guide: Guide, lengths_B: Tensor | None = None) -> Tensor:
        """Return the velocity, shape (B, F, T).

        Parameters
        ----------
        state_BFT : Tensor
            Where the way from noise to speech has come to.
        time_B : Tensor
            How far that is, from 0 to 1.
        guide : Guide
            What is to be generated.
        lengths_B : Tensor | None
            Frames of each item; None is all.
        """
        state_BTF = state_BFT.transpose(1, 2)
        frames = state_BTF.shape[1]
        keep_BT = None
        if lengths_B is not None:
            keep_BT = torch.arange(frames, device=state_BFT.device) < lengths_B[:, None]
        embedded_BD = self.t_embedder(time_B)
        hidden_BTD = self.transformer(self._merge(state_BTF, guide), embedded_BD, keep_BT)
        hidden_BTD = self.skip_linear(torch.cat([hidden_BTD, state_BTF], dim=-1))
        keep_B1T = None if keep_BT is None else keep_BT[:, None].to(hidden_BTD.dtype)
        waves_BDT = self.wavenet(self.conv1(hidden_BTD).transpose(1, 2), self.t_embedder2(time_B), keep_B1T)
        summed_BTD = waves_BDT.transpose(1, 2) + self.res_projection(hidden_BTD)
        velocity_BFT: Tensor = self.conv2(self.final_layer(summed_BTD, embedded_BD).transpose(1, 2))
        return velocity_BFT

    def _merge(self, state_BTF: Tensor, guide: Guide) -> Tensor:
        """Return all that is known of each frame, shape (B, T, D)."""
        content_BTD = self.cond_projection(guide.content_BTC)
        style_BTS = guide.style_BS[:, None].expand(-1, state_BTF.shape[1], -1)
        parts = [state_BTF, guide.prompt_BFT.transpose(1, 2), content_BTD, style_BTS]
        merged_BTD: Tensor = self.cond_x_merge_linear(torch.cat(parts, dim=-1))
        return merged_BTD


class _TimeEmbedding(nn.Module):
    """A time between 0 and 1 as waves, then through two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(_TIME_WIDTH, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, time_B: Tensor) -> Tensor:
        half = _TIME_WIDTH // 2
        frequencies = torch.exp(-math.log(_LONGEST_WAVE) * torch.arange(half, device=time_B.device).float() / half)
        angles_BW = _TIME_SCALE * time_B[:, None] * frequencies
        embedded: Tensor = self.mlp(torch.cat([angles_BW.cos(), angles_BW.sin()], dim=-1))
        return embedded


class _AdaptiveRMSNorm(nn.Module):
    """Root-mean-square norm whose scale (not one more than it) and shift follow a condition."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project_layer = nn.Linear(width, 2 * width)
        self.norm = nn.RMSNorm(width, eps=_RMS_EPS)

    def forward(self, hidden_BTD: Tensor, condition_BD: Tensor) -> Tensor:
        scale_B1D, shift_B1D = self.project_layer(condition_BD)[:, None].chunk(2, dim=-1)
        # Under autocast, hidden states come in half precision; norms are computed in that of their weights.
        modulated: Tensor = scale_B1D * self.norm(hidden_BTD.to(self.norm.weight.dtype)) + shift_B1D
        return modulated


class _Attention(nn.Module):
    """Self-attention over all frames, rotary positions, no biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.wqkv = nn.Linear(width, 3 * width, bias=False)
        self.wo = nn.Linear(width, width, bias=False)

    def forward(self, hidden_BTD: Tensor, keep_BT: Tensor | None) -> Tensor:
        output: Tensor = self.wo(attend_rotary(self.wqkv(hidden_BTD), self.heads, keep_BT))
        return output


class _FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020, arXiv 2002.05202), no biases."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(width, inner, bias=False)
        self.w3 = nn.Linear(width, inner, bias=False)
        self.w2 = nn.Linear(inner, width, bias=False)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        output: Tensor = self.w2(functional.silu(self.w1(hidden_BTD)) * self.w3(hidden_BTD))
        return output


class _Block(nn.Module):
    """Attention and feed-forward layer, each after a norm; the second half of the blocks takes a skip in."""

    def __init__(self, shape: TransformerShape, *, skips: bool) -> None:
        super().__init__()
        self.attention_norm = _AdaptiveRMSNorm(shape.width)
        self.attention = _Attention(shape.width, shape.heads)
        self.ffn_norm = _AdaptiveRMSNorm(shape.width)
        self.feed_forward = _FeedForward(shape.width, shape.inner)
        self.skip_in_linear = nn.Linear(2 * shape.width, shape.width) if skips else None

    def forward(
        self, hidden_BTD: Tensor, embedded_BD: Tensor, keep_BT: Tensor | None, skipped_BTD: Tensor | None
    ) -> Tensor:
        if self.skip_in_linear is not None and skipped_BTD is not None:
            hidden_BTD = self.skip_in_linear(torch.cat([hidden_BTD, skipped_BTD], dim=-1))
        hidden_BTD = hidden_BTD + self.attention(self.attention_norm(hidden_BTD, embedded_BD), keep_BT)
        output: Tensor = hidden_BTD + self.feed_forward(self.ffn_norm(hidden_BTD, embedded_BD))
        return output


class _Transformer(nn.Module):
    """The blocks, each of the first half skipped to its mirror image in the second, and a norm."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Block(shape, skips=place > shape.depth // 2) for place in range(shape.depth))
        self.norm = _AdaptiveRMSNorm(shape.width)

    def forward(self, hidden_BTD: Tensor, embedded_BD: Tensor, keep_BT: Tensor | None) -> Tensor:
        middle, kept = len(self.layers) // 2, list[Tensor]()
        for place, block in enumerate(self.layers):
            hidden_BTD = block(hidden_BTD, embedded_BD, keep_BT, kept.pop() if place > middle else None)
            if place < middle:
                kept.append(hidden_BTD)
        output: Tensor = self.norm(hidden_BTD, embedded_BD)
        return output


class _FinalLayer(nn.Module):
    """Layer norm without weights, shifted and scaled as the time says, and a projection."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=_NORM_EPS, elementwise_affine=False)
        self.linear = nn.Linear(width, width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(condition, 2 * width))

    def forward(self, hidden_BTD: Tensor, embedded_BD: Tensor) -> Tensor:
        shift_B1D, scale_B1D = self.adaLN_modulation(embedded_BD)[:, None].chunk(2, dim=-1)
        output: Tensor = self.linear(self.norm(hidden_BTD) * (1.0 + scale_B1D) + shift_B1D)
        return output


def read_transformer(tensors: Tensors, *, heads: int = 8, config: str = "config.yaml") -> DiffusionTransformer:
    """Return the network of a file.

    Parameters
    ----------
    tensors : Tensors
        Named as below ``cfm.estimator``.
    heads : int
        Attention heads: the one part of the shape that the tensors do not show.
    config : str
        The file that says how many there are, for error messages.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown or of another shape, or the width is no even multiple of the heads.
    """
    bins, width = tensors.size("conv2.weight", 0), tensors.size("cond_projection.weight", 0)
    shape = TransformerShape(
        bins=bins,
        width=width,
        content=tensors.size("cond_projection.weight", 1),
        style=max(0, tensors.size("cond_x_merge_linear.weight", 1) - width - 2 * bins),
        depth=tensors.count(r"transformer\.layers\.(\d+)\.attention\.wo\.weight"),
        heads=heads,
        inner=tensors.size("transformer.layers.0.feed_forward.w1.weight", 0),
        wave_width=tensors.size("conv1.weight", 0),
        wave_layers=tensors.count(r"wavenet\.in_layers\.(\d+)\.conv\.conv\.bias"),
        wave_kernel=tensors.size("wavenet.in_layers.0.conv.conv.weight", 2),
    )
    if heads < 1 or width % (2 * heads):
        raise CodecError(
            f"s2mel.DiT.num_heads is {heads}; the network of s2mel has a width of {width}, which must be an even "
            "multiple of it",
            subject=config,
            hint="use config.yaml and s2mel.pth of one IndexTTS-2",
        )
    unskipped = "|".join(str(place) for place in range(shape.depth // 2 + 1))
    unused = (*_UNUSED, rf"transformer\.layers\.({unskipped})\.skip_in_linear\..*")
    return tensors.fill(lambda: DiffusionTransformer(shape), unused=unused, published=_published_name)


def _published_name(name: str) -> str:
    return wavenet.published_name(name) if re.match(r"wavenet\.", name) else name

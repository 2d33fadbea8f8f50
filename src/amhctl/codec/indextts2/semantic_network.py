"""MaskGCT's semantic codec (Wang et al. 2024, arXiv 2409.00750): features of w2v-bert to codes, and codes to vectors.

A Vocos backbone (Siuzdak 2023, arXiv 2306.00814) of ConvNeXt blocks, a projection to a few dimensions, and the entry of
the codebook that points the same way (cosine distance; Yu et al. 2021, arXiv 2110.04627). The tensors have the names of
``semantic_codec/model.safetensors``; its ``decoder``, by which features come back, is not used.

Shapes: ``B batch, S frames, W width of the features, D width of the backbone, L width of the codebook's entries, V its
size``.
"""

import re
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from amhctl.codec.indextts2.weights import Tensors
from amhctl.nn.convnext import ConvNeXtBlock

_EPS = 1e-6
_KERNEL = 7
_UNUSED = r"decoder\..*"
_BACKBONE, _QUANTISER = "encoder.0.", "quantizer.quantizers.0."
_PUBLISHED = (
    (r"blocks\.(\d+)\.depthwise", rf"{_BACKBONE}convnext.\1.dwconv"),
    (r"blocks\.(\d+)\.expand", rf"{_BACKBONE}convnext.\1.pwconv1"),
    (r"blocks\.(\d+)\.contract", rf"{_BACKBONE}convnext.\1.pwconv2"),
    (r"blocks\.(\d+)\.scale", rf"{_BACKBONE}convnext.\1.gamma"),
    (r"blocks\.(\d+)\.norm", rf"{_BACKBONE}convnext.\1.norm"),
    ("final_norm", f"{_BACKBONE}final_layer_norm"),
    ("(embed|norm)", rf"{_BACKBONE}\1"),
    ("projection", "encoder.1"),
    ("(in_project|out_project|codebook)", rf"{_QUANTISER}\1"),
)
"""Beginnings of names in the network, and in the file."""


@dataclass(frozen=True, slots=True)
class SemanticShape:
    """The shape of the codec.

    Attributes
    ----------
    features : int
        Width W of the features.
    width, inner, blocks : int
        Width D of the backbone, width within its blocks, and how many there are.
    size, entry : int
        Entries V of the codebook, and their width L.
    """

    features: int = 1_024
    width: int = 384
    inner: int = 2_048
    blocks: int = 12
    size: int = 8_192
    entry: int = 8


class SemanticNetwork(nn.Module):
    """The codec's encoder and quantiser.

    Parameters
    ----------
    shape : SemanticShape
        Its shape.
    """

    def __init__(self, shape: SemanticShape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Conv1d(shape.features, shape.width, _KERNEL, padding=_KERNEL // 2)
        self.norm = nn.LayerNorm(shape.width, eps=_EPS)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(shape.width, kernel=_KERNEL, inner=shape.inner, eps=_EPS) for _ in range(shape.blocks)
        )
        self.final_norm = nn.LayerNorm(shape.width, eps=_EPS)
        self.projection = nn.Linear(shape.width, shape.features)
        self.in_project = nn.Conv1d(shape.features, shape.entry, 1)
        self.codebook = nn.Embedding(shape.size, shape.entry)
        self.out_project = nn.Conv1d(shape.entry, shape.features, 1)

    def hidden(self, features_BSW: Tensor) -> Tensor:
        """Return what the encoder makes of features, shape (B, S, W)."""
        hidden_BSD = self.norm(self.embed(features_BSW.transpose(1, 2)).transpose(1, 2))
        for block in self.blocks:
            hidden_BSD = block(hidden_BSD)
        hidden_BSW: Tensor = self.projection(self.final_norm(hidden_BSD))
        return hidden_BSW

    def quantise(self, features_BSW: Tensor) -> Tensor:
        """Return the code of each frame, shape (B, S)."""
        encodings_BLS = self.in_project(self.hidden(features_BSW).transpose(1, 2))
        entries_VL = functional.normalize(self.codebook.weight)
        return (entries_VL @ functional.normalize(encodings_BLS, dim=1)).argmax(dim=1)

    def vectors(self, codes_BS: Tensor) -> Tensor:
        """Return the vector that each code stands for, shape (B, S, W): its entry as it is, projected."""
        vectors_BWS: Tensor = self.out_project(self.codebook(codes_BS).transpose(1, 2))
        return vectors_BWS.transpose(1, 2)


def read_semantic(tensors: Tensors) -> SemanticNetwork:
    """Return the codec of a file.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown, of another shape or not finite.
    """
    shape = SemanticShape(
        features=tensors.size(f"{_BACKBONE}embed.weight", 1),
        width=tensors.size(f"{_BACKBONE}embed.weight", 0),
        inner=tensors.size(f"{_BACKBONE}convnext.0.pwconv1.weight", 0),
        blocks=tensors.count(r"encoder\.0\.convnext\.(\d+)\.dwconv\.bias"),
        size=tensors.size(f"{_QUANTISER}codebook.weight", 0),
        entry=tensors.size(f"{_QUANTISER}codebook.weight", 1),
    )
    return tensors.fill(lambda: SemanticNetwork(shape), unused=(_UNUSED,), published=published_name)


def published_name(name: str) -> str:
    """Return a tensor's name in MaskGCT's file."""
    patterns = ((re.compile(rf"^{ours}(?=\.|$)"), theirs) for ours, theirs in _PUBLISHED)
    return next(pattern.sub(theirs, name) for pattern, theirs in patterns if pattern.match(name))

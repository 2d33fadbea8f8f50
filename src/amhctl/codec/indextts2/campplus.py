"""CAM++: whose voice a clip has, as one vector (Wang et al. 2023, arXiv 2303.00332; 3D-Speaker's ``campplus``).

Two-dimensional residual convolutions over frequency and time, then densely connected time-delay layers, each with a
mask that it computes from the mean of all frames and of its own segment, then mean and deviation over time. The tensors
have the names of ``campplus_cn_common.bin``.

Shapes: ``B batch, T frames, F mel bins, C channels, D width of the vector``.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.codec.indextts2.weights import Tensors

_HEAD = 32
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each dense block."""
_KERNEL = 3
_SEGMENT = 100


@dataclass(frozen=True, slots=True)
class CampplusShape:
    """The shape of the network.

    Attributes
    ----------
    bins : int
        Mel bins F; a multiple of 8.
    width : int
        Width D of the vector.
    entry : int
        Channels after the first time-delay layer.
    growth : int
        Channels that each dense layer adds.
    bottleneck : int
        Channels within a dense layer.
    """

    bins: int = 80
    width: int = 192
    entry: int = 128
    growth: int = 32
    bottleneck: int = 128


class Campplus(nn.Module):
    """The network.

    Parameters
    ----------
    shape : CampplusShape
        Its shape.
    """

    def __init__(self, shape: CampplusShape) -> None:
        super().__init__()
        self.shape = shape
        self.head = _Head()
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            tdnn=_Unit(_HEAD * shape.bins // 8, shape.entry, kernel=5, stride=2),
        )
        channels = shape.entry
        for place, (layers, dilation) in enumerate(_BLOCKS, start=1):
            parts[f"block{place}"] = _DenseBlock(channels, layers, dilation, shape)
            channels += layers * shape.growth
            parts[f"transit{place}"] = _Transit(channels, channels // 2)
            channels //= 2
        parts["out_nonlinear"] = _NormRelu(channels)
        parts["dense"] = _Embedding(2 * channels, shape.width)
        self.xvector = nn.ModuleDict(parts)

    def forward(self, fbank_BTF: Tensor) -> Tensor:
        """Return the vector of each clip, shape (B, D); not of unit length.

        Parameters
        ----------
        fbank_BTF : Tensor
            Log-mel energies (``audio.kaldi_fbank``) less their mean over time.
        """
        vector_BD: Tensor = self.xvector["dense"](self.statistics(fbank_BTF))
        return vector_BD

    def statistics(self, fbank_BTF: Tensor) -> Tensor:
        """Return mean and unbiased deviation over time of the last layer, shape (B, 2 C)."""
        hidden_BCT = self.head(fbank_BTF)
        for name, part in self.xvector.items():
            if name != "dense":
                hidden_BCT = part(hidden_BCT)
        return torch.cat([hidden_BCT.mean(dim=-1), hidden_BCT.std(dim=-1, unbiased=True)], dim=-1)


class _Head(nn.Module):
    """Residual convolutions over frequency and time; frequency is divided by eight, time is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, _HEAD, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_HEAD)
        self.layer1 = nn.Sequential(_Residual(stride=2), _Residual(stride=1))
        self.layer2 = nn.Sequential(_Residual(stride=2), _Residual(stride=1))
        self.conv2 = nn.Conv2d(_HEAD, _HEAD, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(_HEAD)

    def forward(self, fbank_BTF: Tensor) -> Tensor:
        image = functional.relu(self.bn1(self.conv1(fbank_BTF.transpose(1, 2)[:, None])))
        image = functional.relu(self.bn2(self.conv2(self.layer2(self.layer1(image)))))
        return image.flatten(1, 2)


class _Residual(nn.Module):
    """Two convolutions and a shortcut, which has a convolution of its own where frequency is divided."""

    def __init__(self, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(_HEAD, _HEAD, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_HEAD)
        self.conv2 = nn.Conv2d(_HEAD, _HEAD, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(_HEAD)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(_HEAD, _HEAD, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(_HEAD)
            )

    def forward(self, image: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(image)))))
        return functional.relu(inner + self.shortcut(image))


class _NormRelu(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(channels)

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        return functional.relu(self.batchnorm(hidden_BCT))


class _Unit(nn.Module):
    """Convolution over time, norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.nonlinear = _NormRelu(outputs)

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        activated: Tensor = self.nonlinear(self.linear(hidden_BCT))
        return activated


class _Transit(nn.Module):
    """Norm, ReLU, and a projection to fewer channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.nonlinear = _NormRelu(inputs)
        self.linear = nn.Conv1d(inputs, outputs, 1, bias=False)

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        projected: Tensor = self.linear(self.nonlinear(hidden_BCT))
        return projected


class _DenseBlock(nn.Module):
    """Layers that each see the channels of all before them."""

    def __init__(self, channels: int, layers: int, dilation: int, shape: CampplusShape) -> None:
        super().__init__()
        # The names of the file count from one.
        for layer in range(layers):
            self.add_module(f"tdnnd{layer + 1}", _DenseLayer(channels + layer * shape.growth, dilation, shape))

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        for layer in self.children():
            hidden_BCT = torch.cat([hidden_BCT, layer(hidden_BCT)], dim=1)
        return hidden_BCT


class _DenseLayer(nn.Module):
    def __init__(self, channels: int, dilation: int, shape: CampplusShape) -> None:
        super().__init__()
        self.nonlinear1 = _NormRelu(channels)
        self.linear1 = nn.Conv1d(channels, shape.bottleneck, 1, bias=False)
        self.nonlinear2 = _NormRelu(shape.bottleneck)
        self.cam_layer = _ContextMask(shape.bottleneck, shape.growth, dilation)

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        masked: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(hidden_BCT))))
        return masked


class _ContextMask(nn.Module):
    """A convolution whose output is masked by what is known of the clip and of the segment of 100 frames."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(inputs, outputs, _KERNEL, dilation=dilation, padding=dilation, bias=False)
        self.linear1 = nn.Conv1d(inputs, inputs // 2, 1)
        self.linear2 = nn.Conv1d(inputs // 2, outputs, 1)

    def forward(self, hidden_BCT: Tensor) -> Tensor:
        context_BCT = hidden_BCT.mean(dim=-1, keepdim=True) + _segment_means(hidden_BCT)
        mask_BCT = torch.sigmoid(self.linear2(functional.relu(self.linear1(context_BCT))))
        masked: Tensor = self.linear_local(hidden_BCT) * mask_BCT
        return masked


class _Embedding(nn.Module):
    """A projection without bias and a norm without weights."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, width, 1, bias=False)
        self.nonlinear = nn.ModuleDict({"batchnorm": nn.BatchNorm1d(width, affine=False)})

    def forward(self, statistics_BC: Tensor) -> Tensor:
        vector_BD: Tensor = self.nonlinear["batchnorm"](self.linear(statistics_BC[..., None])[..., 0])
        return vector_BD


def _segment_means(hidden_BCT: Tensor) -> Tensor:
    """Return the mean of each frame's segment, shape (B, C, T); the last segment has the frames that are left."""
    means = functional.avg_pool1d(hidden_BCT, _SEGMENT, _SEGMENT, ceil_mode=True)
    return means.repeat_interleave(_SEGMENT, dim=-1)[..., : hidden_BCT.shape[-1]]


def read_campplus(tensors: Tensors) -> Campplus:
    """Return the network of a file.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown or of another shape.
    """
    shape = CampplusShape(
        bins=8 * tensors.size("xvector.tdnn.linear.weight", 1) // _HEAD,
        width=tensors.size("xvector.dense.linear.weight", 0),
        entry=tensors.size("xvector.tdnn.linear.weight", 0),
        growth=tensors.size("xvector.block1.tdnnd1.cam_layer.linear_local.weight", 0),
        bottleneck=tensors.size("xvector.block1.tdnnd1.linear1.weight", 0),
    )
    return tensors.fill(lambda: Campplus(shape))

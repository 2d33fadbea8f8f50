"""In which precision a voice that only speaks keeps its weights. Sees tensors by their names; trains nothing.

In half precision are the matrices of the decoder's blocks, which each step of decoding reads: they are multiplied in
it, and keys and values are kept in it. Everything that sums stays in single precision: what runs from block to block,
norms, embeddings, the head and its logits, and the encoders of the prompt, which run once.
"""

import re
from collections.abc import Iterable

import torch
from torch import Tensor

from amhctl.core.units import Precision

_MULTIPLIED = re.compile(r"gpt\.h\.\d+\.(attn|mlp)\.c_\w+\.(weight|bias)")
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def keep_weight(name: str, tensor: Tensor, precision: Precision, device: torch.device) -> Tensor:
    """Return a copy of a weight on a device, as a voice of this precision keeps it.

    Parameters
    ----------
    name : str
        Name in the voice.
    tensor : Tensor
        The weight.
    precision : Precision
        Of the voice.
    device : torch.device
        Where it computes.
    """
    kept = type_of(name, precision)
    if kept is torch.float32 or tensor.ndim < 2 or device.type != "cpu":
        return tensor.to(device=device, dtype=kept, copy=True)
    # A processor multiplies a few rows by a half-precision weight faster if the inputs of an output lie together.
    return tensor.T.to(kept).clone(memory_format=torch.contiguous_format).T


def type_of(name: str, precision: Precision) -> torch.dtype:
    """Return the type in which a voice of a precision keeps a weight."""
    return _TYPES[precision] if _MULTIPLIED.fullmatch(name) else torch.float32


def count_bytes(tensors: Iterable[tuple[str, Tensor]], precision: Precision) -> int:
    """Return the bytes that weights take in a voice of a precision; they may be on the device ``meta``."""
    return sum(tensor.numel() * type_of(name, precision).itemsize for name, tensor in tensors)

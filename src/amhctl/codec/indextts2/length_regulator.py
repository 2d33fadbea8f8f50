"""From content at the rate of codes to content at the rate of mel frames (s2mel of IndexTTS-2).

Shapes: ``B batch, S codes, T mel frames, W width of the content, D width of s2mel``.
"""

import torch
from torch import Tensor, nn

from amhctl.codec.indextts2.weights import Tensors

_LAYERS = 4
# Stored, and used by other settings of the network than this one.
_UNUSED = (r"embedding\.weight", "mask_token")


class LengthRegulator(nn.Module):
    """A projection, nearest-neighbour interpolation in time, and convolutions.

    Parameters
    ----------
    inputs : int
        Width W of the content, 1,024 as published.
    width : int
        Width D, 512 as published.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.content_in_proj = nn.Linear(inputs, width)
        layers: list[nn.Module] = []
        for _ in range(_LAYERS):
            layers += [nn.Conv1d(width, width, 3, padding=1), nn.GroupNorm(1, width), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(width, width, 1))

    def forward(self, content_BSW: Tensor, frames: int) -> Tensor:
        """Return content of as many mel frames, shape (B, T, D); items of a batch have the same length.

        The norms take their statistics over all frames, so that frames that are padded would change the others.
        """
        projected_BSD = self.content_in_proj(content_BSW)
        codes = content_BSW.shape[1]
        # Frame i reads code floor(i * S / T): in whole numbers, where a product of floats may round to the next code.
        nearest_T = torch.arange(frames, device=content_BSW.device) * codes // frames
        regulated_BTD: Tensor = self.model(projected_BSD[:, nearest_T].transpose(1, 2)).transpose(1, 2)
        return regulated_BTD


def read_length_regulator(tensors: Tensors) -> LengthRegulator:
    """Return the network of a file.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown or of another shape.
    """
    width, inputs = tensors.size("content_in_proj.weight", 0), tensors.size("content_in_proj.weight", 1)
    return tensors.fill(lambda: LengthRegulator(inputs, width), unused=_UNUSED)

"""What is to be spoken, code by code: the vectors of the codes and what the GPT knew when it wrote them.

Shapes: ``B batch, S codes, H width of the GPT, W width of the content``.
"""

from torch import Tensor, nn

from amhctl.codec.indextts2.weights import Tensors

_LAYERS = 3
# 1.72 mel frames a code, in whole numbers: 22,050 / 256 frames a second and about 50 codes.
_FRAMES_PER_100_CODES = 172


class LatentProjection(nn.Sequential):
    """``gpt_layer`` of s2mel: three linear layers in a row, with nothing between them.

    Parameters
    ----------
    widths : tuple[int, int, int, int]
        1,280, 256, 128 and 1,024 as published.
    """

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__(*(nn.Linear(widths[place], widths[place + 1]) for place in range(_LAYERS)))


def spoken_content(vectors_BSW: Tensor, latent_BSH: Tensor, projection: LatentProjection) -> Tensor:
    """Return the content of codes that a GPT wrote, shape (B, S, W).

    Parameters
    ----------
    vectors_BSW : Tensor
        The vector that each code stands for.
    latent_BSH : Tensor
        The GPT's hidden state that predicts each code.
    projection : LatentProjection
        ``gpt_layer``.
    """
    projected: Tensor = projection(latent_BSH)
    return vectors_BSW + projected


def mel_frames_of(codes: int) -> int:
    """Return how many mel frames so many codes are spoken in: 1.72 times as many, rounded down."""
    return _FRAMES_PER_100_CODES * codes // 100


def read_latent_projection(tensors: Tensors) -> LatentProjection:
    """Return ``gpt_layer`` of a file.

    Raises
    ------
    CodecError
        If a tensor is missing, unknown or of another shape.
    """
    first, second, third = (tensors.size(f"{layer}.weight", 1) for layer in range(_LAYERS))
    widths = (first, second, third, tensors.size(f"{_LAYERS - 1}.weight", 0))
    return tensors.fill(lambda: LatentProjection(widths))

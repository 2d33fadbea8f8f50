"""The codebooks of a residual quantiser as they are used: which codes a vector gets, and what codes stand for.

Learning them is vector-quantize-pytorch's (``training/learning_quantizer.py``), whose import alone takes as long as
that of torch: who speaks or encodes does not wait for it. Names and codes are the library's.

Shapes: ``B batch, S frames, Z latent width, Q codebooks, V codes``.
"""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

# As in the library: vectors nearer than this to a code count as equally near.
_LEAST_SQUARE = 1e-8


class Stage(Protocol):
    """One stage of a residual quantiser, the library's or ours."""

    @property
    def _codebook(self) -> "Codebook": ...


class Codebook(nn.Module):
    """The vectors of one stage's codes: ``embed`` of shape (1, V, Z), which is how checkpoints hold them."""

    embed: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("embed", torch.zeros(1, size, width))


class _Stage(nn.Module):
    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self._codebook = Codebook(size, width)


class ResidualCodebooks(nn.Module):
    """A residual quantiser that has learnt (Zeghidour et al. 2021, arXiv 2107.03312).

    Parameters
    ----------
    codebooks : int
        Stages: each codes what those before it left over.
    size : int
        Codes of each.
    width : int
        Width of the vectors.
    """

    def __init__(self, codebooks: int, *, size: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Stage(size, width) for _ in range(codebooks))

    def forward(self, latents_BSZ: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the nearest sums of codes (B, S, Z), the codes (B, S, Q), and no loss (Q): nothing is learnt."""
        residual_1NZ = latents_BSZ.reshape(1, -1, latents_BSZ.shape[-1])
        rounded_1NZ = torch.zeros_like(residual_1NZ)
        codes: list[Tensor] = []
        for embed_1VZ in embeddings(self):
            nearest_1N = _distances(residual_1NZ, embed_1VZ).argmin(dim=-1)
            chosen_1NZ = functional.embedding(nearest_1N, embed_1VZ[0])
            residual_1NZ = residual_1NZ - chosen_1NZ
            rounded_1NZ = rounded_1NZ + chosen_1NZ
            codes.append(nearest_1N.reshape(latents_BSZ.shape[:-1]))
        return rounded_1NZ.reshape(latents_BSZ.shape), torch.stack(codes, dim=-1), latents_BSZ.new_zeros(len(codes))


def embeddings(quantizer: nn.Module) -> tuple[Tensor, ...]:
    """Return the vectors of each stage's codes, each of shape (1, V, Z), of our quantiser or the library's."""
    stages = cast(nn.ModuleList, quantizer.layers)
    return tuple(cast(Stage, stage)._codebook.embed for stage in stages)


def _distances(vectors_1NZ: Tensor, embed_1VZ: Tensor) -> Tensor:
    """Return Euclidean distances (1, N, V) by the library's formula: another would round otherwise, and so choose."""
    squares_1N1 = (vectors_1NZ**2).sum(dim=-1)[..., None]
    squares_11V = (embed_1VZ**2).sum(dim=-1)[:, None]
    products_1NV = torch.einsum("bid,bjd->bij", vectors_1NZ, embed_1VZ) * -2
    return (squares_1N1 + squares_11V + products_1NV).clamp(min=_LEAST_SQUARE).sqrt()

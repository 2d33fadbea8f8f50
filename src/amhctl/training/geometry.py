"""What a codec's codebooks say of its codes before any training: which of them sound alike. Knows no files.

A model that begins at random has to learn what each of a thousand codes stands for from that code's own few examples.
The vectors after the codes tell it for free: codes with near vectors sound alike.

Shapes: ``Q codebooks, V codes, Z width of the codec's vectors, D width``.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.seeding import derive_seed


@torch.no_grad()
def init_code_embeddings(model: UnifiedVoice, codebooks_QVZ: NDArray[np.float32], seed: int) -> None:
    """Let the code rows of a new model begin as projections of the codec's vectors.

    Each table of the embedding and of the head gets a random projection of its own, which keeps the distances between
    the vectors (Johnson and Lindenstrauss 1984), at the scale the rows had. Rows of start and stop stay.

    Parameters
    ----------
    model : UnifiedVoice
        A model that was just made; changed in place.
    codebooks_QVZ : NDArray[np.float32]
        At least as many codebooks as the model writes.
    seed : int
        Seed of the run.
    """
    config = model.config
    generator = torch.Generator().manual_seed(derive_seed(seed, "codebooks"))
    for book, vectors_VZ in enumerate(torch.from_numpy(codebooks_QVZ[: config.codebooks])):
        codes, width = vectors_VZ.shape
        centred_VZ = (vectors_VZ - vectors_VZ.mean(dim=0)) / vectors_VZ.std()
        first = book * config.number_mel_codes
        for table in (model.mel_embedding.weight, model.mel_head.weight):
            rows_VD = table[first : first + codes]
            projection_ZD = torch.randn((width, config.model_dim), generator=generator) / width**0.5
            rows_VD.copy_(centred_VZ @ projection_ZD * rows_VD.std())

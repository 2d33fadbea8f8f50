"""Emotions as numbers: published emotion vectors, of speakers that sound like the reference.

Shapes: ``R rows of the tables, S width of a style vector, D width of the GPT``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.codec.indextts2 import files
from amhctl.config.emotions import EMOTIONS, Weights
from amhctl.config.indextts import read_emotion_counts
from amhctl.core.errors import CheckpointError, CodecError, ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class EmotionTables:
    """Emotion vectors of some speakers, and the style of each.

    Attributes
    ----------
    styles_RS : Tensor
        Style vectors.
    emotions_RD : Tensor
        Emotion vectors.
    counts : tuple[int, ...]
        How many rows each of the eight emotions has, one emotion after the other.
    """

    styles_RS: Tensor
    emotions_RD: Tensor
    counts: tuple[int, ...]

    def mix(self, weights: Weights, style_1S: Tensor, base_1D: Tensor) -> Tensor:
        """Return an emotion vector, shape (1, D): the weighted emotions, and of the base what is left to 1.

        Parameters
        ----------
        weights : Weights
            A weight of each emotion; no more than 1 in all.
        style_1S : Tensor
            The reference's style. Of each emotion, the row is taken whose style is most like it (cosine similarity).
        base_1D : Tensor
            The reference's own emotion.
        """
        alike_R = functional.cosine_similarity(self.styles_RS.to(style_1S), style_1S)
        mixed_1D = (1.0 - sum(weights)) * base_1D
        rows = list(self.counts)
        groups = zip(weights, torch.split(alike_R, rows), torch.split(self.emotions_RD, rows), strict=True)
        for weight, alike, emotions in groups:
            mixed_1D = mixed_1D + weight * emotions[int(alike.argmax())].to(base_1D)
        return mixed_1D


def load_emotions(folder: Path, *, style: int, emotion: int) -> EmotionTables:
    """Load the tables from a folder of the user's files.

    Parameters
    ----------
    folder : Path
        With ``feat1.pt``, ``feat2.pt`` and ``config.yaml``.
    style, emotion : int
        Widths of a style vector and of an emotion vector.

    Raises
    ------
    CodecError
        If a file is missing, or is another one.
    """
    found = files.find_files(folder, "emotions")
    config = folder / files.CONFIG.places[0]
    try:
        counts = read_emotion_counts(config, len(EMOTIONS))
    except ConfigError as error:
        raise CodecError(error.message, subject=error.subject, hint=error.hint) from error
    rows = sum(counts)
    return EmotionTables(
        _read_table(found[files.STYLES], (rows, style)), _read_table(found[files.EMOTIONS], (rows, emotion)), counts
    )


def _read_table(path: Path, shape: Sequence[int]) -> Tensor:
    hint = f"use the {path.name} that came with config.yaml"
    try:
        table = read_torch_file(path, allow_old=True)
    except CheckpointError as error:
        raise CodecError(error.message, subject=str(path), hint=error.hint) from error
    if not isinstance(table, Tensor) or tuple(table.shape) != tuple(shape):
        found = f"a tensor of shape {tuple(table.shape)}" if isinstance(table, Tensor) else f"a {type(table).__name__}"
        raise CodecError(f"the file holds {found}, not one of shape {tuple(shape)}", subject=str(path), hint=hint)
    if not table.is_floating_point() or not bool(torch.isfinite(table).all()):
        raise CodecError("the file has values that are not finite numbers", subject=str(path), hint=hint)
    return table.float()

"""A small network that tells from a few frames which text piece is being said. Knows no paths.

It replaces the aligner's Gaussians in a last refinement: divided by the pieces' own frequencies, its
probabilities are scaled likelihoods, as in hybrid recognisers (Bourlard and Morgan 1994, "Connectionist Speech
Recognition"). It sees nine frames, so that it knows a boundary from what stands on both sides.

It is learnt in torch, from at most two million frames: those of whole utterances drawn by the seed. What it learnt is
applied in numpy, batch by batch, in as many processes as the aligner has.

Shapes: ``S frames, C cepstra and slopes, N = 9 frames side by side, V text tokens``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import erf, logsumexp
from torch import Tensor, nn
from torch.nn import functional

from amhctl.core.progress import Progress
from amhctl.training.cepstra_file import CepstraFile
from amhctl.training.seeding import derive_seed, generator_of

_CONTEXT = 4
_WIDTH = 256
_DROPOUT = 0.2
_BATCH_FRAMES = 512
_EPOCHS, _FEWEST_STEPS = 3, 100
_MOST_FRAMES = 2_000_000
"""Frames to learn from: five and a half hours at a hundred a second, in some 350 MB."""
_LEARNING_RATE = 1e-3
_SMOOTHING = 0.05

Features = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FrameClassifier:
    """What was learnt, in numbers: three layers with GELU between them.

    Attributes
    ----------
    mean_C, scale_C : Features
        By which frames are normalised.
    layers : tuple[tuple[Features, Features], ...]
        Weights, shape (outputs, inputs), and biases.
    log_shares_V : Features
        Log-frequency of each piece, smoothed as the targets were.
    pieces_P : Ids | None
        Those whose scores are wanted; None for all.
    """

    mean_C: Features
    scale_C: Features
    layers: tuple[tuple[Features, Features], ...]
    log_shares_V: Features
    pieces_P: Ids | None = None

    def of(self, pieces_P: Ids) -> "FrameClassifier":
        """Return one that scores some pieces only."""
        return FrameClassifier(self.mean_C, self.scale_C, self.layers, self.log_shares_V, pieces_P)

    def scores(self, frames_SC: Features) -> Features:
        """Return scaled log-likelihoods of every frame of an utterance, shape (S, V) or (S, P)."""
        rows_SC = (frames_SC - self.mean_C) / self.scale_C
        place_SN = np.arange(len(rows_SC))[:, None] + np.arange(-_CONTEXT, _CONTEXT + 1)
        hidden = rows_SC[place_SN.clip(0, len(rows_SC) - 1)].reshape(len(rows_SC), -1)
        for number, (weights, biases) in enumerate(self.layers):
            if number:
                hidden = hidden * (0.5 * (1.0 + erf(hidden * np.float32(0.5**0.5))))
            hidden = hidden @ weights.T + biases
        scaled: Features = hidden - logsumexp(hidden, axis=1, keepdims=True) - self.log_shares_V
        return scaled if self.pieces_P is None else scaled[:, self.pieces_P]


def learn_frames(
    file: CepstraFile,
    labels: Callable[[int], Ids],
    shares_V: NDArray[np.float64],
    *,
    seed: int,
    title: str,
    progress: Progress,
) -> FrameClassifier:
    """Learn which piece a frame belongs to, from the pieces given.

    Parameters
    ----------
    file : CepstraFile
        Frames of all utterances.
    labels : Callable[[int], Ids]
        The piece of each frame of an utterance as far as is known.
    shares_V : NDArray[np.float64]
        Fraction of each piece in all frames.
    seed : int
        Of the utterances drawn, first weights, order and dropout; the same seed gives the same bytes on one machine.
    title : str
        What the progress is called.
    progress : Progress
        Told of each step.
    """
    sample = _Sample.draw(file, labels, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "frame classifier"))
        network = _network(sample.rows.shape[1] * (2 * _CONTEXT + 1), len(shares_V))
        _learn(network, sample, seed, title, progress)
    layers = tuple(
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in network
        if isinstance(layer, nn.Linear)
    )
    # Smoothed as the targets were: else a piece that is hardly ever seen would look likely everywhere.
    smoothed_V = (1.0 - _SMOOTHING) * shares_V + _SMOOTHING / len(shares_V)
    return FrameClassifier(sample.mean_C, sample.scale_C, layers, np.log(smoothed_V).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Frames of some utterances, one after the other, normalised."""

    rows: Tensor
    labels: Tensor
    first: Tensor
    last: Tensor
    mean_C: Features
    scale_C: Features

    @classmethod
    def draw(cls, file: CepstraFile, labels: Callable[[int], Ids], seed: int) -> "_Sample":
        """Read the utterances drawn by a seed: all, where they have few frames enough."""
        lengths = np.diff(file.begins)
        order = torch.randperm(len(lengths), generator=generator_of(seed, "frame sample")).numpy()
        fitting = int(np.searchsorted(np.cumsum(lengths[order]), _MOST_FRAMES, side="right"))
        chosen = np.sort(order[: max(1, fitting)])
        rows_SC = np.empty((int(lengths[chosen].sum()), 2 * file.coefficients), dtype=np.float32)
        ends = np.cumsum(lengths[chosen])
        for end, place in zip(ends, chosen, strict=True):
            (rows_SC[end - lengths[place] : end],) = file.read([int(place)])
        mean_C = rows_SC.mean(axis=0, dtype=np.float64)
        scale_C = rows_SC.std(axis=0, dtype=np.float64) + 1e-9
        rows_SC -= mean_C.astype(np.float32)
        rows_SC /= scale_C.astype(np.float32)
        return cls(
            torch.from_numpy(rows_SC),
            torch.from_numpy(np.concatenate([labels(int(place)) for place in chosen])),
            torch.from_numpy(np.repeat(ends - lengths[chosen], lengths[chosen])),
            torch.from_numpy(np.repeat(ends - 1, lengths[chosen])),
            mean_C.astype(np.float32),
            scale_C.astype(np.float32),
        )

    def with_neighbours(self, places: Tensor) -> Tensor:
        """Return frames between their neighbours, the first and last of an utterance repeated."""
        around = places[:, None] + torch.arange(-_CONTEXT, _CONTEXT + 1)
        around = torch.minimum(torch.maximum(around, self.first[places, None]), self.last[places, None])
        return self.rows[around].flatten(1)


def _network(features: int, text_tokens: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (features, _WIDTH):
        layers += [nn.Linear(width, _WIDTH), nn.GELU(), nn.Dropout(_DROPOUT)]
    return nn.Sequential(*layers, nn.Linear(_WIDTH, text_tokens))


def _learn(network: nn.Sequential, sample: _Sample, seed: int, title: str, progress: Progress) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE)
    batches = -(-len(sample.rows) // _BATCH_FRAMES)
    epochs = max(_EPOCHS, -(-_FEWEST_STEPS // batches))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=epochs * batches)
    progress.start(title, epochs * batches, "step")
    network.train()
    for epoch in range(epochs):
        order = torch.randperm(len(sample.rows), generator=generator_of(seed, "frame classifier", epoch))
        for places in torch.split(order, _BATCH_FRAMES):
            logits = network(sample.with_neighbours(places))
            loss = functional.cross_entropy(logits, sample.labels[places], label_smoothing=_SMOOTHING)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            progress.advance()
    network.eval()
    progress.finish()

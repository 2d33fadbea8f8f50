"""A small network that tells from a few frames which text piece is being said. Knows no utterances and no paths.

It takes the place of the aligner's Gaussians in a last refinement: divided by the pieces' own frequencies, its
probabilities are scaled likelihoods, as in hybrid recognisers (Bourlard and Morgan 1994, "Connectionist Speech
Recognition"). It sees nine frames, so that it knows a boundary from what stands on both sides.

Shapes: ``S frames, F features, V text tokens``.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from amhctl.training.seeding import derive_seed, generator_of

_CONTEXT = 4
_WIDTH = 256
_DROPOUT = 0.2
_BATCH_FRAMES = 512
_EPOCHS, _FEWEST_STEPS = 3, 100
_LEARNING_RATE = 1e-3
_SMOOTHING = 0.05

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


def likelihoods(frames_SF: Floats, labels_S: Ids, ends: Ids, text_tokens: int, *, seed: int) -> Floats:
    """Return scaled log-likelihoods of every frame under every piece, shape (S, V), learnt from the labels given.

    Parameters
    ----------
    frames_SF : Floats
        Features of all utterances, one after the other.
    labels_S : Ids
        The piece that each frame belongs to as far as is known.
    ends : Ids
        Where each utterance ends; no frame sees into another utterance.
    text_tokens : int
        Number of pieces V.
    seed : int
        Of first weights, order and dropout; the same seed gives the same bytes on one machine.
    """
    seen_SF = torch.from_numpy(_with_neighbours(frames_SF, ends))
    labels = torch.from_numpy(labels_S)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "frame classifier"))
        network = _network(seen_SF.shape[1], text_tokens)
        _learn(network, seen_SF, labels, seed)
    # Smoothed as the targets were: else a piece that is hardly ever seen would look likely everywhere.
    shares_V = torch.bincount(labels, minlength=text_tokens) / len(labels)
    shares_V = (1.0 - _SMOOTHING) * shares_V + _SMOOTHING / text_tokens
    with torch.inference_mode():
        parts = [torch.log_softmax(network(part), dim=1) for part in torch.split(seen_SF, 65_536)]
        scaled: Floats = (torch.cat(parts) - torch.log(shares_V)).double().numpy()
    return scaled


def _network(features: int, text_tokens: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (features, _WIDTH):
        layers += [nn.Linear(width, _WIDTH), nn.GELU(), nn.Dropout(_DROPOUT)]
    return nn.Sequential(*layers, nn.Linear(_WIDTH, text_tokens))


def _learn(network: nn.Sequential, seen_SF: Tensor, labels_S: Tensor, seed: int) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE)
    batches = -(-len(seen_SF) // _BATCH_FRAMES)
    epochs = max(_EPOCHS, -(-_FEWEST_STEPS // batches))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=epochs * batches)
    network.train()
    for epoch in range(epochs):
        order = torch.randperm(len(seen_SF), generator=generator_of(seed, "frame classifier", epoch))
        for rows in torch.split(order, _BATCH_FRAMES):
            loss = functional.cross_entropy(network(seen_SF[rows]), labels_S[rows], label_smoothing=_SMOOTHING)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    network.eval()


def _with_neighbours(frames_SF: Floats, ends: Ids) -> NDArray[np.float32]:
    """Return each frame, normalised, between its neighbours, the first and last of an utterance repeated."""
    normalised = ((frames_SF - frames_SF.mean(axis=0)) / (frames_SF.std(axis=0) + 1e-9)).astype(np.float32)
    wide = np.empty((len(normalised), normalised.shape[1] * (2 * _CONTEXT + 1)), dtype=np.float32)
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        place = np.arange(begin, end)[:, None] + np.arange(-_CONTEXT, _CONTEXT + 1)
        wide[begin:end] = normalised[place.clip(begin, end - 1)].reshape(end - begin, -1)
    return wide

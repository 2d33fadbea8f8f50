"""A small text-to-speech aligner: which text piece each mel frame belongs to. Used to make training durations only.

Source: Badlani et al. 2021, "One TTS Alignment to Rule Them All" (arXiv 2108.10447): soft alignment from distances
between encoded text and encoded mel, trained by the forward-sum loss under a beta-binomial prior; hard alignment by
monotonic search (Kim et al. 2020, arXiv 2005.11129).

Shapes: ``B batch, T text pieces, S mel frames, F mel bins, D width``.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from amhctl.core.errors import ModelError

_MASKED = -1e4
# Log-odds of the blank that CTC needs and an alignment has not (Badlani et al., section 2.2).
_BLANK = -1.0


class Aligner(nn.Module):
    """Encodes text and mel and scores each pair by distance.

    Parameters
    ----------
    text_tokens : int
        Rows of the text embedding.
    mel_bins : int
        Bins F of the mel frames.
    width : int
        Channels D of both encoders.
    """

    def __init__(self, *, text_tokens: int, mel_bins: int, width: int = 128) -> None:
        super().__init__()
        self.embed = nn.Embedding(text_tokens, width)
        self.text = nn.Sequential(nn.Conv1d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.Conv1d(2 * width, width, 1))
        self.mel = nn.Sequential(
            nn.Conv1d(mel_bins, 2 * width, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(2 * width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, width, 1),
        )
        # Distances grow with the width; this start gives the soft alignment of the paper its temperature.
        self.temperature = nn.Parameter(torch.tensor(10.0 / width))

    def forward(self, text_BT: Tensor, text_lengths_B: Tensor, mel_BSF: Tensor) -> Tensor:
        """Return scores, shape (B, S, T): the larger, the nearer; padded pieces are far away."""
        keep_BT = torch.arange(text_BT.shape[1], device=text_BT.device) < text_lengths_B[:, None]
        keys_BTD = self.text((self.embed(text_BT) * keep_BT[..., None]).transpose(1, 2)).transpose(1, 2)
        queries_BSD = self.mel(mel_BSF.transpose(1, 2)).transpose(1, 2)
        distance_BST = (
            queries_BSD.square().sum(-1, keepdim=True)
            - 2.0 * queries_BSD @ keys_BTD.transpose(1, 2)
            + keys_BTD.square().sum(-1)[:, None, :]
        )
        scores_BST: Tensor = -self.temperature * distance_BST
        return scores_BST.masked_fill(~keep_BT[:, None, :], _MASKED)


def alignment_prior(frames: int, pieces: int) -> Tensor:
    """Return the beta-binomial prior over pieces for each frame, log, shape (S, T): near the diagonal."""
    # Every argument of a gamma function is a whole number, so that one table of log factorials gives them all.
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, frames + pieces + 1.0)))])
    last = pieces - 1
    piece_T = np.arange(pieces)
    alpha_S1 = np.arange(1, frames + 1)[:, None]
    beta_S1 = frames + 1 - alpha_S1
    choose_T = log_factorial[last] - log_factorial[piece_T] - log_factorial[last - piece_T]
    log_prior = (
        choose_T
        + log_factorial[piece_T + alpha_S1 - 1]
        + log_factorial[last - piece_T + beta_S1 - 1]
        - log_factorial[last + frames]
        + log_factorial[frames]
        - log_factorial[alpha_S1 - 1]
        - log_factorial[beta_S1 - 1]
    )
    return torch.from_numpy(log_prior.astype(np.float32))


def forward_sum_loss(scores_BST: Tensor, text_lengths_B: Tensor, mel_lengths_B: Tensor) -> Tensor:
    """Return the mean negative log-probability, per frame, of all monotonic alignments.

    It is CTC with the pieces in their order as the target, each piece its own class.
    """
    padded_BST = functional.pad(scores_BST, (1, 0), value=_BLANK)
    log_probabilities_SBT = torch.log_softmax(padded_BST.float(), dim=-1).transpose(0, 1)
    targets_BT = torch.arange(1, scores_BST.shape[2] + 1, device=scores_BST.device).expand(scores_BST.shape[0], -1)
    losses_B = functional.ctc_loss(
        log_probabilities_SBT, targets_BT, mel_lengths_B, text_lengths_B, blank=0, reduction="none", zero_infinity=True
    )
    return (losses_B / mel_lengths_B).mean()


def monotonic_path(scores_ST: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return how many frames each piece has on the best monotonic path, shape (T,); each has one at least.

    Raises
    ------
    ModelError
        If there are more pieces than frames.
    """
    frames, pieces = scores_ST.shape
    if pieces == 0 or pieces > frames:
        raise ModelError(f"{pieces} pieces cannot be laid over {frames} frames")
    best_T = np.full(pieces, -np.inf, dtype=np.float64)
    best_T[0] = scores_ST[0, 0]
    stepped_ST = np.zeros((frames, pieces), dtype=bool)
    shifted_T = np.empty(pieces, dtype=np.float64)
    for frame in range(1, frames):
        shifted_T[0] = -np.inf
        shifted_T[1:] = best_T[:-1]
        stepped_ST[frame] = shifted_T > best_T
        best_T = np.maximum(best_T, shifted_T) + scores_ST[frame]
    durations_T = np.zeros(pieces, dtype=np.int64)
    piece = pieces - 1
    for frame in range(frames - 1, -1, -1):
        durations_T[piece] += 1
        if stepped_ST[frame, piece]:
            piece -= 1
    return durations_T

"""The best monotonic path of texts through frames: Viterbi search over many utterances at a time. Sees scores only.

Shapes: ``B utterances, S frames, T text pieces``.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amhctl.core.errors import TrainingError

Path = NDArray[np.int64]


def find_paths(scores: Sequence[NDArray[np.float32]]) -> list[Path]:
    """Return the piece of each frame on the best monotonic path of each utterance, shape (S,).

    A path begins with the first piece, ends with the last and gives each one frame at least. Utterances are searched
    together, one step for all, so that many cost little more than one.

    Parameters
    ----------
    scores : Sequence[NDArray[np.float32]]
        The score of each frame under each piece of its text, shape (S, T) each; they differ in length.

    Raises
    ------
    TrainingError
        If an utterance has no piece, or more pieces than frames.
    """
    for score_ST in scores:
        frames, pieces = score_ST.shape
        if pieces == 0 or pieces > frames:
            raise TrainingError(f"{pieces} pieces cannot be aligned with {frames} frames")
    lengths_B = np.array([len(score_ST) for score_ST in scores])
    last_B = np.array([score_ST.shape[1] - 1 for score_ST in scores])
    # Padded frames and pieces are never on a path that is followed back from an utterance's own last frame and piece.
    padded_SBT = np.zeros((lengths_B.max(), len(scores), last_B.max() + 1), dtype=np.float32)
    for place, score_ST in enumerate(scores):
        padded_SBT[: score_ST.shape[0], place, : score_ST.shape[1]] = score_ST
    return _follow(_search(padded_SBT), lengths_B, last_B)


def _search(scores_SBT: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the best path to a piece came from the piece before it."""
    best_BT = np.full(scores_SBT.shape[1:], -np.inf)
    best_BT[:, 0] = scores_SBT[0, :, 0]
    shifted_BT = np.full_like(best_BT, -np.inf)
    stepped_SBT = np.zeros(scores_SBT.shape, dtype=bool)
    for frame in range(1, len(scores_SBT)):
        shifted_BT[:, 1:] = best_BT[:, :-1]
        np.greater(shifted_BT, best_BT, out=stepped_SBT[frame])
        np.maximum(best_BT, shifted_BT, out=best_BT)
        best_BT += scores_SBT[frame]
    return stepped_SBT


def _follow(stepped_SBT: NDArray[np.bool_], lengths_B: Path, last_B: Path) -> list[Path]:
    """Return the paths that end with the last pieces."""
    rows_B, piece_B = np.arange(len(last_B)), last_B.copy()
    path_SB = np.empty(stepped_SBT.shape[:2], dtype=np.int64)
    for frame in range(len(stepped_SBT) - 1, -1, -1):
        path_SB[frame] = piece_B
        piece_B -= stepped_SBT[frame, rows_B, piece_B] & (frame < lengths_B)
    return [path_SB[:length, place].copy() for place, length in enumerate(lengths_B)]

"""Dynamic time warping of two feature sequences. Knows nothing of what the features are.

Shapes: ``N frames of one, M frames of the other, F features``.

The recursion is that of Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word recognition",
IEEE Trans. ASSP 26(1), 1978, without slope constraint. All cells of an anti-diagonal depend only on earlier
anti-diagonals, so each is computed in a handful of vector operations.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from amhctl.core.errors import EvaluationError


def accumulate(cost_NM: NDArray[np.float64], *, diagonal_weight: float) -> NDArray[np.float64]:
    """Return the least accumulated cost of reaching each cell.

    Parameters
    ----------
    cost_NM : NDArray[np.float64]
        Distance of each pair of frames.
    diagonal_weight : float
        How often a diagonal step counts its cell: 2 is the symmetric form, whose totals may be divided by N + M.

    Returns
    -------
    NDArray[np.float64]
        Shape (N + 1, M + 1); row and column 0 come before the first frames and are infinite except for the corner.
    """
    rows, columns = cost_NM.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    flat = total.reshape(-1)
    width = columns + 1
    # In a row-major matrix the cells of an anti-diagonal lie `width - 1` apart, so plain slices reach them.
    skewed = np.full((rows, columns + 1), np.inf)
    skewed[:, :columns] = cost_NM
    cost_flat = skewed.reshape(-1)
    for diagonal in range(2, rows + columns + 1):
        first = max(1, diagonal - columns)
        count = min(rows, diagonal - 1) - first + 1
        start = first * width + diagonal - first
        span = (count - 1) * columns + 1
        begin = (first - 1) * width + diagonal - first - 1
        cost = cost_flat[begin : begin + span : columns]
        straight = np.minimum(
            flat[start - width : start - width + span : columns], flat[start - 1 : start - 1 + span : columns]
        )
        straight += cost
        slanted = flat[start - width - 1 : start - width - 1 + span : columns] + diagonal_weight * cost
        flat[start : start + span : columns] = np.minimum(straight, slanted)
    return total


def distance(one_NF: NDArray[np.floating], other_MF: NDArray[np.floating]) -> float:
    """Return the mean Euclidean frame distance along the best path: the symmetric form, normalised by N + M.

    Raises
    ------
    EvaluationError
        If a sequence is empty.
    """
    cost_NM = _costs(one_NF, other_MF)
    return float(accumulate(cost_NM, diagonal_weight=2.0)[-1, -1] / sum(cost_NM.shape))


def path(one_NF: NDArray[np.floating], other_MF: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the frame indices of both sequences along the path of least total Euclidean distance.

    Raises
    ------
    EvaluationError
        If a sequence is empty.
    """
    cost_NM = _costs(one_NF, other_MF)
    total = accumulate(cost_NM, diagonal_weight=1.0)
    row, column = cost_NM.shape
    steps = [(row - 1, column - 1)]
    while (row, column) != (1, 1):
        slanted, above, left = total[row - 1, column - 1], total[row - 1, column], total[row, column - 1]
        if slanted <= above and slanted <= left:
            row, column = row - 1, column - 1
        elif above <= left:
            row -= 1
        else:
            column -= 1
        steps.append((row - 1, column - 1))
    indices = np.array(steps[::-1], dtype=np.intp)
    return indices[:, 0], indices[:, 1]


def _costs(one_NF: NDArray[np.floating], other_MF: NDArray[np.floating]) -> NDArray[np.float64]:
    if not len(one_NF) or not len(other_MF):
        raise EvaluationError("an empty sequence cannot be aligned", hint="check that both clips hold audio")
    costs: NDArray[np.float64] = cdist(np.asarray(one_NF, dtype=np.float64), np.asarray(other_MF, dtype=np.float64))
    return costs

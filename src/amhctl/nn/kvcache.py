"""Keys and values of past positions, in buffers that are filled from the left. Sees numbers only.

Shapes: ``B batch, H heads, P new positions, K keys so far, W width of a head``.
"""

from torch import Tensor


class LayerCache:
    """The cache of one layer. How much of it counts is the caller's to say, so that decoding can go back.

    Parameters
    ----------
    capacity : int
        Positions it can hold.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def extend(self, keys_BHPW: Tensor, values_BHPW: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Write positions after the first ``start`` ones and return all keys and values, each (B, H, K, W)."""
        batch, heads, positions, width = keys_BHPW.shape
        if self._keys is None or self._values is None:
            self._keys = keys_BHPW.new_empty(batch, heads, self.capacity, width)
            self._values = values_BHPW.new_empty(batch, heads, self.capacity, width)
        end = start + positions
        self._keys[:, :, start:end] = keys_BHPW
        self._values[:, :, start:end] = values_BHPW
        return self._keys[:, :, :end], self._values[:, :, :end]

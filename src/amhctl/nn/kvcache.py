"""Keys and values of past positions, in buffers that are filled from the left. Sees numbers only.

Shapes: ``B batch, H heads, K keys so far, W width of a head``.
"""

from torch import Tensor


class LayerCache:
    """The cache of one layer; ``extend`` writes new positions behind the old ones.

    Parameters
    ----------
    capacity : int
        Positions it can hold.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def extend(self, keys_BHPW: Tensor, values_BHPW: Tensor) -> tuple[Tensor, Tensor]:
        """Append positions and return all keys and values, each (B, H, K, W)."""
        batch, heads, positions, width = keys_BHPW.shape
        if self._keys is None or self._values is None:
            self._keys = keys_BHPW.new_empty(batch, heads, self.capacity, width)
            self._values = values_BHPW.new_empty(batch, heads, self.capacity, width)
        end = self.length + positions
        self._keys[:, :, self.length : end] = keys_BHPW
        self._values[:, :, self.length : end] = values_BHPW
        self.length = end
        return self._keys[:, :, :end], self._values[:, :, :end]

"""Keys and values of past positions, in buffers that are filled from the left. Sees numbers only.

Shapes: ``B batch, H heads, P new positions, K keys so far, C capacity, W width of a head``.
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

    def read(self, positions: int) -> tuple[Tensor, Tensor]:
        """Return the keys and values of the first positions, each (B, H, P, W); something must have been written."""
        if self._keys is None or self._values is None:
            raise RuntimeError("nothing has been written to the cache")
        return self._keys[:, :, :positions], self._values[:, :, :positions]


class StaticLayerCache(LayerCache):
    """A cache whose shapes never change, so that what uses it is compiled once; a mask hides what is not written yet.

    Parameters
    ----------
    keys_BHCW, values_BHCW : Tensor
        The buffers; what is not written yet must be finite.
    place_P : Tensor
        Where new positions are written, int64.
    """

    def __init__(self, keys_BHCW: Tensor, values_BHCW: Tensor, place_P: Tensor) -> None:
        super().__init__(keys_BHCW.shape[2])
        self._keys, self._values, self._place_P = keys_BHCW, values_BHCW, place_P

    def extend(self, keys_BHPW: Tensor, values_BHPW: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Write positions at their place and return the whole buffers, each (B, H, C, W); ``start`` says nothing."""
        keys_BHCW, values_BHCW = self.read(self.capacity)
        keys_BHCW.index_copy_(2, self._place_P, keys_BHPW)
        values_BHCW.index_copy_(2, self._place_P, values_BHPW)
        return keys_BHCW, values_BHCW

"""How far a stack of convolutions sees, and how to cut a long signal so that the pieces give what the whole gives.

A convolution pads its own input, so that beyond the ends of a signal there are not zeros of the signal but zeros of
every layer's activation. A window that reaches a true end must therefore end there, and any other must be longer than
what is kept of it by all that a kept position sees. Knows no codec.

Positions are counted in *units*: samples for an encoder's input, frames for a decoder's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a signal, in frames.

    Attributes
    ----------
    start, stop : int
        What is computed.
    keep_start, keep_stop : int
        What of it is kept; the kept parts of all windows follow one another without gap.
    """

    start: int
    stop: int
    keep_start: int
    keep_stop: int

    @property
    def frames(self) -> int:
        """Frames that are computed."""
        return self.stop - self.start


def seen_interval(module: nn.Module, low: int, high: int) -> tuple[int, int]:
    """Return the first and the last input position on which the outputs ``low … high`` of a module depend.

    The module's one-dimensional convolutions must stand in the order in which they are applied; branches that see less
    than the main path, such as residual connections, do not widen it.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d)]
    for layer in reversed(layers):
        stride, padding = int(layer.stride[0]), int(layer.padding[0])
        reach = int(layer.dilation[0]) * (int(layer.kernel_size[0]) - 1)
        if isinstance(layer, nn.ConvTranspose1d):
            # Input i reaches the outputs i * stride - padding … i * stride - padding + reach.
            low, high = -((reach - padding - low) // stride), (high + padding) // stride
        else:
            low, high = low * stride - padding, high * stride - padding + reach
    return low, high


def context_frames(module: nn.Module, *, frame_units: int, output_units: int) -> int:
    """Return how many frames more than are kept a window needs on each side.

    Parameters
    ----------
    module : nn.Module
        Encoder or decoder.
    frame_units : int
        Input positions of one frame: ``frame_samples`` for an encoder, 1 for a decoder.
    output_units : int
        Output positions of one frame: 1 for an encoder, ``frame_samples`` for a decoder.
    """
    low, high = seen_interval(module, 0, output_units - 1)
    return max(-(low // frame_units), high // frame_units, 0)


def cut_windows(frames: int, *, window: int, context: int) -> Iterator[Window]:
    """Yield windows over ``frames`` frames; all but the last are equally long.

    Parameters
    ----------
    frames : int
        Length of the signal.
    window : int
        Longest window, its context included.
    context : int
        Frames computed and thrown away at each side that is not an end of the signal.

    Raises
    ------
    ValueError
        If a window would keep nothing.
    """
    if window <= 2 * context:
        raise ValueError(f"a window of {window} frames is too short for a context of {context} frames on each side")
    if frames <= window:
        yield Window(0, frames, 0, frames)
        return
    start = kept = 0
    while start + window < frames:
        yield Window(start, start + window, kept, start + window - context)
        kept = start + window - context
        start = kept - context
    yield Window(start, frames, kept, frames)

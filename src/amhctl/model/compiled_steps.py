"""Steps of decoding, compiled: one function of fixed shapes, on a CUDA device as a graph that is launched at once.

A step of one row is hundreds of small kernels, and an accelerator waits for each to be launched. Compiled, it is the
same arithmetic (``UnifiedVoice.compute_step``) with caches of a fixed capacity, of which a mask hides what is not
written yet. On a processor, which launches nothing, this saved less than an eighth of the time of ordinary steps.

Shapes: ``B batch, Q codebooks, V codes, C capacity``.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.core.errors import SynthesisError
from amhctl.devices import compiler
from amhctl.model.unified_passes import DecodeState, code_position
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.kvcache import StaticLayerCache

_FLAG = "--compile"
_REFUSAL = compiler.Refusal(
    error=SynthesisError,
    subject=_FLAG,
    compiled="the steps of this voice",
    otherwise=f"omit {_FLAG}",
    hint=f"omit {_FLAG}",
)
# Capacities are multiples of this, so that few are compiled.
_STRIDE = 256
_KEPT_SHAPES = 4

Buffers = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
"""Keys and values of every layer."""


class CompiledSteps:
    """Steps of a voice in place of ``UnifiedVoice.step``, for one batch of rows after the other.

    Parameters
    ----------
    model : UnifiedVoice
        The voice, ready to infer on its device.

    Raises
    ------
    SynthesisError
        If what compiles is not on this machine, or does not work.
    """

    def __init__(self, model: UnifiedVoice) -> None:
        device = next(model.parameters()).device
        if compiler.BACKEND == "inductor":
            _REFUSAL.require_compiler(device)
        self._model = model
        self._buffers: dict[tuple[int, int], Buffers] = {}
        self._compute = torch.compile(
            self._compute_step,
            dynamic=False,
            fullgraph=True,
            backend=compiler.BACKEND,
            mode="reduce-overhead" if device.type == "cuda" else None,
        )

    def begin(self, state: DecodeState, steps: int) -> DecodeState:
        """Return a state that ``step`` of this object continues, after so many more steps at most.

        Parameters
        ----------
        state : DecodeState
            Of ``UnifiedVoice.begin``.
        steps : int
            Most steps that will be made.
        """
        capacity = -(-(state.prefix + steps) // _STRIDE) * _STRIDE
        for mine, cache in zip(self._find_buffers(state, capacity), state.caches, strict=True):
            for buffer, written in zip(mine, cache.read(state.prefix), strict=True):
                buffer[:, :, : state.prefix] = written
        return replace(state, caches=(), capacity=capacity)

    def step(self, codes_BQ: Tensor, state: DecodeState) -> tuple[Tensor, DecodeState]:
        """Feed one position as ``UnifiedVoice.step`` does; logits are those of its arithmetic, within rounding.

        Raises
        ------
        ModelError
            If the model's longest sequence is reached.
        SynthesisError
            If torch cannot compile the step.
        """
        device, place = codes_BQ.device, state.prefix + state.position
        index_1 = torch.tensor([code_position(self._model.config, state)], device=device)
        keep_BC = (torch.arange(state.capacity, device=device) <= place).expand(state.rows, -1)
        if state.prefix_keep_BK is not None:
            # What is not of the prefix is hidden until it is written.
            beyond = state.capacity - state.prefix
            keep_BC = keep_BC & functional.pad(state.prefix_keep_BK, (0, beyond), value=True)
        aligned_B1D = state.aligned_B1D
        if aligned_B1D is not None:
            # As it lies among the frames of one text, it would have other strides than among those of another.
            aligned_B1D = aligned_B1D.clone(memory_format=torch.contiguous_format)
        elif state.aligned_BSD is not None:
            aligned_B1D = state.aligned_BSD.new_zeros(state.rows, 1, state.aligned_BSD.shape[2])
        keys, values = self._buffers[state.rows, state.capacity]
        with _REFUSAL.explain():
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
            place_1, mask = torch.tensor([place], device=device), keep_BC[:, None, None, :]
            logits_BQV: Tensor = self._compute(codes_BQ, index_1, place_1, mask, aligned_B1D, keys, values)
        return logits_BQV, replace(state, position=state.position + 1)

    def _compute_step(
        self,
        codes_BQ: Tensor,
        index_1: Tensor,
        place_1: Tensor,
        mask: Tensor,
        aligned_B1D: Tensor | None,
        keys: tuple[Tensor, ...],
        values: tuple[Tensor, ...],
    ) -> Tensor:
        caches = tuple(StaticLayerCache(*pair, place_1) for pair in zip(keys, values, strict=True))
        return self._model.compute_step(codes_BQ, index_1, caches, mask, aligned_B1D)

    def _find_buffers(self, state: DecodeState, capacity: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the buffers of each layer for so many rows; a graph is bound to where they lie, so they are kept."""
        shape = (state.rows, capacity)
        if shape not in self._buffers:
            while len(self._buffers) >= _KEPT_SHAPES:
                del self._buffers[next(iter(self._buffers))]
            made: list[list[Tensor]] = [[], []]
            for cache in state.caches:
                for place, like in enumerate(cache.read(1)):
                    buffer = like.new_zeros(state.rows, like.shape[1], capacity, like.shape[3])
                    torch._dynamo.mark_static_address(buffer)
                    made[place].append(buffer)
            self._buffers[shape] = (tuple(made[0]), tuple(made[1]))
        keys, values = self._buffers[shape]
        yield from zip(keys, values, strict=True)

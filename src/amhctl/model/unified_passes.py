"""What the passes of a UnifiedVoice give: the predictions of a teacher-forced one, and where a decoding is.

Shapes: ``B batch, T text, S speech frames, Q codebooks, P code positions, K prefix positions, D width, V vocabulary``.
"""

from dataclasses import dataclass

from torch import Tensor

from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ModelError
from amhctl.nn.kvcache import LayerCache

BESIDE_CODES = 3
"""Code positions that a model has beside those of its frames."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceOutput:
    """What one teacher-forced pass predicts.

    Attributes
    ----------
    text_logits_BTV : Tensor | None
        Shape (B, T + 2, V): after start, each id and the stop. None without a text prefix.
    code_logits_BQPV : Tensor
        Of each position of the delayed streams.
    log_durations_BT : Tensor | None
        log(1 + expected frames) of each text id. None without explicit durations.
    """

    text_logits_BTV: Tensor | None
    code_logits_BQPV: Tensor
    log_durations_BT: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class DecodeState:
    """Where a batch of rows is in decoding.

    The caches are filled in place by ``step``: one may go back to an earlier state, which voids the states after it.

    Attributes
    ----------
    caches : tuple[LayerCache, ...]
        Keys and values of every layer.
    prefix : int
        Positions before the codes.
    prefix_keep_BK : Tensor | None
        Which prefix positions are real; None if all are.
    aligned_BSD : Tensor | None
        The text of each frame, with explicit durations.
    position : int
        Code positions fed so far.
    rows : int
        Rows of the batch.
    capacity : int
        Positions of the caches of ``CompiledSteps``, whose state it then is; else 0.
    """

    caches: tuple[LayerCache, ...]
    prefix: int
    prefix_keep_BK: Tensor | None
    aligned_BSD: Tensor | None
    position: int
    rows: int
    capacity: int = 0

    @property
    def aligned_B1D(self) -> Tensor | None:
        """The text of the next position, with explicit durations; None without, and after the last frame."""
        if self.aligned_BSD is None or self.position >= self.aligned_BSD.shape[1]:
            return None
        return self.aligned_BSD[:, self.position : self.position + 1]


def code_position(config: ModelConfig, state: DecodeState) -> int:
    """Return the code position of what is fed next, by the ``position_rule`` of a model.

    Raises
    ------
    ModelError
        If the model's longest sequence is reached.
    """
    # Upstream gives the start code position 0 and the first generated code position 2.
    skipped = 1 if config.position_rule == "upstream" and state.position > 0 else 0
    if state.position + skipped >= config.max_mel_tokens + BESIDE_CODES:
        raise ModelError(f"the sequence is longer than the model's {config.max_mel_tokens} frames")
    return state.position + skipped

"""What the passes of a UnifiedVoice give: the predictions of a teacher-forced one, and where a decoding is.

Shapes: ``B batch, T text, S speech frames, Q codebooks, P code positions, K prefix positions, D width, V vocabulary``.
"""

from dataclasses import dataclass

from torch import Tensor

from amhctl.nn.kvcache import LayerCache


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
    """

    caches: tuple[LayerCache, ...]
    prefix: int
    prefix_keep_BK: Tensor | None
    aligned_BSD: Tensor | None
    position: int
    rows: int

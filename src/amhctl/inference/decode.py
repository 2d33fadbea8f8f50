"""Text ids become codes: the model steps, codes are drawn, the delay between the codebooks is undone. Knows no letters.

Shapes: ``B batch, T text positions, S speech frames, Q codebooks, V codes``.

Stream q is delayed by q positions (see ``model.layout``): what is drawn after position p of stream q is frame p - q.
Before its first frame a stream holds the start code, after its last the stop code; both are known and never drawn,
except for the one stop of book 0 by which a voice without explicit durations ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ModelError, SynthesisError
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.sampling import penalise_repeats, sample
from amhctl.model.unified_passes import DecodeState
from amhctl.model.unified_voice import UnifiedVoice

_UNKNOWN = -1
_MOST_FRAMES = 2**31
_OVERFLOW = "the voice computes values that are not finite"
_OVERFLOW_HINT = "its weights are damaged, or its training diverged: use another checkpoint of the run"
# A step of a model below this size is a handful of products too small to share: one thread takes 5 ms for 15 million
# parameters, and two threads that wait for each other on a busy machine took 75.
_SMALL_PARAMETERS = 50_000_000


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of text to speak.

    Attributes
    ----------
    ids : tuple[int, ...]
        Text ids without specials.
    durations : tuple[int, ...] | None
        Frames of each id, where the voice has explicit durations.
    most_frames : int
        Where to cut off a voice that does not stop.
    seed : int
        Seed of its codes.
    speed : float
        How fast a voice without explicit durations is told to say it.
    """

    ids: tuple[int, ...]
    durations: tuple[int, ...] | None
    most_frames: int
    seed: int
    speed: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """The codes of one passage.

    Attributes
    ----------
    codes_QS : NDArray[np.uint16]
        Real codes only.
    stopped : bool
        Whether the voice ended by itself.
    """

    codes_QS: NDArray[np.uint16]
    stopped: bool


@torch.inference_mode()
def predict_durations(
    model: UnifiedVoice, passages: Sequence[tuple[int, ...]], *, speed: float
) -> list[NDArray[np.int64]]:
    """Return the frames of each text id, for voices with explicit durations.

    Parameters
    ----------
    model : UnifiedVoice
        A voice with explicit durations.
    passages : Sequence[tuple[int, ...]]
        Text ids of each.
    speed : float
        Durations are divided by it.

    Raises
    ------
    SynthesisError
        If what the voice predicts is no number of frames.
    """
    text_BT, lengths_B = _pad(passages, model)
    log_durations_BT = model.predict_durations(text_BT, lengths_B).float().cpu()
    results = []
    for row, ids in zip(log_durations_BT, passages, strict=True):
        frames_T = torch.expm1(row[: len(ids)]).clamp_min(0.0).double().numpy()
        # Not what is long, which is refused where it is spoken, but what no whole number can hold.
        if not np.isfinite(frames_T).all() or frames_T.sum() / speed > _MOST_FRAMES:
            raise SynthesisError(_OVERFLOW, hint=_OVERFLOW_HINT)
        results.append(round_durations(frames_T / speed))
    return results


def round_durations(frames_T: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole frames that keep to the running sum: as alignments are rounded, a short piece may have none.

    At least one frame is returned in all.
    """
    ends_T = np.floor(np.cumsum(frames_T) + 0.5).astype(np.int64)
    ends_T[-1] = max(1, ends_T[-1])
    return np.diff(ends_T, prepend=0)


def fits(model: UnifiedVoice, ids: tuple[int, ...], durations: tuple[int, ...] | None) -> bool:
    """Return whether a passage is no longer than the model allows, in text pieces and in frames if they are known."""
    frames = 0 if durations is None else sum(durations)
    return len(ids) <= model.config.max_text_tokens and frames <= _most_frames(model)


def _most_frames(model: UnifiedVoice) -> int:
    return model.config.max_mel_tokens - model.config.codebooks + 1


@torch.inference_mode()
def decode(
    model: UnifiedVoice,
    passages: Sequence[Passage],
    speaker: Speaker,
    sampling: Sampling,
    compiled: CompiledSteps | None = None,
) -> list[Codes]:
    """Return the codes of a batch of passages; each draws from a generator of its own seed.

    Parameters
    ----------
    model : UnifiedVoice
        The voice.
    passages : Sequence[Passage]
        What to say.
    speaker : Speaker
        Who says it.
    sampling : Sampling
        How codes are drawn.
    compiled : CompiledSteps | None
        Makes the steps of this voice; None lets the voice make them itself.

    Raises
    ------
    ModelError
        If a passage is longer than the model allows.
    SynthesisError
        If the voice cannot be guided and is to be, or computes values that are no numbers.
    """
    config = model.config
    text_BT, lengths_B = _pad([passage.ids for passage in passages], model)
    durations_BT = _pad_durations(passages, text_BT)
    batch = len(passages)
    limit = _most_frames(model)
    frames = [_UNKNOWN if passage.durations is None else sum(passage.durations) for passage in passages]
    if max(frames) > limit:
        raise ModelError(
            f"{max(frames)} frames are more than the model's {limit}", hint="speak shorter sentences or faster"
        )
    most = [min(passage.most_frames, limit) for passage in passages]
    generators = [torch.Generator().manual_seed(passage.seed) for passage in passages]
    history: list[Tensor] = []
    guidance = _require_guidable(sampling, config)
    # Each row that hears its text is followed, a batch later, by its twin that does not.
    twins = 2 if guidance else 1
    state = model.begin(
        text_BT.repeat(twins, 1),
        lengths_B.repeat(twins),
        speaker.latents_1LD.expand(twins * batch, -1, -1),
        speaker.emotion_1D.expand(twins * batch, -1),
        None if durations_BT is None else durations_BT.repeat(twins, 1),
        torch.arange(twins * batch, device=text_BT.device) < batch if guidance else None,
        _speeds_tensor(passages, twins, text_BT),
    )
    if compiled is not None:
        longest = max(bound if known == _UNKNOWN else known for bound, known in zip(most, frames, strict=True))
        state = compiled.begin(state, longest + config.codebooks)
    with _fitting_threads(model):
        stopped = _step(model, compiled or model, state, frames, most, generators, sampling, guidance, history)
    return [_undelay(history, row, frames[row], stopped[row]) for row in range(batch)]


def _step(
    model: UnifiedVoice,
    stepper: UnifiedVoice | CompiledSteps,
    state: DecodeState,
    frames: list[int],
    most: list[int],
    generators: list[torch.Generator],
    sampling: Sampling,
    guidance: float,
    history: list[Tensor],
) -> list[bool]:
    """Step until every row is complete, adding to ``history`` and filling in ``frames``; return which rows ended."""
    config, books = model.config, model.config.codebooks
    device = next(model.parameters()).device
    stopped = [count != _UNKNOWN for count in frames]
    codes_BQ = torch.full((len(frames), books), config.start_mel_token)
    while any(count == _UNKNOWN or len(history) < count + books - 1 for count in frames):
        logits_BQV, state = _guided_step(stepper, state, codes_BQ.to(device), guidance)
        position = len(history)
        if sampling.repetition_penalty != 1.0 and history:
            past_BQP = torch.stack(history, dim=-1)
            penalised = penalise_repeats(logits_BQV.flatten(0, 1), past_BQP.flatten(0, 1), sampling.repetition_penalty)
            logits_BQV = penalised.view_as(logits_BQV)
        codes_BQ = _draw(logits_BQV, position, frames, config, sampling, generators)
        for row in range(len(frames)):
            if frames[row] == _UNKNOWN and codes_BQ[row, 0] == config.stop_mel_token:
                frames[row], stopped[row] = position, True
            elif frames[row] == _UNKNOWN and position + 1 == most[row]:
                frames[row] = position + 1
        history.append(codes_BQ)
    return stopped


def _require_guidable(sampling: Sampling, config: ModelConfig) -> float:
    if sampling.guidance and not config.text_dropout:
        raise SynthesisError(
            "this voice does not support guidance: it was trained without text dropout",
            subject="guidance",
            hint="omit --guidance, or train with --set model.text_dropout=0.15",
        )
    return sampling.guidance


def _guided_step(
    stepper: UnifiedVoice | CompiledSteps, state: DecodeState, codes_BQ: Tensor, guidance: float
) -> tuple[Tensor, DecodeState]:
    """Step once and return the logits on the CPU; where the state has twins without text, guided away from theirs."""
    rows = codes_BQ.shape[0]
    twins = state.rows // rows
    logits_BQV, state = stepper.step(codes_BQ.repeat(twins, 1), state)
    guided_BQV = logits_BQV[:rows].float()
    if twins > 1:
        guided_BQV = guided_BQV + guidance * (guided_BQV - logits_BQV[rows:].float())
    if not bool(guided_BQV.isfinite().all()):
        raise SynthesisError(_OVERFLOW, hint=_OVERFLOW_HINT)
    return guided_BQV.cpu(), state


@contextmanager
def _fitting_threads(model: UnifiedVoice) -> Iterator[None]:
    """Let a small model step on one thread; the number of threads is put back afterwards."""
    before = torch.get_num_threads()
    if sum(parameter.numel() for parameter in model.parameters()) < _SMALL_PARAMETERS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _draw(
    logits_BQV: Tensor,
    position: int,
    frames: list[int],
    config: ModelConfig,
    sampling: Sampling,
    generators: list[torch.Generator],
) -> Tensor:
    """Return the codes that follow a position in every stream; start and stop where the layout fixes them."""
    start, stop = config.start_mel_token, config.stop_mel_token
    frames_B1 = torch.tensor(frames)[:, None]
    free_B1 = frames_B1 == _UNKNOWN
    frame_Q = position - torch.arange(logits_BQV.shape[1])
    logits_BQV[..., start] = -torch.inf
    # Only book 0 of a voice that is free to end may say so, and not before it has said anything.
    may_stop_BQ = free_B1 & (frame_Q == position) & (frame_Q > 0)
    logits_BQV[..., stop].masked_fill_(~may_stop_BQ, -torch.inf)
    sampled_BQ = sample(
        logits_BQV.flatten(0, 1),
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        generators=generators,
    ).view(logits_BQV.shape[:2])
    sampled_BQ = sampled_BQ.masked_fill(frame_Q < 0, start)
    return sampled_BQ.masked_fill(~free_B1 & (frame_Q >= frames_B1), stop)


def _undelay(history: list[Tensor], row: int, frames: int, stopped: bool) -> Codes:
    if not frames:
        return Codes(np.zeros((history[0].shape[1], 0), dtype=np.uint16), stopped)
    sampled_PQ = torch.stack([codes_BQ[row] for codes_BQ in history])
    streams = [sampled_PQ[book : book + frames, book] for book in range(sampled_PQ.shape[1])]
    return Codes(torch.stack(streams).numpy().astype(np.uint16), stopped)


def _pad(passages: Sequence[tuple[int, ...]], model: UnifiedVoice) -> tuple[Tensor, Tensor]:
    device = next(model.parameters()).device
    longest = max(len(ids) for ids in passages)
    if longest > model.config.max_text_tokens:
        raise ModelError(
            f"{longest} text pieces are more than the model's {model.config.max_text_tokens}",
            hint="lower text.breath_syllables or add punctuation between sentences",
        )
    text_BT = torch.full((len(passages), longest), model.config.stop_text_token)
    for row, ids in enumerate(passages):
        text_BT[row, : len(ids)] = torch.tensor(ids)
    lengths_B = torch.tensor([len(ids) for ids in passages])
    return text_BT.to(device), lengths_B.to(device)


def _speeds_tensor(passages: Sequence[Passage], twins: int, text_BT: Tensor) -> Tensor | None:
    speeds = [passage.speed for passage in passages] * twins
    return torch.tensor(speeds, device=text_BT.device) if any(speed != 1.0 for speed in speeds) else None


def _pad_durations(passages: Sequence[Passage], text_BT: Tensor) -> Tensor | None:
    if any(passage.durations is None for passage in passages):
        return None
    durations_BT = torch.zeros(text_BT.shape, dtype=torch.long)
    for row, passage in enumerate(passages):
        durations_BT[row, : len(passage.ids)] = torch.tensor(passage.durations)
    return durations_BT.to(text_BT.device)

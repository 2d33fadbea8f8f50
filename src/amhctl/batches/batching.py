"""From utterances to batches: which go together, and how they become tensors.

Shapes: ``B batch, T text positions or prompt frames, S code frames, Q codebooks, F features``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from amhctl.batches.dataset import Item
from amhctl.core.errors import DatasetError

# Lengths are sorted after a random change of at most this share, so that an epoch's batches differ from the last's.
_LENGTH_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class PositionLimit:
    """A bound of batches by all that they hold, padding included: frames, text and prompt.

    Attributes
    ----------
    most : int
        Items times the frames and the text ids of the longest of them and the frames of a prompt.
    texts : Sequence[int]
        Text ids of each item.
    prompt : int
        Frames of the longest prompt.
    """

    most: int
    texts: Sequence[int]
    prompt: int


def plan_epoch(
    lengths: Sequence[int],
    *,
    batch_frames: int,
    seed: int,
    epoch: int,
    bucketing: bool = True,
    positions: PositionLimit | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Return the batches of an epoch as tuples of item indices: alike in length, in random order, nothing left out.

    Parameters
    ----------
    lengths : Sequence[int]
        Code frames of each item.
    batch_frames : int
        Most frames of a batch, padding included; an item longer than that is a batch of its own.
    seed : int
        Seed of the order.
    epoch : int
        Which epoch; the plan is a pure function of the arguments.
    bucketing : bool
        Whether items of similar length go together; else those that chance puts side by side.
    positions : PositionLimit | None
        A second bound, kept like the first.

    Raises
    ------
    DatasetError
        If ``batch_frames`` is not positive.
    """
    if batch_frames <= 0:
        raise DatasetError(f"batch_frames must be positive, not {batch_frames}")
    random = np.random.default_rng((seed, epoch))
    sizes = np.asarray(lengths, dtype=np.int64)
    jitter = random.uniform(1.0 - _LENGTH_JITTER, 1.0 + _LENGTH_JITTER, sizes.size)
    order = np.argsort(sizes * jitter if bucketing else jitter, kind="stable")
    batches: list[tuple[int, ...]] = []
    current: list[int] = []
    longest = text = 0
    for index in order.tolist():
        longest_then = max(longest, int(sizes[index]))
        text_then = 0 if positions is None else max(text, positions.texts[index])
        if current and _is_too_much(len(current) + 1, longest_then, text_then, batch_frames, positions):
            batches.append(tuple(current))
            current, longest_then = [], int(sizes[index])
            text_then = 0 if positions is None else positions.texts[index]
        current.append(index)
        longest, text = longest_then, text_then
    if current:
        batches.append(tuple(current))
    return tuple(batches[place] for place in random.permutation(len(batches)).tolist())


def _is_too_much(items: int, frames: int, text: int, batch_frames: int, positions: PositionLimit | None) -> bool:
    if items * frames > batch_frames:
        return True
    return positions is not None and items * (frames + text + positions.prompt) > positions.most


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Utterances as padded tensors; what comes after a length is zero and means nothing.

    Attributes
    ----------
    ids : tuple[str, ...]
        Utterance ids.
    text_BT : Tensor
        Text ids without specials, int64.
    text_lengths_B : Tensor
        Text ids of each, int64.
    codes_BQS : Tensor
        Codes, int64.
    code_lengths_B : Tensor
        Code frames of each, int64.
    prompts_BTF : Tensor
        Prompt features, float32.
    prompt_lengths_B : Tensor
        Prompt frames of each, int64.
    durations_BT : Tensor | None
        Frames of each text id, int64; zero after the text.
    emotions_BTF : Tensor | None
        Features that give the emotion of each, float32; None if all have that of their prompt.
    emotion_lengths_B : Tensor | None
        Frames of each of those, int64.
    speakers_B : Tensor | None
        Number of the speaker of each, int64; -1 for one that has none. None where speakers are not distinguished.
    conditioned_B : Tensor | None
        Whether each is conditioned on speaker and emotion, bool; None if all are.
    speeds_B : Tensor | None
        Speed of each, float32; None if all have 1.
    """

    ids: tuple[str, ...]
    text_BT: Tensor
    text_lengths_B: Tensor
    codes_BQS: Tensor
    code_lengths_B: Tensor
    prompts_BTF: Tensor
    prompt_lengths_B: Tensor
    durations_BT: Tensor | None
    emotions_BTF: Tensor | None = None
    emotion_lengths_B: Tensor | None = None
    speakers_B: Tensor | None = None
    conditioned_B: Tensor | None = None
    speeds_B: Tensor | None = None

    def to(self, device: torch.device | str) -> "Batch":
        """Return the batch on a device; a pinned one is copied there while the processor continues."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """Return the batch in memory that a CUDA device reads by itself; torch's loader calls this by its name."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        def change_any(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else change(tensor)

        return Batch(
            ids=self.ids,
            text_BT=change(self.text_BT),
            text_lengths_B=change(self.text_lengths_B),
            codes_BQS=change(self.codes_BQS),
            code_lengths_B=change(self.code_lengths_B),
            prompts_BTF=change(self.prompts_BTF),
            prompt_lengths_B=change(self.prompt_lengths_B),
            durations_BT=change_any(self.durations_BT),
            emotions_BTF=change_any(self.emotions_BTF),
            emotion_lengths_B=change_any(self.emotion_lengths_B),
            speakers_B=change_any(self.speakers_B),
            conditioned_B=change_any(self.conditioned_B),
            speeds_B=change_any(self.speeds_B),
        )


def collate(items: Sequence[Item]) -> Batch:
    """Return items as one batch, padded with zeros.

    Raises
    ------
    DatasetError
        If there is no item, or only some have durations.
    """
    if not items:
        raise DatasetError("a batch needs at least one item")
    timed = [item.durations_T for item in items if item.durations_T is not None]
    if timed and len(timed) != len(items):
        raise DatasetError("only some items of the batch have durations", subject=items[0].id)
    text = [torch.from_numpy(item.text_T) for item in items]
    codes_SQ = [torch.from_numpy(item.codes_QS.astype(np.int64).T.copy()) for item in items]
    prompts = [torch.from_numpy(item.prompt_TF) for item in items]
    emotions = _emotions(items)
    return Batch(
        ids=tuple(item.id for item in items),
        text_BT=_pad(text),
        text_lengths_B=_lengths(text),
        codes_BQS=_pad(codes_SQ).transpose(1, 2).contiguous(),
        code_lengths_B=_lengths(codes_SQ),
        prompts_BTF=_pad(prompts),
        prompt_lengths_B=_lengths(prompts),
        durations_BT=_pad([torch.from_numpy(frames) for frames in timed]) if timed else None,
        emotions_BTF=_pad(emotions) if emotions else None,
        emotion_lengths_B=_lengths(emotions) if emotions else None,
        speakers_B=_unless_all(-1, [item.speaker for item in items]),
        conditioned_B=_unless_all(True, [item.conditioned for item in items]),
        speeds_B=_unless_all(1.0, [item.speed for item in items]),
    )


def _emotions(items: Sequence[Item]) -> list[Tensor]:
    """Return the features that give the emotion of each item; none if all have that of their prompt."""
    if all(item.emotion_TF is None for item in items):
        return []
    # Items with the emotion of their prompt have it in both, so that one pass encodes them all.
    return [torch.from_numpy(item.prompt_TF if item.emotion_TF is None else item.emotion_TF) for item in items]


def _unless_all(usual: float, values: list[int] | list[bool] | list[float]) -> Tensor | None:
    """Return values as a tensor; None if each is the usual one."""
    return None if all(value == usual for value in values) else torch.tensor(values)


def _pad(rows: list[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def _lengths(rows: list[Tensor]) -> Tensor:
    return torch.tensor([row.shape[0] for row in rows], dtype=torch.int64)

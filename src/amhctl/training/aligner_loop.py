"""Training of the aligner and the durations it gives. Knows no files: it is given mel frames and text ids.

Shapes: ``B batch, T text pieces, S mel frames, F mel bins``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.config.schema import AlignerConfig
from amhctl.core.progress import Progress
from amhctl.model.aligner import Aligner, alignment_prior, forward_sum_loss, monotonic_path


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """One utterance to align.

    Attributes
    ----------
    id : str
        Its id.
    pieces : tuple[int, ...]
        Text ids, without specials.
    mel_SF : NDArray[np.float32]
        Log-mel frames.
    code_frames : int
        Frames of its codes, over which the durations are given.
    """

    id: str
    pieces: tuple[int, ...]
    mel_SF: NDArray[np.float32]
    code_frames: int


@dataclass(frozen=True, slots=True, eq=False)
class AlignedSpeech:
    """What the aligner found.

    Attributes
    ----------
    durations : Mapping[str, NDArray[np.uint16]]
        Code frames of each text piece, by utterance; they sum to the utterance's code frames.
    loss : float
        Forward-sum loss per frame at the end, without the prior.
    left_out : tuple[str, ...]
        Utterances with more pieces than frames.
    """

    durations: Mapping[str, NDArray[np.uint16]]
    loss: float
    left_out: tuple[str, ...]


def align_speech(
    utterances: Sequence[Spoken], *, text_tokens: int, config: AlignerConfig, seed: int, progress: Progress
) -> AlignedSpeech:
    """Train an aligner on utterances and align those same utterances.

    Their texts are known, so that nothing held out is learnt: the durations are a property of the recordings.
    """
    usable = [item for item in utterances if 0 < len(item.pieces) <= item.mel_SF.shape[0]]
    left_out = tuple(item.id for item in utterances if not 0 < len(item.pieces) <= item.mel_SF.shape[0])
    torch.manual_seed(seed)
    model = Aligner(text_tokens=text_tokens, mel_bins=usable[0].mel_SF.shape[1], width=config.width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=config.learning_rate, total_steps=config.steps)
    random = np.random.default_rng(seed)
    order = sorted(range(len(usable)), key=lambda index: usable[index].mel_SF.shape[0])
    batches = [order[start : start + config.batch_size] for start in range(0, len(order), config.batch_size)]
    progress.start("training the aligner", config.steps, "step")
    average = 0.0
    model.train()
    for step in range(config.steps):
        if step % len(batches) == 0:
            shuffled = random.permutation(len(batches))
        batch = [usable[index] for index in batches[int(shuffled[step % len(batches)])]]
        text_BT, text_lengths_B, mel_BSF, mel_lengths_B = _pad(batch)
        scores_BST = model(text_BT, text_lengths_B, mel_BSF)
        if step < config.prior_steps:
            for row, item in enumerate(batch):
                frames, pieces = item.mel_SF.shape[0], len(item.pieces)
                scores_BST[row, :frames, :pieces] += alignment_prior(frames, pieces)
        loss = forward_sum_loss(scores_BST, text_lengths_B, mel_lengths_B)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average = float(loss.detach()) if step == 0 else 0.95 * average + 0.05 * float(loss.detach())
        progress.advance(note=f"loss {average:.3f}")
    progress.finish()
    return AlignedSpeech(_durations(model, usable, progress), average, left_out)


def _pad(batch: Sequence[Spoken]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    text_lengths_B = torch.tensor([len(item.pieces) for item in batch])
    mel_lengths_B = torch.tensor([item.mel_SF.shape[0] for item in batch])
    text_BT = torch.zeros(len(batch), int(text_lengths_B.max()), dtype=torch.long)
    mel_BSF = torch.zeros(len(batch), int(mel_lengths_B.max()), batch[0].mel_SF.shape[1])
    for row, item in enumerate(batch):
        text_BT[row, : len(item.pieces)] = torch.tensor(item.pieces)
        mel_BSF[row, : item.mel_SF.shape[0]] = _normalised(item.mel_SF)
    return text_BT, text_lengths_B, mel_BSF, mel_lengths_B


def _normalised(mel_SF: NDArray[np.float32]) -> Tensor:
    """Return mel frames without the recording's own level and colour, which tell nothing of the pieces."""
    frames = torch.from_numpy(mel_SF)
    return (frames - frames.mean(dim=0)) / (frames.std() + 1e-3)


@torch.inference_mode()
def _durations(model: Aligner, utterances: Sequence[Spoken], progress: Progress) -> dict[str, NDArray[np.uint16]]:
    model.eval()
    progress.start("aligning", len(utterances), "utterance")
    durations = {}
    for item in utterances:
        text_BT, text_lengths_B, mel_BSF, _ = _pad([item])
        scores_ST = torch.log_softmax(model(text_BT, text_lengths_B, mel_BSF)[0], dim=-1).numpy()
        ends = np.cumsum(monotonic_path(scores_ST)) * (item.code_frames / item.mel_SF.shape[0])
        ends_T = np.rint(ends).astype(np.int64)
        ends_T[-1] = item.code_frames
        durations[item.id] = np.diff(ends_T, prepend=0).astype(np.uint16)
        progress.advance()
    progress.finish()
    return durations

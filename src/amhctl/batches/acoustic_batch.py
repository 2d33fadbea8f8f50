"""Utterances of a FlowVoice as padded tensors.

Shapes: ``B batch, P text pieces, T spectrogram frames, F mel bins, E speaker width, S code frames, Q codebooks``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from amhctl.batches.acoustic_dataset import AcousticItem
from amhctl.core.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class AcousticBatch:
    """Utterances as padded tensors; what comes after a length is zero and means nothing.

    Attributes
    ----------
    ids : tuple[str, ...]
        Utterance ids.
    text_BP, text_lengths_B : Tensor
        Text ids and how many there are, int64.
    durations_BP : Tensor
        Frames of each text id, int64; zero after the text.
    mels_BTF, mel_lengths_B : Tensor
        Log-mel frames, float32, and how many there are, int64.
    prosody_BP3 : Tensor
        Logarithms of each piece's frames, pitch and energy, float32.
    noise_B : Tensor
        Noise floor of each, float32.
    speakers_BE : Tensor
        Speaker embeddings, float32.
    codes_BQS : Tensor
        Codes, int64; no codebook where none is asked for.
    """

    ids: tuple[str, ...]
    text_BP: Tensor
    text_lengths_B: Tensor
    durations_BP: Tensor
    mels_BTF: Tensor
    mel_lengths_B: Tensor
    prosody_BP3: Tensor
    noise_B: Tensor
    speakers_BE: Tensor
    codes_BQS: Tensor

    def to(self, device: torch.device | str) -> "AcousticBatch":
        """Return the batch on a device; a pinned one is copied there while the processor continues."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "AcousticBatch":
        """Return the batch in memory that a CUDA device reads by itself; torch's loader calls this by its name."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, change: Callable[[Tensor], Tensor]) -> "AcousticBatch":
        return AcousticBatch(
            ids=self.ids,
            text_BP=change(self.text_BP),
            text_lengths_B=change(self.text_lengths_B),
            durations_BP=change(self.durations_BP),
            mels_BTF=change(self.mels_BTF),
            mel_lengths_B=change(self.mel_lengths_B),
            prosody_BP3=change(self.prosody_BP3),
            noise_B=change(self.noise_B),
            speakers_BE=change(self.speakers_BE),
            codes_BQS=change(self.codes_BQS),
        )


def collate_acoustic(items: Sequence[AcousticItem]) -> AcousticBatch:
    """Return items as one batch, padded with zeros.

    Raises
    ------
    DatasetError
        If there is no item.
    """
    if not items:
        raise DatasetError("a batch needs at least one item")
    text = [torch.from_numpy(item.text_P) for item in items]
    mels = [torch.from_numpy(item.mel_TF) for item in items]
    codes_SQ = [torch.from_numpy(item.codes_QS.astype(np.int64).T.copy()) for item in items]
    return AcousticBatch(
        ids=tuple(item.id for item in items),
        text_BP=_pad(text),
        text_lengths_B=_lengths(text),
        durations_BP=_pad([torch.from_numpy(item.durations_P) for item in items]),
        mels_BTF=_pad(mels),
        mel_lengths_B=_lengths(mels),
        prosody_BP3=_pad([torch.from_numpy(item.prosody_P3) for item in items]),
        noise_B=torch.tensor([item.noise for item in items], dtype=torch.float32),
        speakers_BE=torch.from_numpy(np.stack([item.speaker_E for item in items])),
        codes_BQS=_pad(codes_SQ).transpose(1, 2).contiguous(),
    )


def _pad(rows: list[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def _lengths(rows: list[Tensor]) -> Tensor:
    return torch.tensor([row.shape[0] for row in rows], dtype=torch.int64)

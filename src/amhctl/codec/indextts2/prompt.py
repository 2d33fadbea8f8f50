"""What codes are spoken like: a clip, as the parts after the GPT hear it.

Shapes: ``P mel frames, F mel bins, C width of the content, S width of the style vector, N samples``.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from amhctl.audio.kaldi_fbank import SAMPLE_RATE as STYLE_RATE
from amhctl.audio.kaldi_fbank import kaldi_fbank
from amhctl.audio.referenceclip import REFERENCE_SECONDS, find_refusal
from amhctl.audio.resample import resample
from amhctl.audio.sinc_resample import sinc_resample
from amhctl.audio.waveform import Waveform
from amhctl.codec.indextts2.spectrogram import MEL
from amhctl.core.errors import CodecError
from amhctl.core.files import atomic_path


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A clip's voice, and the beginning that its speech is continued from.

    Attributes
    ----------
    style_1S : Tensor
        The style vector.
    mel_1FP : Tensor
        Log-mel frames.
    condition_1PC : Tensor
        Content of each of these frames.
    """

    style_1S: Tensor
    mel_1FP: Tensor
    condition_1PC: Tensor

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        tensors = {field.name: getattr(self, field.name).cpu().contiguous() for field in fields(self)}
        with atomic_path(path) as temporary:
            save_file(tensors, temporary)

    @classmethod
    def read(cls, path: Path, *, device: str = "cpu") -> "Prompt | None":
        """Return what was written; None if there is no such file, or it is damaged."""
        names = {field.name for field in fields(cls)}
        try:
            tensors = load_file(path, device=device)
        except (SafetensorError, OSError):
            return None
        return cls(**tensors) if set(tensors) == names else None


@dataclass(frozen=True, slots=True, eq=False)
class PromptClip:
    """A clip at the two rates at which it is heard.

    Attributes
    ----------
    at_22k, at_16k : NDArray[np.float32]
        Samples for the spectrogram; and for content and style, resampled from the former.
    """

    at_22k: np.ndarray[tuple[int], np.dtype[np.float32]]
    at_16k: np.ndarray[tuple[int], np.dtype[np.float32]]

    @classmethod
    def of(cls, clip: Waveform) -> "PromptClip":
        """Return at most the first 15 s of a clip, at both rates; its level is kept.

        Raises
        ------
        CodecError
            If the clip is silent or has too little speech.
        """
        if fault := find_refusal(clip, "the prompt"):
            raise CodecError(fault.message, subject=fault.subject, hint=fault.hint)
        samples = resample(clip, MEL.sample_rate).samples[: round(REFERENCE_SECONDS * MEL.sample_rate)]
        return cls(samples, sinc_resample(samples, old_rate=MEL.sample_rate, new_rate=STYLE_RATE))

    def style_features(self) -> Tensor:
        """Return log-mel energies less their mean over time, shape (1, T, 80): which the style is computed from."""
        fbank_TF = torch.from_numpy(kaldi_fbank(self.at_16k))
        return (fbank_TF - fbank_TF.mean(dim=0))[None]

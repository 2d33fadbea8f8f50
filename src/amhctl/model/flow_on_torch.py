"""A FlowVoice that computes by PyTorch, of one utterance at a time; implements ``flow_sampling.FlowNetwork``."""

import numpy as np
import torch
from torch import Tensor

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_sampling import Floats, Integers, ReadText, Scale
from amhctl.model.flow_voice import EncodedText, FlowVoice, Score
from amhctl.nn.standard import FeatureStandard


class FlowOnTorch:
    """The network and its device.

    Parameters
    ----------
    model : FlowVoice
        In evaluation mode, on the device where it computes.
    """

    def __init__(self, model: FlowVoice) -> None:
        self._model = model
        self._device = next(model.parameters()).device

    @property
    def config(self) -> FlowVoiceConfig:
        """Its shape."""
        return self._model.config

    @property
    def mel_scale(self) -> Scale:
        """Of log-mel values."""
        return _scale(self._model.mel_standard)

    @property
    def prosody_scale(self) -> Scale:
        """Of log duration, log pitch and log energy."""
        return _scale(self._model.prosody_standard)

    @torch.inference_mode()
    def read(self, ids_P: Integers, speaker_E: Floats) -> ReadText:
        """Read text pieces for a speaker; ``hidden`` is an ``EncodedText``."""
        lengths_B = torch.tensor([len(ids_P)], device=self._device)
        text = self._model.encode(self._row(ids_P), lengths_B, self._row(speaker_E))
        return ReadText(_numpy(self._model.log_durations(text)[0]), text)

    @torch.inference_mode()
    def prosody_velocity(self, noisy_P3: Floats, time: float, text: ReadText) -> Floats:
        """Return the velocity of the standardised prosody, shape (P, 3)."""
        times_B = torch.full((1,), time, device=self._device)
        return _numpy(self._model.prosody_velocity(self._row(noisy_P3), times_B, text.hidden)[0])

    @torch.inference_mode()
    def score(
        self, text: ReadText, durations_P: Integers, noise: float, *, prosody_P2: Floats | None, drop_text: bool
    ) -> Score:
        """Lay a text over the steps."""
        encoded: EncodedText = text.hidden
        return self._model.score(
            encoded,
            self._row(durations_P),
            torch.full((1,), noise, device=self._device),
            prosody_BP2=None if prosody_P2 is None else self._row(prosody_P2),
            dropped_B=torch.full((1,), drop_text, device=self._device),
        )

    @torch.inference_mode()
    def velocities(self, noisy_MX: Floats, time: float, scores: tuple[Score, ...]) -> list[Floats]:
        """Return the velocity of the standardised, stacked spectrogram for each score, shape (M, X)."""
        noisy_BMX, times_B = self._row(noisy_MX), torch.full((1,), time, device=self._device)
        return [_numpy(self._model.velocity(noisy_BMX, times_B, score)[0]) for score in scores]

    def _row(self, values: Floats | Integers) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values))[None].to(self._device)


def _scale(standard: FeatureStandard) -> Scale:
    return Scale(_numpy(standard.mean), _numpy(standard.deviation))


def _numpy(tensor: Tensor) -> Floats:
    values: Floats = tensor.float().cpu().numpy()
    return values

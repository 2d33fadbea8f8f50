"""A FlowVoice with guidance, as what another learns from: guidance distillation (Meng et al. 2023, arXiv 2210.03142).

Guidance computes each velocity twice, with the text and without it. A voice that has learnt the guided velocity itself
needs one computation, and draws in half the time.

Shapes: ``B batch, M steps, X mel values of a step``.
"""

import torch
from torch import Tensor, nn

from amhctl.batches.acoustic_batch import AcousticBatch
from amhctl.model.flow_voice import FlowVoice, Score


class GuidedTeacher(nn.Module):
    """A voice whose weights stay as they are, and its guidance.

    Parameters
    ----------
    model : FlowVoice
        The voice; its dropout should be 0, for it never trains.
    guidance : float
        As in ``FlowSampling``.
    """

    def __init__(self, model: FlowVoice, guidance: float) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        self.guidance = guidance

    @torch.no_grad()
    def forward(
        self, noisy_BMX: Tensor, times_B: Tensor, batch: AcousticBatch, *, dropped_B: Tensor, prosody_known_B: Tensor
    ) -> Tensor:
        """Return the guided velocity of each step, shape (B, M, X); the plain one of items whose text is dropped.

        Parameters
        ----------
        noisy_BMX : Tensor
            Standardised, stacked spectrograms on the way from noise.
        times_B : Tensor
            How far each has come.
        batch : AcousticBatch
            Texts, durations, speakers and prosody.
        dropped_B, prosody_known_B : Tensor
            Whose text is dropped, and whose pitch and energy are told.
        """
        model = self.model
        text = model.encode(batch.text_BP, batch.text_lengths_B, batch.speakers_BE)
        noise_B = model.noise_standard(batch.noise_B[:, None])[:, 0]
        steps = noisy_BMX.shape[1]
        score = model.score(
            text,
            batch.durations_BP,
            noise_B,
            prosody_BP2=model.prosody_standard(batch.prosody_BP3)[..., 1:],
            prosody_known_B=prosody_known_B,
            dropped_B=dropped_B,
            steps=steps,
        )
        silent = model.score(text, batch.durations_BP, noise_B, dropped_B=torch.ones_like(dropped_B), steps=steps)
        velocity_BMX = model.velocity(noisy_BMX, times_B, score)
        added_BMX = velocity_BMX - model.velocity(noisy_BMX, times_B, silent)
        guided: Tensor = velocity_BMX + self.guidance * self._without_mean(added_BMX, score)
        return guided

    def _without_mean(self, velocity_BMX: Tensor, score: Score) -> Tensor:
        """Return velocities less each item's mean over its frames, bin by bin: as ``flow_sampling`` guides."""
        bins = self.model.config.acoustics.mel.bins
        keep_BM11 = score.keep_BM[..., None, None].to(velocity_BMX.dtype)
        frames_BMSF = velocity_BMX.reshape(*velocity_BMX.shape[:2], -1, bins)
        counts_B111 = keep_BM11.sum(dim=1, keepdim=True) * frames_BMSF.shape[2]
        mean_B11F = (frames_BMSF * keep_BM11).sum(dim=(1, 2), keepdim=True) / counts_B111.clamp(min=1.0)
        apart: Tensor = (frames_BMSF - mean_B11F) * keep_BM11
        return apart.flatten(2)

"""What a FlowVoice is trained for: velocities of spectrogram and prosody, and the distance of durations.

Everything is a *sum* over real targets and a count of them, as in ``losses``. A module, because gradients of several
processes are exchanged after a module's ``forward``.

Shapes: ``B batch, P text pieces, M steps, X mel values of a step``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from amhctl.batches.acoustic_batch import AcousticBatch
from amhctl.config.schema import TrainingConfig
from amhctl.model.flow_sampling import PROSODY
from amhctl.model.flow_voice import FlowVoice
from amhctl.training.guided_teacher import GuidedTeacher
from amhctl.training.losses import duration_loss
from amhctl.training.precision import Precision, autocast


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """How many real targets there are: mel values of steps, text pieces, and items."""

    values: int
    pieces: int
    items: int


@dataclass(frozen=True, slots=True, eq=False)
class FlowNoise:
    """What is drawn for a batch: times, noise, and what is dropped of which item.

    Attributes
    ----------
    times_B, prosody_times_B : Tensor
        Between 0 (noise) and 1.
    noise_BMX, prosody_noise_BP3 : Tensor
        Where the flows begin.
    dropped_B, prosody_known_B, coded_B : Tensor
        Whose text is dropped, whose pitch and energy are told, whose codes are given.
    """

    times_B: Tensor
    prosody_times_B: Tensor
    noise_BMX: Tensor
    prosody_noise_BP3: Tensor
    dropped_B: Tensor
    prosody_known_B: Tensor
    coded_B: Tensor


@dataclass(frozen=True, slots=True)
class FlowLosses:
    """Means over real targets, weighted into one number.

    Attributes
    ----------
    total : float
        What is minimised.
    mel, prosody : float
        Mean squared error of the velocities of standardised values; one that knows nothing has about 2.
    duration : float
        Poisson deviance of a piece's frames.
    length_ratio : float
        Expected frames of all pieces over their frames.
    """

    total: float
    mel: float
    prosody: float
    duration: float
    length_ratio: float

    @property
    def decisive(self) -> float:
        """The error of the spectrogram's velocity."""
        return self.mel

    def journal(self) -> dict[str, float | list[float]]:
        """Return the values of a step."""
        return {
            "loss": self.total,
            "mel": self.mel,
            "prosody": self.prosody,
            "duration": self.duration,
            "length_ratio": self.length_ratio,
        }

    def valid_journal(self) -> dict[str, float | list[float]]:
        """Return the values of a validation."""
        return self.journal()

    def metrics(self) -> dict[str, float | list[float]]:
        """Return what a voice's manifest says of it."""
        return {
            "valid_mel_loss": self.mel,
            "valid_loss": self.total,
            "valid_prosody_loss": self.prosody,
            "valid_duration_loss": self.duration,
            "valid_length_ratio": self.length_ratio,
        }


class FlowObjective(nn.Module):
    """A FlowVoice and what it is trained for.

    Parameters
    ----------
    model : FlowVoice
        The voice.
    config : TrainingConfig
        Weights of the losses.
    precision : Precision
        Arithmetic of the forward pass.
    teacher : GuidedTeacher | None
        What the velocities of the spectrogram are learnt from in place of the recordings.
    """

    def __init__(
        self, model: FlowVoice, config: TrainingConfig, precision: Precision, teacher: GuidedTeacher | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.teacher = teacher
        self.config = config
        self.precision = precision

    def forward(self, batch: AcousticBatch, draws: FlowNoise, counts: FlowCounts) -> tuple[Tensor, Tensor]:
        """Return the loss to minimise and the packed sums of mel, prosody and duration losses, and of expected frames.

        Parameters
        ----------
        batch : AcousticBatch
            The utterances.
        draws : FlowNoise
            Everything random.
        counts : FlowCounts
            Real targets of the whole step.
        """
        model = self.model
        with autocast(self.precision, batch.mels_BTF.device):
            text = model.encode(batch.text_BP, batch.text_lengths_B, batch.speakers_BE)
            log_durations_BP = model.log_durations(text)
            prosody_BP3 = model.prosody_standard(batch.prosody_BP3)
            score = model.score(
                text,
                batch.durations_BP,
                model.noise_standard(batch.noise_B[:, None])[:, 0],
                prosody_BP2=prosody_BP3[..., 1:],
                prosody_known_B=draws.prosody_known_B,
                dropped_B=draws.dropped_B,
                codes_BQS=batch.codes_BQS if model.config.codebooks else None,
                coded_B=draws.coded_B,
                steps=draws.noise_BMX.shape[1],
            )
            noisy_BMX, wanted_BMX = _between(
                draws.noise_BMX, model.stack(batch.mels_BTF, batch.mel_lengths_B), draws.times_B
            )
            if self.teacher is not None:
                wanted_BMX = self.teacher(
                    noisy_BMX, draws.times_B, batch, dropped_B=draws.dropped_B, prosody_known_B=draws.prosody_known_B
                )
            velocity_BMX = model.velocity(noisy_BMX, draws.times_B, score)
            noisy_BP3, wanted_BP3 = _between(draws.prosody_noise_BP3, prosody_BP3, draws.prosody_times_B)
            sampled_BP3 = model.prosody_velocity(noisy_BP3, draws.prosody_times_B, text)
        mel = _squared(velocity_BMX, wanted_BMX, score.keep_BM)
        prosody = _squared(sampled_BP3, wanted_BP3, text.keep_BP)
        durations = duration_loss(log_durations_BP, batch.durations_BP, batch.text_lengths_B)
        expected = ((log_durations_BP.float().exp() - 1.0) * text.keep_BP).sum()
        loss = (
            mel / max(1, counts.values)
            + self.config.prosody_weight * prosody / max(1, counts.pieces * PROSODY)
            + self.config.duration_weight * durations / max(1, counts.pieces)
        )
        packed = torch.stack([mel, prosody, durations, expected, batch.durations_BP.sum().float()]).detach()
        return loss, packed


def sample_noise(
    batch: AcousticBatch, model_width: int, stacked: int, generator: torch.Generator, *, shares: tuple[float, ...]
) -> FlowNoise:
    """Return what a generator draws for a batch; ``shares`` of items lose their text, their prosody and their codes.

    Parameters
    ----------
    batch : AcousticBatch
        Its sizes count.
    model_width : int
        Mel values of a step, X.
    stacked : int
        Frames of a step.
    generator : torch.Generator
        What draws, where its device is.
    shares : tuple[float, ...]
        Of text, prosody and codes, between 0 and 1.
    """
    items, frames = batch.mels_BTF.shape[:2]
    steps, where = -(-frames // stacked), generator.device
    text_dropped, prosody_dropped, codes_dropped = (
        torch.rand(items, generator=generator, device=where) < share for share in shares
    )
    noise = FlowNoise(
        times_B=torch.rand(items, generator=generator, device=where),
        prosody_times_B=torch.rand(items, generator=generator, device=where),
        noise_BMX=torch.randn((items, steps, model_width), generator=generator, device=where),
        prosody_noise_BP3=torch.randn((*batch.text_BP.shape, PROSODY), generator=generator, device=where),
        dropped_B=text_dropped,
        prosody_known_B=~prosody_dropped,
        coded_B=~codes_dropped,
    )
    device = batch.mels_BTF.device
    return FlowNoise(*(getattr(noise, name).to(device) for name in FlowNoise.__slots__))


def _between(noise: Tensor, data: Tensor, times_B: Tensor) -> tuple[Tensor, Tensor]:
    """Return what lies at a time on the straight way from noise to data, and the velocity there."""
    times_B11 = times_B[:, None, None]
    return (1.0 - times_B11) * noise + times_B11 * data, data - noise


def _squared(predicted: Tensor, wanted: Tensor, keep: Tensor) -> Tensor:
    return ((predicted.float() - wanted.float()).square() * keep[..., None]).sum()

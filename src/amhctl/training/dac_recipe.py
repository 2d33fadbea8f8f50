"""How a DAC is trained or adapted: the package's discriminators and losses, one step for each side. Knows no folders.

Shapes: ``B segments, N samples, S frames, Q codebooks``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.codec.dac import MODEL_VERSION, build_dac, fill_dac
from amhctl.codec.dac_objective import LONGEST_MEL_WINDOW, DacObjective
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.config.dac import DacCodecConfig, DacTrainingConfig
from amhctl.core.errors import TrainingError
from amhctl.nn.spectral import LogMel
from amhctl.training.codec_material import CodecMaterial, sample_segments
from amhctl.training.codec_optimizer import require_finite
from amhctl.training.codec_recipe import CodecPlan, CodecScores, StepResult, measure
from amhctl.training.seeding import derive_seed

# The package's own: betas, and the largest gradient norm of each side.
_BETAS = (0.8, 0.99)
_DISCRIMINATOR_NORM = 10.0
_CODEC_NORM = 1e3
_MEASURED_BINS = 100


@dataclass(frozen=True, slots=True)
class DacWeights:
    """A DAC to adapt: its shape and its tensors."""

    shape: DacCodecConfig
    tensors: Mapping[str, Tensor]

    @property
    def fingerprint(self) -> str:
        """Digest of the weights."""
        return fingerprint_of(self.tensors)


class DacRecipe:
    """A DAC in training.

    Parameters
    ----------
    shape : DacCodecConfig
        Of the network; that of the base where there is one.
    config : DacTrainingConfig
        Of the run.
    material : CodecMaterial
        What to train on.
    seed : int
        Of every random choice.
    base : DacWeights | None
        Weights to adapt; None begins from random ones.
    device : str
        Where to compute.

    Raises
    ------
    CodecError
        If the base's tensors do not fit its shape.
    TrainingError
        If the segments are shorter than a loss or a discriminator looks.
    """

    def __init__(
        self,
        shape: DacCodecConfig,
        config: DacTrainingConfig,
        material: CodecMaterial,
        *,
        seed: int,
        base: DacWeights | None = None,
        device: str = "cpu",
    ) -> None:
        self._config = config
        self._material = material
        self._seed = seed
        self._device = torch.device(device)
        shape = shape if base is None else base.shape
        hop = shape.frame_samples
        # Half a frame short of whole ones: odd strides make the decoder end a few samples early, and what is compared
        # must be equally long.
        self._size = max(1, round(config.segment_seconds * shape.sample_rate / hop)) * hop - hop // 2
        shortest = max((LONGEST_MEL_WINDOW, *config.discriminator_windows))
        if self._size < shortest:
            raise TrainingError(
                f"segments of {self._size} samples are shorter than the longest window, {shortest}",
                subject="dac_training.segment_seconds",
                hint=f"set it to {1.05 * (shortest + hop) / shape.sample_rate:.2f} or more",
            )
        torch.manual_seed(seed)
        model = build_dac(shape) if base is None else fill_dac(shape, base.tensors, subject="base")
        self._model: Any = model.to(self._device)
        torch.manual_seed(derive_seed(seed, "discriminators"))
        self._objective = DacObjective(
            sample_rate=shape.sample_rate, periods=config.discriminator_periods, windows=config.discriminator_windows
        )
        self._objective.discriminators.to(self._device)
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=config.learning_rate, betas=_BETAS)
        self._judging_optimizer = torch.optim.AdamW(
            self._objective.discriminators.parameters(), lr=config.learning_rate, betas=_BETAS
        )
        self._measured = _measured_mel(shape.sample_rate).to(self._device)
        self._plan = CodecPlan(
            model_version=MODEL_VERSION,
            shape=shape.model_dump(mode="json"),
            training=config.model_dump(mode="json"),
            sample_rate=shape.sample_rate,
            frame_samples=hop,
            codebooks=shape.n_codebooks,
            codebook_size=shape.codebook_size,
            steps=config.steps,
            valid_every=config.valid_every,
            valid_clips=config.valid_clips,
            save_every=config.save_every,
            seed=seed,
            data=material.fingerprint,
            base="" if base is None else base.fingerprint,
        )

    @property
    def plan(self) -> CodecPlan:
        """The run's numbers."""
        return self._plan

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The codec and the discriminators."""
        return {"model": self._model, "discriminators": self._objective.discriminators}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The codec's optimiser and the discriminators'."""
        return {"optimizer": self._optimizer, "discriminator_optimizer": self._judging_optimizer}

    def stage(self, step: int) -> int:
        """Return 1: a DAC is trained in one stage."""
        return 1

    def advance(self, step: int) -> StepResult:
        """Take one step of the discriminators and one of the codec.

        Raises
        ------
        TrainingError
            If a gradient is not finite.
        """
        config = self._config
        # The same per step as for a mel codec: the quantiser's dropout is drawn from it.
        step_seed = self._seed * 1_000_003 + step
        torch.manual_seed(step_seed)
        segments = sample_segments(
            self._material.train, count=config.batch_size, size=self._size, gain=config.gain_range, seed=step_seed
        )
        target_BN = segments.to(self._device)
        self._model.train()
        output = self._model(target_BN[:, None], self._plan.sample_rate)
        made_BN = output["audio"][:, 0]
        rate = config.learning_rate * config.rate_decay**step
        hint = "lower dac_training.learning_rate"
        judging = self._objective.judge(made_BN, target_BN)
        norm = _take_step(self._judging_optimizer, judging, rate, _DISCRIMINATOR_NORM)
        require_finite(norm, step, hint)
        losses = self._objective.oppose(made_BN, target_BN)
        loss = (
            config.mel_weight * losses.mel
            + config.adversarial_weight * losses.adversarial
            + config.feature_weight * losses.feature
            + config.commitment_weight * output["vq/commitment_loss"]
            + config.codebook_weight * output["vq/codebook_loss"]
        )
        norm = _take_step(self._optimizer, loss, rate, _CODEC_NORM)
        require_finite(norm, step, hint)
        values = {
            "mel": losses.mel,
            "commitment": output["vq/commitment_loss"],
            "codebook": output["vq/codebook_loss"],
            "discriminator": judging,
            "adversarial": losses.adversarial,
            "feature": losses.feature,
            "norm": norm,
        }
        codes_BSQ = output["codes"].transpose(1, 2)
        return StepResult({name: float(value.detach()) for name, value in values.items()}, codes_BSQ)

    def measure(self, limit: int | None = None) -> CodecScores:
        """Return how well so many validation clips are reproduced; None for all of them."""
        return measure(self, self._material.valid[:limit])

    def reconstruct(self, samples_1N: Tensor) -> tuple[Tensor, Tensor]:
        """Return samples and codes."""
        output = self._model(samples_1N[:, None].to(self._device), self._plan.sample_rate)
        samples = output["audio"][:, 0]
        short = samples_1N.shape[1] - samples.shape[1]
        return functional.pad(samples, (0, short)), output["codes"][0].T

    def log_mel(self, samples_1N: Tensor) -> Tensor:
        """Return a log-mel spectrogram of 100 bins over the whole band."""
        spectrogram: Tensor = self._measured(samples_1N.to(self._device))
        return spectrogram

    def stored(self) -> dict[str, Tensor]:
        """Return every weight, as it is: official files keep fp32, and so do their descendants."""
        return dict(self._model.state_dict())

    def further_files(self, weights: Path) -> Mapping[str, bytes]:
        """Return no files: a codec is its weights."""
        return {}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the model."""
        self._model.load_state_dict(dict(stored))


def _take_step(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float, largest: float) -> Tensor:
    """Step down a loss and return the gradient's norm; a norm that is not finite leaves the weights as they are."""
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, largest)
    for group in optimizer.param_groups:
        group["lr"] = rate
    if bool(torch.isfinite(norm)):
        optimizer.step()
    return norm


def _measured_mel(sample_rate: int) -> LogMel:
    # 64 ms windows, as the mel codec's at 16 kHz, rounded up to a power of two.
    window = 1 << (round(0.064 * sample_rate) - 1).bit_length()
    return LogMel(
        sample_rate=sample_rate,
        fft_samples=window,
        window_samples=window,
        hop_samples=window // 4,
        bins=_MEASURED_BINS,
        low_hertz=0.0,
        high_hertz=sample_rate / 2,
    )

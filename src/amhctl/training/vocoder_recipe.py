"""How a vocoder is trained: multi-resolution log-mel distance and, in the last steps, discriminators. Knows no folders.

Two stages: by the distance alone, at whose end the discriminators begin to learn, so that they are trained when their
losses are first used; and by both, where the gradients of the generator loss and the feature-matching loss are scaled
to fixed fractions of that of the distance. The weights that are measured and kept are averages over the steps.

Shapes: ``B segments, N samples, T frames, F mel bins``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from amhctl.checkpoint.store import halve
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.codec.vocoder_network import VocoderNetwork, fill_vocoder
from amhctl.codec.vocoder_spec import MODEL_VERSION
from amhctl.config.vocoder import VocoderConfig, VocoderTrainingConfig
from amhctl.core.errors import TrainingError
from amhctl.nn.spectral import LogMel
from amhctl.training.adversarial import balanced_gradient
from amhctl.training.codec_material import CodecMaterial, sample_segments
from amhctl.training.codec_optimizer import cosine_rate, decayed_adamw, require_finite
from amhctl.training.codec_recipe import CodecPlan, CodecScores, StepResult, measure
from amhctl.training.discriminator_training import DiscriminatorTraining
from amhctl.training.ema import AveragedModel
from amhctl.training.mel_distance import LONGEST_WINDOW, MelDistance
from amhctl.training.mel_softening import soften
from amhctl.training.precision import autocast, resolve_precision
from amhctl.training.seeding import derive_seed


@dataclass(frozen=True, slots=True)
class VocoderWeights:
    """A vocoder to continue from: its shape and its stored tensors."""

    shape: VocoderConfig
    tensors: Mapping[str, Tensor]

    @property
    def fingerprint(self) -> str:
        """Digest of the weights."""
        return fingerprint_of(self.tensors)


class VocoderRecipe:
    """A vocoder in training.

    Parameters
    ----------
    shape : VocoderConfig
        Of the network; that of the base where there is one.
    config : VocoderTrainingConfig
        Of the run.
    material : CodecMaterial
        What to train on.
    seed : int
        Of every random choice.
    base : VocoderWeights | None
        Weights to continue from; None trains from nothing.
    device : str
        Where to compute.

    Raises
    ------
    TrainingError
        If the segments are shorter than a loss or a discriminator looks.
    CodecError
        If the base's tensors do not fit its shape.
    """

    def __init__(
        self,
        shape: VocoderConfig,
        config: VocoderTrainingConfig,
        material: CodecMaterial,
        *,
        seed: int,
        base: VocoderWeights | None = None,
        device: str = "cpu",
    ) -> None:
        shape = shape if base is None else base.shape
        mel, hop = shape.mel, shape.mel.hop_samples
        self._config = config
        self._material = material
        self._seed = seed
        self._device = torch.device(device)
        self._precision = resolve_precision(config.precision, self._device)
        self._size = round(config.segment_seconds * mel.sample_rate / hop) * hop
        _require_length(self._size, config, mel.sample_rate)
        torch.manual_seed(seed)
        self._network = VocoderNetwork(shape).to(self._device)
        if base is not None:
            fill_vocoder(self._network, base.tensors, subject="base")
        self._average = AveragedModel(self._network, config.ema_decay)
        self._optimizer = decayed_adamw(self._network, rate=config.learning_rate, weight_decay=config.weight_decay)
        self._mel = LogMel(**mel.model_dump()).to(self._device)
        self._distance = MelDistance(mel.sample_rate).to(self._device)
        self._discriminators = _build_discriminators(config, seed, self._device) if config.adversarial_steps else None
        self._plan = CodecPlan(
            model_version=MODEL_VERSION,
            shape=shape.model_dump(mode="json"),
            training=config.model_dump(mode="json"),
            sample_rate=mel.sample_rate,
            frame_samples=hop,
            codebooks=0,
            codebook_size=0,
            steps=config.steps,
            valid_every=config.valid_every,
            valid_clips=config.valid_clips,
            save_every=config.save_every,
            seed=seed,
            data=material.fingerprint,
            base="" if base is None else base.fingerprint,
            kind="vocoder",
            keep=config.keep,
        )

    @property
    def plan(self) -> CodecPlan:
        """The run's numbers."""
        return self._plan

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The vocoder, its averaged weights and, if they are trained along, the discriminators."""
        found: dict[str, nn.Module] = {"model": self._network, "average": self._average.model}
        return found if self._discriminators is None else found | {"discriminators": self._discriminators.network}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The vocoder's optimiser and, if they are trained along, the discriminators'."""
        found: dict[str, torch.optim.Optimizer] = {"optimizer": self._optimizer}
        return (
            found
            if self._discriminators is None
            else found | {"discriminator_optimizer": self._discriminators.optimizer}
        )

    def stage(self, step: int) -> int:
        """Return 1 by the distance alone, 2 against discriminators."""
        return 1 if step < self._config.steps - self._config.adversarial_steps else 2

    def advance(self, step: int) -> StepResult:
        """Take one step.

        Raises
        ------
        TrainingError
            If the gradient is not finite.
        """
        config = self._config
        # A generator per step: nothing random has to be restored by a resumed run.
        step_seed = self._seed * 1_000_003 + step
        target_BN = sample_segments(
            self._material.train, count=config.batch_size, size=self._size, gain=config.gain_range, seed=step_seed
        ).to(self._device)
        mel_BTF = soften(
            self.log_mel(target_BN)[:, :-1],
            blur=config.blur,
            noise=config.mel_noise,
            seed=derive_seed(step_seed, "softening"),
        )
        self._network.train()
        with autocast(self._precision, self._device):
            made_BN = self._network(mel_BTF)
        gradient_BN, values = self._compare(step, target_BN, made_BN)
        rate = cosine_rate(step, steps=config.steps, warmup=config.warmup_steps, peak=config.learning_rate)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(made_BN, gradient_BN)
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), config.clip_norm)
        require_finite(norm, step, "lower vocoder_training.learning_rate, or set vocoder_training.precision to fp32")
        self._optimizer.step()
        self._average.update(step + 1)
        return StepResult(values | {"norm": float(norm)}, None)

    def _compare(self, step: int, target_BN: Tensor, made_BN: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the gradient of what was made, and the losses; train the discriminators where it is their time."""
        config, discriminators = self._config, self._discriminators
        leaf_BN = made_BN.detach().requires_grad_()
        distance = self._distance(leaf_BN, target_BN)
        values = {"mel": float(distance.detach())}
        others: list[tuple[Tensor, float]] = []
        if discriminators is not None and step >= config.steps - config.adversarial_steps - config.discriminator_steps:
            values |= discriminators.learn(target_BN, leaf_BN)
            if self.stage(step) == 2:
                generator_loss, feature_loss = discriminators.judge(target_BN, leaf_BN)
                values |= {"adversarial": float(generator_loss.detach()), "feature": float(feature_loss.detach())}
                others = [(generator_loss, config.adversarial_weight), (feature_loss, config.feature_weight)]
        return balanced_gradient(leaf_BN, distance, others), values

    def measure(self, limit: int | None = None) -> CodecScores:
        """Return how well so many validation clips are reproduced; None for all of them."""
        return measure(self, self._material.valid[:limit])

    def reconstruct(self, samples_1N: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the averaged weights make of a spectrogram, and no codes."""
        samples = self._average.model(self.log_mel(samples_1N)[:, :-1])
        return samples, torch.zeros((samples.shape[1] // self._plan.frame_samples, 0), dtype=torch.int64)

    def log_mel(self, samples_1N: Tensor) -> Tensor:
        """Return the spectrogram that the vocoder is given."""
        spectrogram: Tensor = self._mel(samples_1N.to(self._device))
        return spectrogram

    def stored(self) -> dict[str, Tensor]:
        """Return what a vocoder checkpoint holds: the averaged weights, in half precision."""
        return halve(self._average.model.state_dict())

    def further_files(self, weights: Path) -> Mapping[str, bytes]:
        """Return no files: a codec is its weights."""
        return {}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the averaged model."""
        self._average.model.load_state_dict({name: tensor.float() for name, tensor in stored.items()})


def _require_length(size: int, config: VocoderTrainingConfig, sample_rate: int) -> None:
    windows = config.discriminator_windows if config.adversarial_steps else ()
    shortest = max((LONGEST_WINDOW, *windows))
    if size < shortest:
        raise TrainingError(
            f"segments of {size} samples are shorter than the longest window, {shortest}",
            subject="vocoder_training.segment_seconds",
            hint=f"set it to {1.05 * shortest / sample_rate:.2f} or more",
        )


def _build_discriminators(config: VocoderTrainingConfig, seed: int, device: torch.device) -> DiscriminatorTraining:
    return DiscriminatorTraining(
        periods=config.discriminator_periods,
        windows=config.discriminator_windows,
        width=config.discriminator_width,
        rate=config.discriminator_rate,
        seed=seed,
        device=device,
    )

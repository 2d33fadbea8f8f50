"""How a mel codec is trained: reconstruction, commitment and, in the last steps, discriminators. Knows no folders.

Three stages: without quantiser, so that the encoder's output means something before k-means starts the codebooks from
it; with it; and, where ``adversarial_steps`` asks for it, against discriminators that learn along. A codec that
continues from another's weights begins with the second.

Shapes: ``B segments, N samples, S frames, Q codebooks``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from amhctl.checkpoint.store import halve
from amhctl.codec.mel_codec import (
    MODEL_VERSION,
    MelCodecNetwork,
    Reconstruction,
    fill_mel,
    fingerprint_of,
    is_stored,
)
from amhctl.config.mel_codec import CodecTrainingConfig, MelCodecConfig
from amhctl.core.errors import TrainingError
from amhctl.training.codec_material import CodecMaterial, sample_segments
from amhctl.training.codec_optimizer import cosine_rate, decayed_adamw, require_finite
from amhctl.training.codec_recipe import CodecPlan, CodecScores, StepResult, measure
from amhctl.training.discriminator_training import DiscriminatorTraining
from amhctl.training.learning_quantizer import learning_quantizer
from amhctl.training.mel_distance import MelDistance
from amhctl.training.precision import autocast, resolve_precision
from amhctl.training.seeding import derive_seed

_KMEANS_SEGMENTS = 128
# Periods of HiFi-GAN, of which two small ones and a large one cost half of the five; windows of a glottal pulse, a
# phone's transition and a steady vowel at 16 kHz.
_PERIODS = (2, 3, 7)
_WINDOWS = (256, 512, 1_024)


@dataclass(frozen=True, slots=True)
class MelWeights:
    """A mel codec to continue from: its shape and its stored tensors."""

    shape: MelCodecConfig
    tensors: Mapping[str, Tensor]

    @property
    def fingerprint(self) -> str:
        """Digest of the weights, the decoder's too."""
        return fingerprint_of(self.tensors)


class MelRecipe:
    """A mel codec in training.

    Parameters
    ----------
    shape : MelCodecConfig
        Of the network; that of the base where there is one.
    config : CodecTrainingConfig
        Of the run.
    material : CodecMaterial
        What to train on.
    seed : int
        Of every random choice.
    base : MelWeights | None
        Weights to continue from; None trains from nothing.
    device : str
        Where to compute.

    Raises
    ------
    TrainingError
        If codes are to be kept that no base has.
    CodecError
        If the base's tensors do not fit its shape.
    """

    def __init__(
        self,
        shape: MelCodecConfig,
        config: CodecTrainingConfig,
        material: CodecMaterial,
        *,
        seed: int,
        base: MelWeights | None = None,
        device: str = "cpu",
    ) -> None:
        if config.keep_codes and base is None:
            raise TrainingError(
                "keep_codes needs a base",
                subject="codec_training.keep_codes",
                hint="give the codec of these codes with --base",
            )
        shape = shape if base is None else base.shape
        self._config = config
        self._unquantised_steps = config.unquantised_steps if base is None else 0
        self._material = material
        self._seed = seed
        self._device = torch.device(device)
        self._precision = resolve_precision(config.precision, self._device)
        self._size = round(config.segment_seconds * shape.mel.sample_rate / shape.frame_samples) * shape.frame_samples
        torch.manual_seed(seed)
        vectors = config.batch_size * self._size // shape.frame_samples
        quantizer = learning_quantizer(shape, vectors_per_step=vectors)
        self._network = MelCodecNetwork(shape, quantizer).to(self._device)
        if base is not None:
            fill_mel(self._network, base.tensors, subject="base")
        if config.keep_codes:
            self._network.freeze_codes()
        self._optimizer = decayed_adamw(self._network, rate=config.learning_rate, weight_decay=config.weight_decay)
        self._distance = MelDistance(shape.mel.sample_rate).to(self._device)
        self._discriminators = _build_discriminators(config, seed, self._device) if config.adversarial_steps else None
        self._plan = CodecPlan(
            model_version=MODEL_VERSION,
            shape=shape.model_dump(mode="json"),
            training=config.model_dump(mode="json"),
            sample_rate=shape.mel.sample_rate,
            frame_samples=shape.frame_samples,
            codebooks=shape.codebooks,
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
        """The codec and, if they are trained along, the discriminators."""
        found: dict[str, nn.Module] = {"model": self._network}
        return found if self._discriminators is None else found | {"discriminators": self._discriminators.network}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The codec's optimiser and, if they are trained along, the discriminators'."""
        found: dict[str, torch.optim.Optimizer] = {"optimizer": self._optimizer}
        return (
            found
            if self._discriminators is None
            else found | {"discriminator_optimizer": self._discriminators.optimizer}
        )

    def stage(self, step: int) -> int:
        """Return 0 without quantiser, 1 with it, 2 against discriminators."""
        if step < self._unquantised_steps:
            return 0
        return 1 if step < self._config.steps - self._config.adversarial_steps else 2

    def advance(self, step: int) -> StepResult:
        """Take one step.

        Raises
        ------
        TrainingError
            If the gradient is not finite.
        """
        config = self._config
        if step == self._unquantised_steps > 0:
            self._start_codebooks()
        # A generator per step: nothing random has to be restored by a resumed run.
        step_seed = self._seed * 1_000_003 + step
        torch.manual_seed(step_seed)
        target_BN = self._draw(config.batch_size, step_seed)
        self._network.train()
        if config.keep_codes:
            self._network.freeze_codes()
        with autocast(self._precision, self._device):
            output = self._network(target_BN, quantised=self.stage(step) > 0, depths_B=self._sample_depths(step))
        distance = self._distance(output.samples_BN, target_BN)
        loss = distance + config.commitment_weight * output.commitment
        values = {"mel": float(distance.detach()), "commitment": float(output.commitment.detach())}
        if self._discriminators is not None and self.stage(step) == 2:
            adversarial, more = self._adversarial_losses(self._discriminators, output, target_BN)
            loss, values = loss + adversarial, values | more
        for group in self._optimizer.param_groups:
            group["lr"] = cosine_rate(step, steps=config.steps, warmup=config.warmup_steps, peak=config.learning_rate)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), config.clip_norm)
        require_finite(norm, step, "lower codec_training.learning_rate, or set codec_training.precision to fp32")
        self._optimizer.step()
        codes = None if output.codes_BSQ is None else output.codes_BSQ.detach()
        return StepResult(values | {"norm": float(norm)}, codes)

    def _adversarial_losses(
        self, discriminators: DiscriminatorTraining, output: Reconstruction, target_BN: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Train the discriminators on a reconstruction, and return what they now say against it."""
        values = discriminators.learn(target_BN, output.samples_BN)
        generator_loss, feature_loss = discriminators.judge(target_BN, output.samples_BN)
        values |= {"adversarial": float(generator_loss.detach()), "feature": float(feature_loss.detach())}
        return self._config.adversarial_weight * generator_loss + self._config.feature_weight * feature_loss, values

    def _start_codebooks(self) -> None:
        """Start every codebook by k-means over the latents of many segments."""
        torch.manual_seed(self._seed)
        segments = self._draw(_KMEANS_SEGMENTS, self._seed)
        self._network.train()
        with torch.no_grad():
            latents = torch.cat([self._network.latents(part) for part in torch.split(segments, 16)])
            self._network.quantizer(latents)

    def _sample_depths(self, step: int) -> Tensor | None:
        """Return from how many codebooks each segment of a step is decoded; None for all."""
        if not self._config.fewer_codebooks_share:
            return None
        random = np.random.default_rng(derive_seed(self._seed * 1_000_003 + step, "depths"))
        codebooks, count = self._plan.codebooks, self._config.batch_size
        fewer = random.uniform(size=count) < self._config.fewer_codebooks_share
        depths = np.where(fewer, random.integers(1, max(2, codebooks), size=count), codebooks)
        return torch.from_numpy(depths).to(self._device)

    def _draw(self, count: int, seed: int) -> Tensor:
        segments = sample_segments(
            self._material.train, count=count, size=self._size, gain=self._config.gain_range, seed=seed
        )
        return segments.to(self._device)

    def measure(self, limit: int | None = None) -> CodecScores:
        """Return how well so many validation clips are reproduced; None for all of them."""
        return measure(self, self._material.valid[:limit])

    def reconstruct(self, samples_1N: Tensor) -> tuple[Tensor, Tensor]:
        """Return samples and codes."""
        output = self._network(samples_1N.to(self._device))
        return output.samples_BN, output.codes_BSQ[0]

    def log_mel(self, samples_1N: Tensor) -> Tensor:
        """Return what the encoder sees."""
        spectrogram: Tensor = self._network.mel(samples_1N.to(self._device))
        return spectrogram

    def stored(self) -> dict[str, Tensor]:
        """Return what a codec checkpoint holds, in half precision."""
        return stored_tensors(self._network)

    def further_files(self, weights: Path) -> Mapping[str, bytes]:
        """Return no files: a codec is its weights."""
        return {}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the network."""
        given = {name: tensor.float() for name, tensor in stored.items()}
        self._network.load_state_dict(self._network.state_dict() | given)


def stored_tensors(network: MelCodecNetwork) -> dict[str, Tensor]:
    """Return what a codec checkpoint holds, in half precision."""
    return halve({name: value for name, value in network.state_dict().items() if is_stored(name)})


def _build_discriminators(config: CodecTrainingConfig, seed: int, device: torch.device) -> DiscriminatorTraining:
    return DiscriminatorTraining(
        periods=_PERIODS,
        windows=_WINDOWS,
        width=config.discriminator_width,
        rate=config.discriminator_rate,
        seed=seed,
        device=device,
    )

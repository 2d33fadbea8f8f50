"""How a recogniser is trained: CTC over phones and word borders, on varied recordings. Knows no folders.

The weights that are measured and kept are averages over the steps, in the form in which they are stored.

Shapes: ``B clips, E frames, V labels``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.config.recogniser import RecogniserConfig, RecogniserTrainingConfig
from amhctl.core.errors import TrainingError
from amhctl.nn.onnx_graph import locate_weights
from amhctl.recogniser.catalog import MODEL_VERSION
from amhctl.recogniser.decoding import best_path
from amhctl.recogniser.error_rate import Errors, count_errors
from amhctl.recogniser.features import HOP_SAMPLES, SAMPLE_RATE, speech_features
from amhctl.recogniser.graph import GRAPH_FILE, write_graph
from amhctl.recogniser.labels import BLANK, without_borders
from amhctl.recogniser.network import RecogniserNetwork, fill_network
from amhctl.recogniser.quantised import quantise, restore
from amhctl.training.codec_optimizer import cosine_rate, require_finite
from amhctl.training.codec_recipe import CodecPlan, StepResult
from amhctl.training.ema import AveragedModel
from amhctl.training.precision import autocast, resolve_precision
from amhctl.training.recogniser_material import RecogniserMaterial, clip_features, make_batches, pad_features
from amhctl.training.seeding import derive_seed

_BETAS = (0.9, 0.98)


@dataclass(frozen=True, slots=True)
class RecogniserScores:
    """Measurements on validation clips.

    Attributes
    ----------
    phone_error_rate : float
        Substituted, inserted and missing phones of the best path, over the phones of the texts; word borders left out.
    clips : int
        How many clips were measured.
    """

    phone_error_rate: float
    clips: int

    @property
    def distance(self) -> float:
        """The phone error rate: the weights with the lowest are kept."""
        return self.phone_error_rate

    def entry(self) -> dict[str, object]:
        """Return the measurements for the journal."""
        return {"valid_phone_error_rate": self.phone_error_rate}

    def metrics(self) -> dict[str, object]:
        """Return the measurements for the manifest."""
        return {"phone_error_rate": self.phone_error_rate, "clips": self.clips}

    def describe(self, note: str = "") -> str:
        """Return the measurements for people."""
        return f"held-out phone error rate {self.phone_error_rate:.3f}{note}"


class RecogniserRecipe:
    """A recogniser in training.

    Parameters
    ----------
    shape : RecogniserConfig
        Of the network.
    config : RecogniserTrainingConfig
        Of the run.
    material : RecogniserMaterial
        What to train on.
    seed : int
        Of every random choice.
    base : Mapping[str, Tensor] | None
        Weights to continue from, all of them or all but the output layer's; None trains from nothing.
    base_fingerprint : str
        SHA-256 of the file they come from.
    device : str
        Where to compute.

    Raises
    ------
    CheckpointError
        If the base's tensors do not fit the shape.
    """

    def __init__(
        self,
        shape: RecogniserConfig,
        config: RecogniserTrainingConfig,
        material: RecogniserMaterial,
        *,
        seed: int,
        base: Mapping[str, Tensor] | None = None,
        base_fingerprint: str = "",
        device: str = "cpu",
    ) -> None:
        self._config, self._material, self._seed = config, material, seed
        self._device = torch.device(device)
        self._precision = resolve_precision(config.precision, self._device)
        torch.manual_seed(derive_seed(seed, "recogniser"))
        self._network = RecogniserNetwork(shape)
        if base is not None:
            fill_network(self._network, {**self._network.state_dict(), **base}, subject="base")
        self._network.to(self._device)
        self._average = AveragedModel(self._network, config.ema_decay)
        self._optimizer = _build_optimizer(self._network, config)
        self._lengths = [clip.seconds for clip in material.train]
        self._passes: dict[int, list[list[int]]] = {}
        self._plan = CodecPlan(
            model_version=MODEL_VERSION,
            shape=shape.model_dump(mode="json"),
            training=config.model_dump(mode="json"),
            sample_rate=SAMPLE_RATE,
            frame_samples=2 * HOP_SAMPLES,
            codebooks=0,
            codebook_size=0,
            steps=config.steps,
            valid_every=config.valid_every,
            valid_clips=config.valid_clips,
            save_every=config.save_every,
            seed=seed,
            data=material.fingerprint,
            base=base_fingerprint,
            kind="recogniser",
            loss="ctc",
            keep=config.keep,
        )

    @property
    def plan(self) -> CodecPlan:
        """The run's numbers."""
        return self._plan

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The recogniser and its averaged weights."""
        return {"model": self._network, "average": self._average.model}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The optimiser."""
        return {"optimizer": self._optimizer}

    def stage(self, step: int) -> int:
        """Return 1: there is one stage."""
        return 1

    def advance(self, step: int) -> StepResult:
        """Take one step.

        Raises
        ------
        TrainingError
            If the gradient is not finite.
        """
        config = self._config
        clips = [self._material.train[place] for place in self._batch(step)]
        features, lengths = pad_features([clip_features(clip, config, seed=self._seed, step=step) for clip in clips])
        torch.manual_seed(derive_seed(self._seed, "dropout", step))
        self._network.train()
        with autocast(self._precision, self._device):
            logits_BEV, counts_B = self._network(
                features.to(self._device), lengths.to(self._device), dropout=config.dropout
            )
        targets = torch.tensor([label for clip in clips for label in clip.labels])
        sizes = torch.tensor([len(clip.labels) for clip in clips])
        losses = functional.ctc_loss(
            logits_BEV.float().log_softmax(-1).transpose(0, 1),
            targets,
            counts_B.cpu(),
            sizes,
            blank=BLANK,
            reduction="none",
            # A clip that a faster variation made too short for its text teaches nothing.
            zero_infinity=True,
        )
        loss = losses.sum() / sizes.sum()
        for group in self._optimizer.param_groups:
            group["lr"] = cosine_rate(step, steps=config.steps, warmup=config.warmup_steps, peak=float(group["peak"]))
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), config.clip_norm)
        require_finite(norm, step, "lower recogniser_training.learning_rate")
        self._optimizer.step()
        self._average.update(step + 1)
        return StepResult({"ctc": float(loss.detach()), "norm": float(norm)}, None)

    def _batch(self, step: int) -> list[int]:
        """Return the clips of a step: those of the pass over the data in which it lies."""
        number, first = 0, 0
        while True:
            if number not in self._passes:
                seed = derive_seed(self._seed, "pass", number)
                self._passes[number] = make_batches(self._lengths, limit=self._config.batch_seconds, seed=seed)
            batches = self._passes[number]
            if step < first + len(batches):
                return batches[step - first]
            first += len(batches)
            number += 1

    @torch.inference_mode()
    def measure(self, limit: int | None = None) -> RecogniserScores:
        """Return the phone error rate on so many validation clips; None for all of them.

        Raises
        ------
        TrainingError
            If no clip has a phone.
        """
        errors = Errors()
        clips = self._material.valid[:limit]
        for clip in clips:
            features = torch.from_numpy(speech_features(clip.waveform.samples))[None].to(self._device)
            with autocast(self._precision, self._device):
                logits_1EV, _ = self._average.model(features)
            found = without_borders(best_path(logits_1EV[0].float().cpu().numpy()))
            errors += count_errors(without_borders(clip.labels), found)
        if not errors.units:
            raise TrainingError("no validation clip has a phone", hint="validate with clips that have text")
        return RecogniserScores(errors.rate, len(clips))

    def stored(self) -> dict[str, Tensor]:
        """Return what a recogniser's checkpoint holds: the averaged weights, in bytes."""
        return quantise({name: value.cpu() for name, value in self._average.model.state_dict().items()})

    def further_files(self, weights: Path) -> Mapping[str, bytes]:
        """Return the graph that refers to a weights file, and the models of language."""
        graph = write_graph(self._network.config, locate_weights(weights), weights.name)
        return {GRAPH_FILE: graph, **self._material.language}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Put stored weights into the averaged model."""
        self._average.model.load_state_dict(restore(stored))


def _build_optimizer(network: RecogniserNetwork, config: RecogniserTrainingConfig) -> torch.optim.AdamW:
    """Return an AdamW with a rate for the encoder and one for the output layer; only matrices decay."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        peak = config.head_rate if name.startswith("head.") else config.learning_rate
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((peak, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": found, "peak": peak, "weight_decay": decay} for (peak, decay), found in groups.items()],
        lr=0.0,
        betas=_BETAS,
    )

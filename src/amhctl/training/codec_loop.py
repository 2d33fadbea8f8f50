"""Training of the mel codec. Knows no manifests: it is given waveforms, and a folder to keep its state in.

Everything random in a step follows from the seed and the step's number, so that a resumed run repeats an uninterrupted
one. A run folder holds ``state/`` (a resumable checkpoint of kind ``training``), ``journal.jsonl`` and, at the end,
``codec/`` (a checkpoint of kind ``codec``).

Shapes: ``B segments, N samples, S frames, Q codebooks``.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pystoi import stoi
from torch import Tensor, nn

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import halve, read_checkpoint, write_checkpoint
from amhctl.codec.mel_codec import MODEL_VERSION, MelCodecNetwork, is_stored
from amhctl.config.schema import CodecTrainingConfig, MelCodecConfig
from amhctl.core.errors import TrainingError
from amhctl.core.files import sha256_of_json, write_text_atomically
from amhctl.core.progress import Progress
from amhctl.nn.spectral import LogMel
from amhctl.training.interrupts import watch_interrupts
from amhctl.training.journal import read_journal
from amhctl.training.precision import autocast, resolve_precision

# (window, mel bins) of the reconstruction loss; hops are a quarter of the window. The five resolutions are those that
# DAC's multi-scale mel loss keeps after its two shortest, which hold fewer than 10 bins and cost as much.
_RESOLUTIONS = ((128, 20), (256, 40), (512, 80), (1024, 100), (2048, 128))
_KMEANS_SEGMENTS = 128


@dataclass(frozen=True, slots=True)
class CodecScores:
    """Measurements on validation clips.

    Attributes
    ----------
    mel_distance : float
        Mean absolute difference of natural log-mel spectrograms (100 bins).
    stoi : float
        Short-time objective intelligibility against the original (Taal et al. 2011).
    usage : tuple[float, ...]
        Share of each codebook's codes that occur.
    """

    mel_distance: float
    stoi: float
    usage: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CodecRun:
    """What a finished run left."""

    codec: Path
    steps: int
    scores: CodecScores


@dataclass(frozen=True, slots=True)
class CodecMaterial:
    """What a codec is trained on: waveforms at its sample rate, already at their training level."""

    train: Sequence[NDArray[np.float32]]
    valid: Sequence[NDArray[np.float32]]
    fingerprint: str
    licences: tuple[Licence, ...] = field(default=())


class _Reconstruction(nn.Module):
    """Multi-resolution log-mel distance."""

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            LogMel(
                sample_rate=sample_rate,
                fft_samples=window,
                window_samples=window,
                hop_samples=window // 4,
                bins=bins,
                low_hertz=0.0,
                high_hertz=sample_rate / 2,
            )
            for window, bins in _RESOLUTIONS
        )

    def forward(self, output_BN: Tensor, target_BN: Tensor) -> Tensor:
        """Return the mean absolute log-mel difference, averaged over the resolutions."""
        losses = [(scale(output_BN) - scale(target_BN)).abs().mean() for scale in self.scales]
        return torch.stack(losses).mean()


def _segments(clips: Sequence[NDArray[np.float32]], *, count: int, size: int, gain: float, seed: int) -> Tensor:
    """Return random segments, shape (count, size); a clip is drawn in proportion to its length."""
    random = np.random.default_rng(seed)
    lengths = np.array([clip.size for clip in clips], dtype=np.float64)
    chosen = random.choice(len(clips), size=count, p=lengths / lengths.sum())
    result = np.zeros((count, size), dtype=np.float32)
    for row, index in enumerate(chosen):
        clip = clips[int(index)]
        start = int(random.integers(0, max(1, clip.size - size + 1)))
        piece = clip[start : start + size]
        result[row, : piece.size] = piece
    gains = 10.0 ** (random.uniform(-gain, gain, size=(count, 1)) / 20.0)
    return torch.from_numpy(np.clip(result * gains, -1.0, 1.0).astype(np.float32))


def _learning_rate(step: int, config: CodecTrainingConfig) -> float:
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))


def _optimizer(network: MelCodecNetwork, config: CodecTrainingConfig) -> torch.optim.AdamW:
    parameters = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        betas=(0.8, 0.98),
    )


@torch.inference_mode()
def measure(network: MelCodecNetwork, clips: Sequence[NDArray[np.float32]]) -> CodecScores:
    """Return how well the network reproduces clips; the network is left in evaluation mode."""
    network.eval()
    config = network.config
    distances, intelligibility = [], []
    seen: list[set[int]] = [set() for _ in range(config.codebooks)]
    for clip in clips:
        size = clip.size // config.frame_samples * config.frame_samples
        original = torch.from_numpy(clip[None, :size])
        output = network(original)
        distances.append(float((network.mel(output.samples_BN) - network.mel(original)).abs().mean()))
        intelligibility.append(float(stoi(clip[:size], output.samples_BN[0].numpy(), config.mel.sample_rate)))
        for book, codes in enumerate(output.codes_BSQ[0].T.tolist()):
            seen[book].update(codes)
    usage = tuple(len(codes) / config.codebook_size for codes in seen)
    return CodecScores(float(np.mean(distances)), float(np.mean(intelligibility)), usage)


def _state_tensors(optimizer: torch.optim.AdamW) -> dict[str, Tensor]:
    return {
        f"{index}.{name}": value
        for index, moments in optimizer.state_dict()["state"].items()
        for name, value in moments.items()
    }


def _restore_optimizer(optimizer: torch.optim.AdamW, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    document = optimizer.state_dict()
    document["state"] = state
    optimizer.load_state_dict(document)


class _Run:
    """The state of one run: network, optimiser and the step reached."""

    def __init__(
        self, shape: MelCodecConfig, config: CodecTrainingConfig, material: CodecMaterial, seed: int, folder: Path
    ) -> None:
        self.shape = shape
        self.config = config
        self.material = material
        self.seed = seed
        self.folder = folder
        self.size = round(config.segment_seconds * shape.mel.sample_rate / shape.frame_samples) * shape.frame_samples
        torch.manual_seed(seed)
        self.network = MelCodecNetwork(shape, vectors_per_step=config.batch_size * self.size // shape.frame_samples)
        self.optimizer = _optimizer(self.network, config)
        self.reconstruction = _Reconstruction(shape.mel.sample_rate)
        self.step = 0

    @property
    def identity(self) -> str:
        """A digest of all that a continued run must share with the run it continues."""
        return sha256_of_json(
            {
                "shape": self.shape.model_dump(mode="json"),
                "training": self.config.model_dump(mode="json"),
                "data": self.material.fingerprint,
                "seed": self.seed,
            }
        )

    def manifest(self, kind: str, *, name: str, metrics: dict[str, object]) -> Manifest:
        return Manifest.model_validate(
            {
                "kind": kind,
                "name": name,
                "model_version": MODEL_VERSION,
                "package_version": __version__,
                "sample_rate": self.shape.mel.sample_rate,
                "config": self.shape.model_dump(mode="json"),
                "data_fingerprint": self.material.fingerprint,
                "licences": [licence.model_dump() for licence in self.material.licences],
                "metrics": metrics,
                "training": {
                    "step": self.step,
                    "seed": self.seed,
                    "identity": self.identity,
                    "configuration": self.config.model_dump(mode="json"),
                },
                "files": {},
            }
        )

    def save(self, name: str) -> None:
        write_checkpoint(
            self.folder / "state",
            manifest=self.manifest("training", name=name, metrics={}),
            tensors=self.network.state_dict(),
            extra_tensors={"optimizer.safetensors": _state_tensors(self.optimizer)},
            force=True,
        )

    def resume(self) -> None:
        loaded = read_checkpoint(self.folder / "state", kind="training")
        if loaded.manifest.training.get("identity") != self.identity:
            raise TrainingError(
                "the run was started with another configuration, seed or data",
                subject=str(self.folder),
                hint="repeat the command that started it, or choose another run folder",
            )
        self.network.load_state_dict(loaded.tensors)
        _restore_optimizer(self.optimizer, loaded.read_tensors("optimizer.safetensors"))
        self.step = int(str(loaded.manifest.training["step"]))

    def start_codebooks(self) -> None:
        """Start every codebook by k-means over the latents of many segments."""
        torch.manual_seed(self.seed)
        segments = _segments(
            self.material.train, count=_KMEANS_SEGMENTS, size=self.size, gain=self.config.gain_range, seed=self.seed
        )
        self.network.train()
        with torch.no_grad():
            latents = torch.cat([self.network.latents(part) for part in torch.split(segments, 16)])
            self.network.quantizer(latents)

    def advance(self, precision: Literal["fp32", "bf16"]) -> tuple[float, float, float]:
        """Take one step and return the reconstruction loss, the commitment loss and the gradient norm."""
        config = self.config
        quantised = self.step >= config.unquantised_steps
        if self.step == config.unquantised_steps:
            self.start_codebooks()
        # A generator per step: nothing random has to be restored by a resumed run.
        step_seed = self.seed * 1_000_003 + self.step
        torch.manual_seed(step_seed)
        target_BN = _segments(
            self.material.train, count=config.batch_size, size=self.size, gain=config.gain_range, seed=step_seed
        )
        for group in self.optimizer.param_groups:
            group["lr"] = _learning_rate(self.step, config)
        self.network.train()
        with autocast(precision, target_BN.device):
            output = self.network(target_BN, quantised=quantised)
        distance = self.reconstruction(output.samples_BN, target_BN)
        loss = distance + config.commitment_weight * output.commitment
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), config.clip_norm)
        if not bool(torch.isfinite(norm)):
            raise TrainingError(
                f"the gradient is not finite at step {self.step}",
                subject=str(self.folder),
                hint="lower codec_training.learning_rate, or set codec_training.precision to fp32",
            )
        self.optimizer.step()
        self.step += 1
        return float(distance.detach()), float(output.commitment.detach()), float(norm)


def train_codec(
    *,
    shape: MelCodecConfig,
    config: CodecTrainingConfig,
    material: CodecMaterial,
    name: str,
    seed: int,
    folder: Path,
    resume: bool,
    progress: Progress,
) -> CodecRun:
    """Train a mel codec and return where it lies and how it does on the validation clips.

    Raises
    ------
    TrainingError
        If a gradient is not finite, or a resumed run was started differently.
    CheckpointError
        If the state to resume is damaged.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, once the state is saved.
    """
    run = _Run(shape, config, material, seed, folder)
    if resume:
        run.resume()
    folder.mkdir(parents=True, exist_ok=True)
    precision = resolve_precision(config.precision, torch.device("cpu"))
    valid = list(material.valid[: config.valid_clips])
    journal = folder / "journal.jsonl"
    # What was written after the state, or by a run that stood here before, did not happen.
    kept = [row for row in read_journal(journal) if int(str(row["step"])) <= run.step]
    write_text_atomically(journal, "".join(json.dumps(row) + "\n" for row in kept))
    progress.start("training the codec", config.steps, "step")
    progress.advance(run.step)
    average = math.nan
    with watch_interrupts() as wish:
        while run.step < config.steps:
            distance, commitment, norm = run.advance(precision)
            average = distance if math.isnan(average) else 0.98 * average + 0.02 * distance
            row: dict[str, object] = {"step": run.step, "mel": distance, "commitment": commitment, "norm": norm}
            if run.step % config.valid_every == 0 and run.step > config.unquantised_steps:
                scores = measure(run.network, valid)
                row |= {"valid_mel": scores.mel_distance, "valid_stoi": scores.stoi, "usage": scores.usage}
                progress.say(
                    f"step {run.step}: held-out mel distance {scores.mel_distance:.4f}, STOI {scores.stoi:.3f}, "
                    f"codes used {', '.join(f'{share:.0%}' for share in scores.usage)}"
                )
            with journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
            progress.advance(note=f"mel {average:.3f}")
            stop = wish.asked and run.step < config.steps
            if stop or run.step % config.save_every == 0:
                run.save(name)
            if stop:
                progress.say(f"saved at step {run.step}; continue with --resume")
                raise KeyboardInterrupt
    progress.finish()
    scores = measure(run.network, list(material.valid))
    run.save(name)
    metrics: dict[str, object] = {
        "mel_distance": scores.mel_distance,
        "stoi": scores.stoi,
        "codebook_usage": list(scores.usage),
        "clips": len(material.valid),
    }
    write_checkpoint(
        folder / "codec",
        manifest=run.manifest("codec", name=name, metrics=metrics),
        tensors=stored_tensors(run.network),
        force=True,
    )
    return CodecRun(folder / "codec", run.step, scores)


def stored_tensors(network: MelCodecNetwork) -> dict[str, Tensor]:
    """Return what a codec checkpoint holds, in half precision."""
    return halve({name: value for name, value in network.state_dict().items() if is_stored(name)})

"""Whether a voice hears its prompt: how far speaker latents of different clips lie apart. Never sees a file.

A speaker branch can die in training without the loss noticing: its activations grow until what a clip adds to them is
lost, or nothing is left of them but infinities; every clip then gives the same latents.

Shapes: ``T feature frames, F features, L latents, D width, N clips``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.config.unified import ModelConfig
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.standard import FeatureStandard
from amhctl.nn.unfilled import unfilled

BRANCH = (
    "conditioning_standard.",
    "conditioning_encoder.",
    "perceiver_encoder.",
    "emo_conditioning_encoder.",
    "emo_perceiver_encoder.",
)
"""How the names begin of the tensors that hear a prompt."""

# Voices of the preset `cpu` with condition_norms have 0.1 to 0.7, those without 0.01 after 50 steps and 0 in the end.
_LEAST_SPREAD = 0.02
# Those with condition_norms stay under 200; half precision ends at 65,504.
_LARGEST_ACTIVATION = 1e4
_PROBES = 8
_PROBE_FRAMES = 100
_COLOUR_SHARE = 0.8
"""Fraction of a made-up prompt's variance that is its colour; the rest is noise that differs from frame to frame."""


@dataclass(frozen=True, slots=True)
class SpeakerProbe:
    """What a voice makes of some clips.

    Attributes
    ----------
    spread : float | None
        Deviation of what it makes of each, as a share of its own size: 0 where all are alike; None where there is but
        one, which has nothing that it could differ from.
    largest : float
        Largest magnitude of an activation, the emotion branch's included; at most that of fp32, which also stands for
        what is not finite.
    what : str
        What was compared, in words.
    """

    spread: float | None
    largest: float
    what: str = "speaker latents of different clips"

    @property
    def fault(self) -> str:
        """What is wrong, in a few words; empty if nothing is."""
        faults = []
        if self.spread is not None and self.spread < _LEAST_SPREAD:
            faults.append(f"{self.what} are nearly the same (spread {self.spread:.1e})")
        if self.largest > _LARGEST_ACTIVATION:
            faults.append(f"activations of the speaker branch grow to {self.largest:.1e}")
        return " and ".join(faults)


@torch.no_grad()
def probe_latents(model: UnifiedVoice, prompts: Sequence[Tensor]) -> SpeakerProbe:
    """Return what a voice makes of prompts, each of shape (T, F), one by one and all as long as the shortest.

    Latents differ by the length of a prompt too: a voice that tells no clip from another would seem to hear.
    """
    frames = min(prompt_TF.shape[0] for prompt_TF in prompts)
    was_training = model.training
    model.eval()
    try:
        with _watched(model) as largest:
            latents_NX = torch.stack([_speaker_latents(model, prompt_TF[None, :frames]) for prompt_TF in prompts])
    finally:
        model.train(was_training)
    most = torch.finfo(torch.float32).max
    bound = min(float(largest[0]), most) if math.isfinite(float(largest[0])) else most
    return SpeakerProbe(measure_spread(latents_NX), bound)


def measure_spread(values_NX: Tensor) -> float:
    """Return how far values, one of any shape for each clip or speaker, lie from their mean, as a share of their size.

    It is 0 where that is no number.
    """
    exact_NX = values_NX.double().cpu()
    size = float(exact_NX.square().mean().sqrt())
    apart = float((exact_NX - exact_NX.mean(dim=0)).square().mean().sqrt())
    return apart / size if size > 0.0 and math.isfinite(apart / size) else 0.0


def _speaker_latents(model: UnifiedVoice, prompt_1TF: Tensor) -> Tensor:
    if model.config.emo_condition_module is not None:
        model.emotion_context(prompt_1TF)
    return model.speaker_latents(prompt_1TF).flatten()


@contextmanager
def _watched(model: UnifiedVoice) -> Iterator[list[float]]:
    """Keep the largest magnitude that a layer puts out, NaN if one does, in a list of one."""
    largest = [0.0]

    def note(_: nn.Module, __: object, output: object) -> None:
        for part in output if isinstance(output, tuple) else (output,):
            if isinstance(part, Tensor) and part.is_floating_point():
                found = float(part.abs().max())
                # A comparison with NaN is false: once it is there, it stays.
                if not found <= largest[0]:
                    largest[0] = found if not math.isnan(largest[0]) else largest[0]

    handles = [
        layer.register_forward_hook(note) for name, layer in model.named_modules() if f"{name}.".startswith(BRANCH)
    ]
    try:
        yield largest
    finally:
        for handle in handles:
            handle.remove()


def probe_synthetic_prompts(
    model: UnifiedVoice, *, mean: float = 0.0, deviation: float = 1.0, clips: Sequence[Tensor] = ()
) -> SpeakerProbe:
    """Return what a voice makes of made-up prompts: noise of eight colours, the same ones each time.

    Parameters
    ----------
    model : UnifiedVoice
        The voice; only what hears the prompt is used of it.
    mean, deviation : float
        Of the features, for a voice that does not bring them to a scale itself.
    clips : Sequence[Tensor]
        Prompts besides, each of shape (T, F).
    """
    standard = model.conditioning_standard
    parameter = next(model.perceiver_encoder.parameters())
    if isinstance(standard, FeatureStandard):
        mean_F, deviation_F = standard.mean.cpu(), standard.deviation.cpu()
    else:
        mean_F, deviation_F = (torch.full((model.config.condition_dim,), value) for value in (mean, deviation))
    colours = [mean_F + deviation_F * noise_TF for noise_TF in _colours(model.config.condition_dim)]
    return probe_latents(model, [clip.to(parameter) for clip in (*colours, *clips)])


def _colours(width: int) -> Iterator[Tensor]:
    """Yield noise of shape (T, F), mean 0 and deviation 1 over all, each with a colour of its own over the features."""
    generator = torch.Generator().manual_seed(0)
    # A third of the features wide: broad humps and hollows, as voices and rooms differ in.
    kernel = torch.hann_window(max(3, width // 3), periodic=False)[1:-1]
    for _ in range(_PROBES):
        rough = torch.randn(1, 1, width + kernel.numel() - 1, generator=generator)
        colour_F = functional.conv1d(rough, kernel[None, None])[0, 0]
        colour_F = colour_F / colour_F.square().mean().sqrt()
        noise_TF = torch.randn(_PROBE_FRAMES, width, generator=generator)
        yield _COLOUR_SHARE**0.5 * colour_F + (1.0 - _COLOUR_SHARE) ** 0.5 * noise_TF


def probe_tensors(
    config: ModelConfig, tensors: Mapping[str, Tensor], *, mean: float = 0.0, deviation: float = 1.0
) -> SpeakerProbe:
    """Return the same of weights, without building the rest of the voice.

    Parameters
    ----------
    config : ModelConfig
        What the weights are of.
    tensors : Mapping[str, Tensor]
        At least all those whose names begin as ``BRANCH``, of the right shapes.
    mean, deviation : float
        As for ``probe_synthetic_prompts``.
    """
    with unfilled():
        model = UnifiedVoice(config)
    branch = {name: tensor.float() for name, tensor in tensors.items() if name.startswith(BRANCH)}
    model.load_state_dict(branch, strict=False, assign=True)
    return probe_synthetic_prompts(model, mean=mean, deviation=deviation)

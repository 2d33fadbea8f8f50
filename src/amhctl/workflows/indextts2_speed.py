"""How fast IndexTTS-2 speaks on this machine, with random weights: no file of it is needed, and what is said is noise.

A part of the section ``indextts2`` of ``bench``, which runs this module in a process of its own for each variant. The
speech encoder of the prompt is left out: a prompt is encoded once.

Shapes: ``L latents, D width of the GPT, S codes, W width of the content, F mel bins, T frames``.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from amhctl.audio.sinc_resample import sinc_resample
from amhctl.codec.indextts2.acoustics import AcousticParts, Acoustics, FlowOptions
from amhctl.codec.indextts2.bigvgan import BigVGAN, BigVGANShape
from amhctl.codec.indextts2.campplus import Campplus, CampplusShape
from amhctl.codec.indextts2.content import LatentProjection, mel_frames_of
from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, TransformerShape
from amhctl.codec.indextts2.length_regulator import LengthRegulator
from amhctl.codec.indextts2.prompt import Prompt, PromptClip
from amhctl.codec.indextts2.spectrogram import MEL
from amhctl.config.unified import ModelConfig
from amhctl.core.documents import parse_json
from amhctl.core.units import Precision
from amhctl.evaluation.speed import peak_memory
from amhctl.inference.decode import Passage, decode
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker, encode_speaker
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.kept_weights import count_bytes, keep_weight
from amhctl.model.official import OFFICIAL
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.unfilled import unfilled

_CODE_RATE = 50
_TEXT_PIECES = 40
_DEVIATION = 0.02
_LONG = 5.0
PARTS = ("prompt", "codes", "second pass", "mel frames", "waveform")
"""What is timed. The prompt is computed once for a voice and is not counted in the real-time factor."""


@dataclass(frozen=True, slots=True)
class NetworkSizes:
    """The networks; by default those of the published files.

    Attributes
    ----------
    gpt : ModelConfig
        The GPT.
    content : int
        Width W of the semantic codec's vectors.
    projection : tuple[int, int]
        Widths within the projection of the GPT's states.
    transformer, style, vocoder : object
        The other networks' shapes.
    """

    gpt: ModelConfig = OFFICIAL
    content: int = 1_024
    projection: tuple[int, int] = (256, 128)
    transformer: TransformerShape = field(default_factory=TransformerShape)
    style: CampplusShape = field(default_factory=CampplusShape)
    vocoder: BigVGANShape = field(default_factory=BigVGANShape)


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of speaking, and how much is said.

    Attributes
    ----------
    sizes : NetworkSizes
        The networks.
    device : str
        Where to compute.
    precision : Precision
        In what the GPT's decoder and the mel frames are multiplied.
    speech, prompt : float
        Seconds of speech, and of the clip whose voice it has.
    steps : int
        Of flow matching.
    sentences : int
        How many are decoded together, as those of a long text are; what it takes is told for one of them.
    compiled : bool
        Whether the steps of the GPT are compiled.
    """

    sizes: NetworkSizes = field(default_factory=NetworkSizes)
    device: str = "cpu"
    precision: Precision = "fp32"
    speech: float = 5.0
    prompt: float = 5.0
    steps: int = 25
    sentences: int = 1
    compiled: bool = False

    def to_json(self) -> str:
        """Return it as JSON."""
        values = {**asdict(self), "sizes": {**asdict(self.sizes), "gpt": self.sizes.gpt.model_dump(mode="json")}}
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> "Trial":
        """Return what ``to_json`` wrote."""
        values = cast("dict[str, Any]", parse_json(text))
        sizes = values.pop("sizes")
        vocoder: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in sizes["vocoder"].items()
        }
        inner, outer = sizes["projection"]
        networks = NetworkSizes(
            gpt=ModelConfig.model_validate(sizes["gpt"]),
            content=sizes["content"],
            projection=(inner, outer),
            transformer=TransformerShape(**sizes["transformer"]),
            style=CampplusShape(**sizes["style"]),
            vocoder=BigVGANShape(**vocoder),
        )
        return cls(sizes=networks, **values)


@dataclass(frozen=True, slots=True)
class Times:
    """What a trial took.

    Attributes
    ----------
    seconds, processor : dict[str, float]
        By the clock, and of processors over all threads, of each of ``PARTS``: of the second time, unless
        the first took more than five seconds.
    peak_bytes : int
        The most memory that the process, or on an accelerator its tensors, ever had.
    """

    seconds: dict[str, float]
    processor: dict[str, float]
    peak_bytes: int


def count_weights(sizes: NetworkSizes, precision: Precision) -> int:
    """Return the bytes of all weights; none are made."""
    with unfilled():
        gpt, parts = UnifiedVoice(sizes.gpt).state_dict(), build_parts(sizes)
    others = (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder)
    beside = sum(int(tensor.nbytes) for network in others for tensor in network.state_dict().values())
    return count_bytes(gpt.items(), precision) + beside


def build_parts(sizes: NetworkSizes) -> AcousticParts:
    """Return the networks after the GPT."""
    parts = AcousticParts(
        projection=LatentProjection((sizes.gpt.model_dim, *sizes.projection, sizes.content)),
        regulator=LengthRegulator(sizes.content, sizes.transformer.content),
        transformer=DiffusionTransformer(sizes.transformer),
        style=Campplus(sizes.style),
        vocoder=BigVGAN(sizes.vocoder),
    )
    for network in (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder):
        network.eval().requires_grad_(False)
    return parts


def build_gpt(shape: ModelConfig, precision: Precision, device: torch.device) -> UnifiedVoice:
    """Return a GPT with random weights, each made as a voice keeps it: none is in memory twice."""
    with unfilled():
        model = UnifiedVoice(shape)
    generator = torch.Generator().manual_seed(0)

    def draw(name: str, like: Tensor) -> Tensor:
        if like.ndim > 1:
            return torch.empty(like.shape).normal_(0.0, _DEVIATION, generator=generator)
        return torch.zeros(like.shape) if name.endswith("bias") else torch.ones(like.shape)

    kept = {name: keep_weight(name, draw(name, like), precision, device) for name, like in model.state_dict().items()}
    model.load_state_dict(kept, strict=True, assign=True)
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def measure_here(trial: Trial) -> Times:
    """Return how long each part takes in this process."""
    device, sizes = torch.device(trial.device), trial.sizes
    torch.manual_seed(0)
    model, parts = build_gpt(sizes.gpt, trial.precision, device), build_parts(sizes)
    acoustics = Acoustics(parts, "", trial.device)
    seconds, processor = _time_parts(_work(trial, model, parts, acoustics), device, compiled=trial.compiled)
    # What ``speak`` does of both is the mel frames and the waveform.
    for taken in (seconds, processor):
        taken["codes"] /= trial.sentences
        taken["mel frames"] = max(0.0, taken["mel frames"] - taken["waveform"])
    peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else peak_memory()
    return Times(seconds, processor, int(peak))


def _work(
    trial: Trial, model: UnifiedVoice, parts: AcousticParts, acoustics: Acoustics
) -> dict[str, Callable[[], object]]:
    shape, device = trial.sizes.gpt, trial.device
    count, ids = round(trial.speech * _CODE_RATE), tuple(range(2, 2 + _TEXT_PIECES))
    features_TF = torch.randn(round(trial.prompt * _CODE_RATE), shape.condition_dim)
    clip, prompt_1SW = _noise(trial.prompt), torch.randn(1, features_TF.shape[0], trial.sizes.content)
    vectors_1SW = torch.randn(1, count, trial.sizes.content, device=device)
    latent_1SH = torch.zeros(1, count, shape.model_dim, device=device)
    mel_1FT = torch.randn(1, MEL.bins, mel_frames_of(count), device=device)
    codes_1S, text_1T = torch.zeros(1, count, dtype=torch.long, device=device), torch.tensor([ids], device=device)
    options = FlowOptions(steps=trial.steps, precision=trial.precision)
    heard: list[tuple[Speaker, Prompt]] = []
    compiled = CompiledSteps(model) if trial.compiled else None

    def hear_prompt() -> None:
        heard.append((encode_speaker(model, features_TF), acoustics.prompt(clip, prompt_1SW)))

    def write_codes() -> object:
        # Of a length that is known: random weights would end anywhere.
        durations = (0,) * (len(ids) - 1) + (count,)
        passages = [Passage(ids, durations, count, seed=seed) for seed in range(trial.sentences)]
        return decode(model, passages, heard[-1][0], Sampling(0.8, 30, 0.8, repetition_penalty=10.0), compiled)

    def pass_again() -> object:
        speaker = heard[-1][0]
        return model.latent(text_1T, codes_1S, speaker.latents_1LD, speaker.emotion_1D)

    return {
        "prompt": hear_prompt,
        "codes": write_codes,
        "second pass": pass_again,
        "mel frames": lambda: acoustics.speak(vectors_1SW, heard[-1][1], latent_1SH=latent_1SH, options=options),
        "waveform": lambda: parts.vocoder(mel_1FT),
    }


def _time_parts(
    work: dict[str, Callable[[], object]], device: torch.device, *, compiled: bool
) -> tuple[dict[str, float], dict[str, float]]:
    seconds: dict[str, float] = {}
    processor: dict[str, float] = {}
    for name in PARTS:
        # The first time, kernels are chosen and buffers are made; of what takes long, that is little.
        for _ in range(2):
            if seconds.get(name, 0.0) > _LONG and not (compiled and name == "codes"):
                break
            begun, begun_here = time.perf_counter(), time.process_time()
            work[name]()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            seconds[name], processor[name] = time.perf_counter() - begun, time.process_time() - begun_here
    return seconds, processor


def _noise(seconds: float) -> PromptClip:
    samples = np.random.default_rng(0).normal(scale=0.1, size=round(seconds * MEL.sample_rate)).astype(np.float32)
    return PromptClip(samples, sinc_resample(samples, old_rate=MEL.sample_rate, new_rate=16_000))


def main() -> None:
    """Measure the trial that the command line describes, and print what it took as a line of JSON."""
    sys.stdout.write(json.dumps(asdict(measure_here(Trial.from_json(sys.argv[1])))) + "\n")


if __name__ == "__main__":
    main()

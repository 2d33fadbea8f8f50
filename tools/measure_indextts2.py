"""Measure how fast IndexTTS-2 speaks on this machine, with random weights: ``python tools/measure_indextts2.py``.

Weights of the published sizes are made, so that no file of IndexTTS-2 is needed; what is spoken is noise. The speech
encoder of the prompt is left out: a prompt is encoded once.

    part      what is computed
    seconds   how long it takes, the second time
    factor    that divided by the seconds of speech: below 1 is faster than speech
    peak      the most memory that the process, or on an accelerator its tensors, ever had

``--precision`` compares arithmetics, in processes of their own: bf16 for everything, or int8 for the matrices of the
GPT (dynamic quantisation, on a processor). ``--processor`` counts processor time, for a machine that is busy, and
``--layers`` takes fewer layers of the GPT, all of which take the same time.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn
from torch.ao.nn.quantized import dynamic
from torch.ao.quantization import default_dynamic_qconfig

from amhctl.audio.sinc_resample import sinc_resample
from amhctl.codec.indextts2.acoustics import AcousticParts, Acoustics, FlowOptions
from amhctl.codec.indextts2.bigvgan import BigVGAN, BigVGANShape
from amhctl.codec.indextts2.campplus import Campplus, CampplusShape
from amhctl.codec.indextts2.content import LatentProjection, mel_frames_of
from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, TransformerShape
from amhctl.codec.indextts2.length_regulator import LengthRegulator
from amhctl.codec.indextts2.prompt import PromptClip
from amhctl.codec.indextts2.spectrogram import MEL
from amhctl.core.errors import AmhctlError
from amhctl.devices.device import choose_device
from amhctl.evaluation.speed import describe_machine, time_once
from amhctl.inference.decode import Passage, decode
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker
from amhctl.model.official import OFFICIAL
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.attention import TransposedLinear

Arithmetic = Literal["fp32", "bf16", "int8"]

CONTENT = 1_024
_CODE_RATE = 50
_TEXT_PIECES = 40
_GPT = ("codes", "second pass")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, see the head of this file."""

    machine: str
    device: str
    speech: float
    prompt: float
    steps: int
    seconds: dict[str, float]
    peak_gib: float
    precision: Arithmetic = "fp32"

    @property
    def factor(self) -> float:
        """Seconds of computing for a second of speech."""
        return sum(self.seconds.values()) / self.speech


def official_parts() -> AcousticParts:
    """Return networks of the published sizes."""
    return AcousticParts(
        projection=LatentProjection((OFFICIAL.model_dim, 256, 128, CONTENT)),
        regulator=LengthRegulator(CONTENT, TransformerShape().content),
        transformer=DiffusionTransformer(TransformerShape()),
        style=Campplus(CampplusShape()),
        vocoder=BigVGAN(BigVGANShape()),
    )


def measure(
    model: UnifiedVoice,
    parts: AcousticParts,
    *,
    device: str,
    speech: float,
    prompt: float,
    steps: int,
    precision: Arithmetic = "fp32",
    clock: Callable[[Callable[[], object]], float] = time_once,
) -> Measured:
    """Return how long each part takes for some seconds of speech, after a prompt of some seconds."""
    model = model.to(device).eval().requires_grad_(False)
    half = torch.bfloat16 if precision == "bf16" else torch.float32
    # Under autocast, a GPT that writes one code after another would convert all of its weights for each.
    model.to(half)
    if precision == "int8":
        quantise(model.gpt)
    for network in (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder):
        network.eval().requires_grad_(False)
    acoustics = Acoustics(parts, "", device)
    width, content = model.config.model_dim, parts.regulator.content_in_proj.in_features
    latents_1LD = torch.randn(1, model.config.condition_num_latent, width, device=device, dtype=half)
    speaker = Speaker(latents_1LD, torch.zeros(1, width, device=device, dtype=half))
    codes, ids = round(speech * _CODE_RATE), (5,) * _TEXT_PIECES
    vectors_1SW = torch.randn(1, codes, content, device=device)
    clip = _noise(prompt)
    voice = acoustics.prompt(clip, torch.randn(1, round(prompt * _CODE_RATE), content, device=device))
    options = FlowOptions(steps=steps)
    latent_1SH = torch.zeros(1, codes, width, device=device)
    mel_1FT = torch.randn(1, MEL.bins, mel_frames_of(codes), device=device)
    codes_1S = torch.zeros(1, codes, dtype=torch.long, device=device)
    text_1T = torch.tensor([ids], device=device)

    def write_codes() -> object:
        # Of a length that is known: random weights would end anywhere.
        passage = Passage(ids, None, codes, seed=0)
        return decode(model, [passage], speaker, Sampling(temperature=0.8, repetition_penalty=10.0))

    work: dict[str, Callable[[], object]] = {
        "codes": write_codes,
        "second pass": lambda: model.latent(text_1T, codes_1S, latents_1LD, speaker.emotion_1D),
        "mel frames and waveform": lambda: acoustics.speak(vectors_1SW, voice, latent_1SH=latent_1SH, options=options),
        "of that, waveform": lambda: parts.vocoder(mel_1FT),
    }
    autocast: AbstractContextManager[object] = nullcontext()
    if precision == "bf16":
        autocast = torch.autocast(torch.device(device).type, torch.bfloat16)
    seconds = {
        name: _time(each, device, clock, nullcontext() if name in _GPT else autocast) for name, each in work.items()
    }
    waveform = seconds.pop("of that, waveform")
    seconds["mel frames"] = max(0.0, seconds.pop("mel frames and waveform") - waveform)
    seconds["waveform"] = waveform
    return Measured(describe_machine().line(), device, speech, prompt, steps, seconds, _peak_gib(device), precision)


def quantise(network: nn.Module) -> None:
    """Replace the linear layers of a network by ones with weights in int8, which quantise their input as they go."""
    for name, child in list(network.named_children()):
        if not isinstance(child, nn.Linear | TransposedLinear):
            quantise(child)
            continue
        weight = child.weight if isinstance(child, nn.Linear) else child.weight.T
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": weight.contiguous(), "bias": child.bias})
        linear.qconfig = default_dynamic_qconfig  # type: ignore[assignment]
        setattr(network, name, dynamic.Linear.from_float(linear))  # type: ignore[no-untyped-call]


def _noise(seconds: float) -> PromptClip:
    samples = np.random.default_rng(0).normal(scale=0.1, size=round(seconds * MEL.sample_rate)).astype(np.float32)
    return PromptClip(samples, sinc_resample(samples, old_rate=MEL.sample_rate, new_rate=16_000))


@torch.inference_mode()
def _time(
    work: Callable[[], object],
    device: str,
    clock: Callable[[Callable[[], object]], float],
    arithmetic: AbstractContextManager[object],
) -> float:
    def finished() -> None:
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    with arithmetic:
        finished()
        return float(clock(finished))


def processor_time(work: Callable[[], object]) -> float:
    """Return the processor time of all threads that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _peak_gib(device: str) -> float:
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--speech", type=float, default=5.0, help="seconds of speech")
    parser.add_argument("--prompt", type=float, default=5.0, help="seconds of the prompt")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--precision", choices=get_args(Arithmetic), default="fp32")
    parser.add_argument("--processor", action="store_true", help="count processor time")
    parser.add_argument("--layers", type=int, default=OFFICIAL.layers, help="of the GPT")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    found = measure(
        UnifiedVoice(OFFICIAL.model_copy(update={"layers": arguments.layers})),
        official_parts(),
        device=choose_device(arguments.device),
        speech=arguments.speech,
        prompt=arguments.prompt,
        steps=arguments.steps,
        precision=arguments.precision,
        clock=processor_time if arguments.processor else time_once,
    )
    report(found, as_json=arguments.json)


def report(found: Measured, *, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        sys.stdout.write(json.dumps(asdict(found) | {"factor": found.factor}) + "\n")
        return
    sys.stdout.write(f"{found.machine}, device {found.device}, {found.precision}\n")
    sys.stdout.write(f"{found.speech:g} s of speech, a prompt of {found.prompt:g} s, {found.steps} steps\n")
    for name, seconds in found.seconds.items():
        sys.stdout.write(f"{name:<14}{seconds:9.2f} s  factor {seconds / found.speech:8.3f}\n")
    sys.stdout.write(f"{'all':<14}{sum(found.seconds.values()):9.2f} s  factor {found.factor:8.3f}\n")
    sys.stdout.write(f"peak {found.peak_gib:.1f} GiB\n")


if __name__ == "__main__":
    try:
        main()
    except AmhctlError as error:
        sys.exit(f"error: {error}")

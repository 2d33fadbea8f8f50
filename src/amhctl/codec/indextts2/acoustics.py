"""From semantic codes to a waveform in a cloned voice: s2mel, CAM++ and BigVGAN of IndexTTS-2, together.

Shapes: ``S codes, T mel frames, F mel bins, W width of the content, H width of the GPT, N samples``.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.codec.indextts2 import files
from amhctl.codec.indextts2.bigvgan import CONTAINER as VOCODER_CONTAINER
from amhctl.codec.indextts2.bigvgan import BigVGAN, read_bigvgan
from amhctl.codec.indextts2.campplus import Campplus, read_campplus
from amhctl.codec.indextts2.content import LatentProjection, mel_frames_of, read_latent_projection, spoken_content
from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, read_transformer
from amhctl.codec.indextts2.flow_matching import sample_mel
from amhctl.codec.indextts2.length_regulator import LengthRegulator, read_length_regulator
from amhctl.codec.indextts2.prompt import Prompt, PromptClip
from amhctl.codec.indextts2.spectrogram import MEL, prompt_mel
from amhctl.codec.indextts2.weights import read_tensors
from amhctl.config.indextts import read_attention_heads
from amhctl.core.errors import CodecError, ConfigError, OptionError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.core.units import Precision
from amhctl.devices.precision import computes_in

_TRANSFORMER, _REGULATOR, _PROJECTION = "cfm.estimator.", "length_regulator.", "gpt_layer."
_MOST_STEPS = 1_000
_MOST_GUIDANCE = 10.0
_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """How mel frames are generated.

    Attributes
    ----------
    steps : int
        Steps from noise to speech; fewer are faster.
    guidance : float
        How far to go beyond what content and prompt say; 0 costs half.
    precision : Precision
        Arithmetic of the network's matrices and convolutions; norms and sums stay in fp32.
    """

    steps: int = 25
    guidance: float = 0.7
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        OptionError
            If a value is outside its range.
        """
        if not 1 <= self.steps <= _MOST_STEPS:
            raise OptionError(f"{self.steps} steps are not between 1 and {_MOST_STEPS:,}", subject="--steps")
        if not 0.0 <= self.guidance <= _MOST_GUIDANCE:
            raise OptionError(
                f"guidance {self.guidance:g} is not between 0 and {_MOST_GUIDANCE:g}", subject="--guidance"
            )


@dataclass(frozen=True, slots=True, eq=False)
class AcousticParts:
    """The networks.

    Attributes
    ----------
    projection : LatentProjection
        What the GPT knew, as content.
    regulator : LengthRegulator
        Content to the rate of mel frames.
    transformer : DiffusionTransformer
        Noise to mel frames.
    style : Campplus
        A clip to its style vector.
    vocoder : BigVGAN
        Mel frames to a waveform.
    """

    projection: LatentProjection
    regulator: LengthRegulator
    transformer: DiffusionTransformer
    style: Campplus
    vocoder: BigVGAN


class Acoustics:
    """The networks, ready to speak; made by ``load_acoustics``.

    Parameters
    ----------
    parts : AcousticParts
        The networks.
    fingerprint : str
        SHA-256 over their files.
    device : str
        Where to compute.
    """

    sample_rate = MEL.sample_rate
    """Samples per second of what it speaks."""

    def __init__(self, parts: AcousticParts, fingerprint: str, device: str = "cpu") -> None:
        for network in (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder):
            network.to(device)
        self.fingerprint = fingerprint
        self._parts = parts
        self._device = device

    @property
    def style_width(self) -> int:
        """Width of a style vector."""
        return self._parts.style.shape.width

    @torch.inference_mode()
    def prompt(self, clip: PromptClip, vectors_1SW: Tensor) -> Prompt:
        """Return a prompt.

        Parameters
        ----------
        clip : PromptClip
            The clip.
        vectors_1SW : Tensor
            The vector of each semantic code of the same clip.
        """
        mel_1FP = torch.from_numpy(prompt_mel(clip.at_22k))[None].to(self._device)
        return Prompt(
            style_1S=self._parts.style(clip.style_features().to(self._device)),
            mel_1FP=mel_1FP,
            condition_1PC=self._parts.regulator(vectors_1SW.to(self._device), mel_1FP.shape[2]),
        )

    @torch.inference_mode()
    def speak(
        self,
        vectors_1SW: Tensor,
        prompt: Prompt,
        *,
        latent_1SH: Tensor | None = None,
        options: FlowOptions | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Return a waveform, shape (N,): 256 samples for each of ``mel_frames_of(S)`` frames.

        Parameters
        ----------
        vectors_1SW : Tensor
            The vector of each semantic code.
        prompt : Prompt
            Whose voice, from ``prompt``.
        latent_1SH : Tensor | None
            The GPT's hidden state that predicts each code; None for codes of a recording, which no GPT wrote.
        options : FlowOptions | None
            How mel frames are generated; None for the defaults.
        seed : int
            The same seed gives the same samples.

        Raises
        ------
        CodecError
            If there are too few codes for one frame, or mel frames are not finite.
        OptionError
            If the device does not compute in the precision.
        """
        frames = mel_frames_of(vectors_1SW.shape[1])
        if frames == 0:
            raise CodecError("there are no codes to speak")
        options = options or FlowOptions()
        content_1SW = vectors_1SW.to(self._device)
        if latent_1SH is not None:
            content_1SW = spoken_content(content_1SW, latent_1SH.to(self._device), self._parts.projection)
        condition_1TC = torch.cat([prompt.condition_1PC, self._parts.regulator(content_1SW, frames)], dim=1)
        # Drawn on the processor: the same on every device.
        generator = torch.Generator().manual_seed(seed)
        noise_1FT = torch.randn(1, MEL.bins, condition_1TC.shape[1], generator=generator).to(self._device)
        with self._arithmetic(options.precision):
            mel_1FT = sample_mel(
                self._parts.transformer,
                noise_1FT,
                prompt.mel_1FP,
                condition_1TC,
                prompt.style_1S,
                steps=options.steps,
                guidance=options.guidance,
            )
        if not bool(mel_1FT.isfinite().all()):
            raise CodecError(
                f"the mel frames exceed the range of {options.precision}",
                subject="--precision" if options.precision != "fp32" else "",
                hint="use --precision bf16, or fp32" if options.precision != "fp32" else "",
            )
        # The waveform is made in fp32: of it, half precision is slower on a processor.
        waveform: NDArray[np.float32] = self._parts.vocoder(mel_1FT.float())[0].float().cpu().numpy()
        return waveform

    def _arithmetic(self, precision: Precision) -> AbstractContextManager[object]:
        """Return the context in which matrices are multiplied in a precision."""
        if precision == "fp32":
            return nullcontext()
        device = torch.device(self._device)
        if not computes_in(precision, device):
            raise OptionError(
                f"the device {self._device} does not compute in {precision}",
                subject="--precision",
                hint="omit it: fp32 is computed everywhere",
            )
        return torch.autocast(device.type, _TYPES[precision])


def load_acoustics(folder: Path, *, content: int, device: str = "cpu") -> Acoustics:
    """Load the networks from a folder of the user's files.

    Parameters
    ----------
    folder : Path
        With the files of ``files.FILES`` for decoding.
    content : int
        Width of the semantic codec's vectors.
    device : str
        Where to compute.

    Raises
    ------
    CodecError
        If a file is missing, is another one, or does not fit the others.
    """
    found = files.find_files(folder, "decoding")
    parts = _read_parts(found)
    _require_fit(parts, content, found)
    digests = [sha256_of_file(path) for file, path in found.items() if file != files.CONFIG]
    heads = parts.transformer.shape.heads
    return Acoustics(parts, sha256_of_json([*digests, heads]), device)


def _read_parts(found: dict[files.PublishedFile, Path]) -> AcousticParts:
    try:
        heads = read_attention_heads(found[files.CONFIG])
    except ConfigError as error:
        raise CodecError(error.message, subject=error.subject, hint=error.hint) from error
    s2mel = read_tensors(found[files.S2MEL], container="net", hint=f"use {files.S2MEL.source}")
    s2mel.require_groups((_TRANSFORMER, _REGULATOR, _PROJECTION))
    style = read_tensors(found[files.STYLE], hint=f"use {files.STYLE.source}")
    vocoder = read_tensors(found[files.VOCODER], container=VOCODER_CONTAINER, hint=f"use {files.VOCODER.source}")
    return AcousticParts(
        projection=read_latent_projection(s2mel.part(_PROJECTION)),
        regulator=read_length_regulator(s2mel.part(_REGULATOR)),
        transformer=read_transformer(s2mel.part(_TRANSFORMER), heads=heads, config=str(found[files.CONFIG])),
        style=read_campplus(style),
        vocoder=read_bigvgan(vocoder),
    )


def _require_fit(parts: AcousticParts, content: int, found: dict[files.PublishedFile, Path]) -> None:
    """Refuse networks of different IndexTTS-2s, or of another sound."""
    s2mel, style, vocoder = (found[file].name for file in (files.S2MEL, files.STYLE, files.VOCODER))
    transformer, regulator = parts.transformer.shape, parts.regulator.content_in_proj
    sizes = (
        ("content that the codec gives", content, f"the length regulator of {s2mel} takes", regulator.in_features),
        ("content that the codec gives", content, f"gpt_layer of {s2mel} gives", parts.projection[-1].out_features),
        (f"content of {s2mel}'s length regulator", regulator.out_features, "its network takes", transformer.content),
        (f"style vector of {style}", parts.style.shape.width, f"{s2mel} takes", transformer.style),
        (f"mel bins of {style}", parts.style.shape.bins, "there are", MEL.bins),
        (f"mel bins of {s2mel}", transformer.bins, "there are", MEL.bins),
        (f"mel bins of {vocoder}", parts.vocoder.shape.bins, "there are", MEL.bins),
        (f"samples per frame of {vocoder}", parts.vocoder.shape.hop_samples, "there are", MEL.hop_samples),
    )
    if faults := [f"{what}: {size}, {other} {wanted}" for what, size, other, wanted in sizes if size != wanted]:
        raise CodecError(
            f"the files do not belong together: {'; '.join(faults)}",
            subject=str(found[files.S2MEL].parent),
            hint="use the files of one IndexTTS-2, as they are published",
        )

"""descript-audio-codec: any official or fine-tuned DAC weights file (Kumar et al. 2023, arXiv 2306.06546).

The package imports descript-audiotools, which imports torchaudio at its top although encoding and decoding never touch
it: see ``absent_torchaudio``. Knows no manifests and no letters.

A long waveform is cut into windows that overlap by more than a frame sees, and gives the codes that it gives whole.
What is computed together is cut from one waveform: its codes do not depend on what else is encoded with it.

Shapes: ``B windows, N samples, S frames, Q codebooks, Z latent width``.
"""

import importlib
import inspect
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.codec.codec import LongWaveform, padded_piece, padded_waveform, stacked_takes
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.codec.official import codec_name, require_rate
from amhctl.codec.windows import Window, context_frames, cut_windows
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.dac import DacCodecConfig
from amhctl.core.errors import CheckpointError, CodecError, MissingExtra
from amhctl.core.units import Precision
from amhctl.devices.absent_torchaudio import drop_modules, torchaudio_or_stand_in
from amhctl.devices.precision import computes_in

MODEL_VERSION = "dac-1"
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_WINDOW_SECONDS = 5.0
# An accelerator is kept busy by several windows at once; a CPU is not, and its caches like them one by one.
_ACCELERATOR_WINDOWS = 8


def import_dac() -> types.ModuleType:
    """Import ``dac``, with torchaudio where it can be loaded and with a stand-in for it where it cannot.

    Raises
    ------
    MissingExtra
        If descript-audio-codec is not installed or cannot be imported for another reason.
    """
    if "dac" in sys.modules:
        return sys.modules["dac"]
    with torchaudio_or_stand_in(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("dac")
        except ImportError as error:
            drop_modules("dac")
            drop_modules("audiotools")
            raise MissingExtra(
                f"descript-audio-codec cannot be imported: {error}",
                subject="dac",
                hint="pip install --force-reinstall descript-audio-codec",
            ) from error


def build_dac(config: DacCodecConfig) -> Any:  # noqa: ANN401  (the package carries no types)
    """Return a ``dac.DAC`` of a shape, with random weights.

    Raises
    ------
    MissingExtra
        If descript-audio-codec cannot be imported.
    """
    dac = import_dac()
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in config.model_dump().items()}
    with warnings.catch_warnings():
        # The package uses the older of torch's two weight norms, whose parameters its weights files name.
        warnings.simplefilter("ignore", FutureWarning)
        return dac.DAC(**values)


def dac_shapes(config: DacCodecConfig) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a DAC checkpoint's tensors."""
    # Made without memory: a manifest may ask for any size.
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in build_dac(config).state_dict().items()}


def read_weights(path: Path) -> tuple[DacCodecConfig, dict[str, Tensor]]:
    """Read a weights file as the package saves it: a dictionary of ``state_dict`` and ``metadata.kwargs``.

    Raises
    ------
    CodecError
        If the file is not such a dictionary, holds anything but tensors and plain values, is damaged, or has the name
        of official weights of another sample rate.
    """
    known = inspect.signature(import_dac().DAC).parameters
    try:
        document = cast("dict[str, Any]", read_torch_file(path, allow_old=True))
    except CheckpointError as error:
        raise CodecError(
            error.message.replace("tensor file", "weights file"),
            subject=str(path),
            hint=error.hint or "give the file that `python -m dac download` or a DAC training run wrote",
        ) from error
    try:
        # Trained by an older version of the package, a file may name settings that the model no longer has.
        given = {key: value for key, value in document["metadata"]["kwargs"].items() if key in known}
        tensors = {str(name): tensor for name, tensor in document["state_dict"].items()}
        if not tensors or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
            raise TypeError("state_dict is not a dictionary of tensors")
        whole = {key: value.default for key, value in known.items()} | given
        # What the package works out itself, and what it takes as a switch or a share.
        whole["latent_dim"] = whole["latent_dim"] or whole["encoder_dim"] * 2 ** len(whole["encoder_rates"])
        whole["quantizer_dropout"] = float(whole["quantizer_dropout"])
        config = DacCodecConfig.model_validate(whole)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CodecError(
            f"the file does not hold a DAC model: {str(error).splitlines()[0]}", subject=str(path)
        ) from error
    require_rate(path, config.sample_rate)
    broken = [name for name, tensor in tensors.items() if not _is_finite(tensor)]
    if broken:
        raise CodecError(
            f"{broken[0]} holds values that are not finite", subject=str(path), hint="download or copy the file again"
        )
    return config, tensors


def _is_finite(tensor: Tensor) -> bool:
    # A sum is finite only where every value is; a sum that overflows does not tell.
    return bool(torch.isfinite(tensor.sum())) or bool(torch.isfinite(tensor).all())


def fill_dac(config: DacCodecConfig, tensors: Mapping[str, Tensor], *, subject: str) -> Any:  # noqa: ANN401
    """Return a ``dac.DAC`` with the given weights.

    Raises
    ------
    CodecError
        If a tensor is missing, left over or of the wrong shape.
    """
    model = build_dac(config)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise CodecError(f"the weights do not fit the DAC they describe: {reason}", subject=subject) from error
    return model


class DacCodec:
    """A DAC model, ready to encode and decode.

    Parameters
    ----------
    model : Any
        A ``dac.DAC``; the package carries no types. It is the codec's from now on, and no longer fit for training.
    name : str
        Name for people.
    device : str
        Where to compute.
    precision : Precision
        Arithmetic of encoder and decoder; the quantiser compares in fp32.
    window_seconds : float | None
        Longest piece computed at once; None computes every waveform whole.
    batch_windows : int | None
        Pieces of one waveform computed at once; None chooses by the device.

    Raises
    ------
    CodecError
        If the device does not compute in this precision.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        *,
        name: str,
        device: str = "cpu",
        precision: Precision = "fp32",
        window_seconds: float | None = _WINDOW_SECONDS,
        batch_windows: int | None = None,
    ) -> None:
        self._device = torch.device(device)
        require_precision(precision, self._device)
        self._spec = CodecSpec(
            name=name,
            architecture="dac",
            sample_rate=int(model.sample_rate),
            frame_samples=int(model.hop_length),
            codebooks=int(model.n_codebooks),
            codebook_size=int(model.codebook_size),
            fingerprint=fingerprint_of(model.state_dict()),
        )
        self._type = _TYPES[precision]
        self._model = model.to(self._device).eval()
        self._encoder = _prepare(model.encoder).to(self._type)
        self._quantizer = _prepare(model.quantizer)
        hop = self._spec.frame_samples
        self._encoder_context = context_frames(model.encoder, frame_units=hop, output_units=1)
        self._decoder_context = context_frames(model.decoder, frame_units=1, output_units=hop)
        self._window = None if window_seconds is None else round(window_seconds * self._spec.frame_rate)
        self._batch = batch_windows or (1 if self._device.type == "cpu" else _ACCELERATOR_WINDOWS)

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu", precision: Precision = "fp32") -> "DacCodec":
        """Load a weights file as the package saves it.

        Raises
        ------
        CodecError
            If the file is not such a file, does not fit, or the device does not compute in this precision.
        """
        config, tensors = read_weights(path)
        model = fill_dac(config, tensors, subject=str(path))
        return cls(model, name=codec_name(path), device=device, precision=precision)

    @property
    def spec(self) -> CodecSpec:
        """What must agree between encoder and decoder."""
        return self._spec

    @property
    def output_rate(self) -> int:
        """Samples per second of what ``decode`` returns."""
        return self.spec.sample_rate

    @torch.inference_mode()
    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Encode waveforms one by one, each in windows.

        Raises
        ------
        CodecError
            If a waveform is empty, not one-dimensional or not finite.
        """
        return [self._encode_whole(padded_waveform(waveform, self._spec)) for waveform in waveforms]

    def _encode_whole(self, padded: NDArray[np.float32]) -> NDArray[np.uint16]:
        return self._encode(lambda start, stop: padded[start:stop], padded.size // self._spec.frame_samples)

    @torch.inference_mode()
    def encode_long(self, waveform: LongWaveform) -> NDArray[np.uint16]:
        """Encode a long waveform in windows, with the codes of the whole."""
        return self._encode(partial(padded_piece, waveform), self._spec.frames_of(waveform.size))

    def _encode(self, take: Callable[[int, int], NDArray[np.float32]], frames: int) -> NDArray[np.uint16]:
        hop = self._spec.frame_samples
        codes_QS = np.zeros((self._spec.codebooks, frames), dtype=np.uint16)
        for batch in self._cut(frames, self._encoder_context):
            pieces = [torch.from_numpy(take(window.start * hop, window.stop * hop)) for window in batch]
            pieces_BN = torch.stack(pieces).to(self._device, self._type)
            latents_BZS = self._encoder(pieces_BN[:, None]).float()
            codes_BQS = self._quantizer(latents_BZS)[1].cpu().numpy()
            for window, codes in zip(batch, codes_BQS, strict=True):
                kept = codes[:, window.keep_start - window.start : window.keep_stop - window.start]
                codes_QS[:, window.keep_start : window.keep_stop] = kept
        return codes_QS

    @torch.inference_mode()
    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Decode codes of shape (Q, S) one by one, each in windows.

        Raises
        ------
        CodecError
            If the shape is wrong or a code is outside the codebook.
        """
        return [self.decode_mean([item]) for item in codes]

    @torch.inference_mode()
    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Decode the mean of several codings of one utterance, all of shape (Q, S), in windows.

        Raises
        ------
        CodecError
            If there is none, a shape is wrong or differs, or a code is outside the codebook.
        """
        codes_KQS = torch.from_numpy(stacked_takes(takes, self._spec)).to(self._device)
        hop, frames = self._spec.frame_samples, codes_KQS.shape[2]
        # Odd strides make the decoder a few samples short; the length of a waveform follows from its frames.
        whole = np.zeros(frames * hop, dtype=np.float32)
        for batch in self._cut(frames, self._decoder_context):
            pieces = [codes_KQS[:, :, window.start : window.stop] for window in batch]
            latents_BZS = torch.stack([self._quantizer.from_codes(piece)[0].mean(0) for piece in pieces])
            samples_BN = self._decoder(latents_BZS.to(self._type))[:, 0].float().cpu().numpy()
            for window, samples in zip(batch, samples_BN, strict=True):
                kept = samples[(window.keep_start - window.start) * hop : (window.keep_stop - window.start) * hop]
                whole[window.keep_start * hop : window.keep_start * hop + kept.size] = kept
        return whole

    @cached_property
    def _decoder(self) -> Any:  # noqa: ANN401  (the package carries no types)
        # Three quarters of the weights, which who only encodes does not wait for.
        return _prepare(self._model.decoder).to(self._type)

    def _cut(self, frames: int, context: int) -> Iterator[tuple[Window, ...]]:
        """Yield the windows of a waveform in batches of equal lengths."""
        # Beside twice its context a window keeps at least as much again: less would be mostly waste.
        longest = frames if self._window is None else max(self._window, 4 * context + 1)
        *alike, last = cut_windows(frames, window=max(longest, 2 * context + 1), context=context)
        for begin in range(0, len(alike), self._batch):
            yield tuple(alike[begin : begin + self._batch])
        yield (last,)

    @torch.inference_mode()
    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector that each code adds to the latent, shape (Q, codebook size, latent width)."""
        stages = [stage.out_proj(stage.codebook.weight.T[None])[0].T for stage in self._quantizer.quantizers]
        vectors: NDArray[np.float32] = torch.stack(stages).float().cpu().numpy()
        return vectors


def require_precision(precision: Precision, device: torch.device) -> None:
    """Refuse arithmetic that a device does not have: emulated, it would be slower than fp32 and no better.

    Raises
    ------
    CodecError
        If the device does not compute in this precision.
    """
    if not computes_in(precision, device):
        raise CodecError(f"the device does not support precision {precision}", subject=str(device), hint="use fp32")


class _Snake(nn.Module):
    """x + sin²(αx) / α (Ziyin et al. 2020, arXiv 2006.08195) in the package's order of operations, in one buffer.

    The package takes a new one for each operation: on a CPU a third of the time of encoding went there.
    """

    def __init__(self, alpha: Tensor) -> None:
        super().__init__()
        self.alpha = nn.Parameter(alpha, requires_grad=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the activation of a tensor of shape (B, channels, positions)."""
        wave = (self.alpha * hidden).sin_()
        return wave.mul_(wave).mul_((self.alpha + 1e-9).reciprocal()).add_(hidden)


def _prepare(part: Any) -> Any:  # noqa: ANN401  (the package carries no types)
    """Make a part of a model compute the same in less time, and return it.

    Activations give the same bits in one buffer; direction and length of every weight are replaced by their product,
    so that it is not computed at each pass.
    """
    for module in list(part.modules()):
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d) and hasattr(module, "weight_g"):
            nn.utils.remove_weight_norm(module)
        for name, child in list(module.named_children()):
            if type(child).__name__ == "Snake1d":
                setattr(module, name, _Snake(child.alpha.detach()))
    return part

"""Conditioning features of w2v-bert 2.0 (Seamless Communication 2023, arXiv 2312.05187), as IndexTTS-2 conditions on.

A model is a folder as the Hugging Face hub has it: ``config.json``, ``preprocessor_config.json``, weights as
safetensors and, where features are to be normalised, the ``wav2vec2bert_stats.pt`` of IndexTTS-2 (mean and variance of
each feature; read by torch's weights-only reader). Nothing is downloaded and nothing unpickled.

What it says of a recording depends on that recording alone. Nothing is padded: padded frames change the rounding of the
others, by some 1e-6 of the features. On an accelerator, recordings of the same number of frames are computed together;
on a processor, where that saves no time, each is computed by itself.

Knows no store and no checkpoint. ``transformers`` is an extra, imported on use.

Shapes: ``B recordings, E frames, W width, F inputs of a frame``.
"""

import importlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.config.conditioning import SpeechEncoderConfig, conditioning_differences
from amhctl.core.documents import read_json
from amhctl.core.errors import AudioError, CheckpointError, MissingExtra
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.devices.absent_torchaudio import torchaudio_or_stand_in

LAYER = 17
"""The layer whose output IndexTTS-2 takes: entry 17 of the hidden states, entry 0 being the input projection."""

REPOSITORY = "facebook/w2v-bert-2.0"
DOWNLOAD = f"hf download {REPOSITORY} --exclude '*.pt'"
"""The command that puts the model where ``find_encoder`` looks for it."""

_STATISTICS = "wav2vec2bert_stats.pt"
_STATISTICS_HINT = f"use the {_STATISTICS} of IndexTTS-2"
_AGAIN = f"`{DOWNLOAD}` downloads the files again"
_SETTINGS = ("config.json", "preprocessor_config.json")
_MODEL_TYPE = "wav2vec2-bert"
# The front end takes windows of 25 ms every 10 ms and joins two of them to a frame.
_SHORTEST_SECONDS = 0.035
# Two minutes: what an accelerator computes at once.
_FRAMES_AT_ONCE = 6_000


class SpeechEncoder:
    """A speech encoder, ready to listen; made by ``load_encoder``.

    Parameters
    ----------
    config : SpeechEncoderConfig
        What its features are.
    front_end : Any
        The model's own feature extractor: waveform to mel filter bank.
    network : Any
        The model, cut off after the layer.
    statistics : tuple[Tensor, Tensor] | None
        Mean and deviation of each feature, if they are to be normalised.
    frames_at_once : int
        Most frames of recordings that are computed together; 0 computes each recording by itself.
    """

    def __init__(
        self,
        config: SpeechEncoderConfig,
        front_end: Any,  # noqa: ANN401  (transformers is an extra)
        network: Any,  # noqa: ANN401
        statistics: tuple[Tensor, Tensor] | None,
        *,
        frames_at_once: int = 0,
    ) -> None:
        self.config = config
        self.frames_at_once = frames_at_once
        self._front_end = front_end
        self._network = network
        self._statistics = statistics

    def encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of a recording at the encoder's sample rate, shape (E, W).

        Raises
        ------
        AudioError
            If it is too short to have a frame.
        """
        return self.encode_batch([samples])[0]

    def encode_batch(self, recordings: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return the features of several recordings, each as ``encode`` does.

        Raises
        ------
        AudioError
            If one is too short to have a frame.
        """
        inputs = [self._inputs(samples) for samples in recordings]
        found: dict[int, NDArray[np.float32]] = {}
        for places in self._group([len(inputs_EF) for inputs_EF in inputs]):
            features_BEW = self._compute(torch.stack([inputs[place] for place in places]))
            found |= zip(places, features_BEW, strict=True)
        return [found[place] for place in range(len(inputs))]

    def _inputs(self, samples: NDArray[np.float32]) -> Tensor:
        """Return the mel filter bank of a recording, shape (E, F)."""
        if samples.size < round(_SHORTEST_SECONDS * self.config.sample_rate):
            raise AudioError(f"the recording is shorter than {_SHORTEST_SECONDS:g} s, one frame of the encoder")
        inputs = self._front_end(samples, sampling_rate=self.config.sample_rate, return_tensors="pt")
        # An odd number of windows leaves half a frame, which the front end fills up and marks; it is not kept.
        frames = int(inputs["attention_mask"].sum())
        inputs_EF: Tensor = inputs["input_features"][0, :frames]
        return inputs_EF

    def _group(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield the places of recordings that are computed together: of one length, and not too many frames."""
        alike: dict[int, list[int]] = defaultdict(list)
        for place, frames in enumerate(lengths):
            alike[frames].append(place)
        for frames, places in alike.items():
            size = max(1, self.frames_at_once // frames)
            for start in range(0, len(places), size):
                yield places[start : start + size]

    @torch.inference_mode()
    def _compute(self, inputs_BEF: Tensor) -> NDArray[np.float32]:
        """Return features, shape (B, E, W)."""
        states = self._network(inputs_BEF.to(self._network.device), output_hidden_states=True).hidden_states
        features_BEW: Tensor = states[self.config.layer].float().cpu()
        if self._statistics is not None:
            mean_W, deviation_W = self._statistics
            features_BEW = (features_BEW - mean_W) / deviation_W
        return np.asarray(features_BEW.numpy(), dtype=np.float32)


def find_encoder() -> Path | None:
    """Return the snapshot of w2v-bert 2.0 in the cache of the Hugging Face hub, or None if it is not there."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    snapshots = cache / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots"
    whole = [folder for folder in snapshots.glob("*") if all((folder / name).is_file() for name in _SETTINGS)]
    return max(whole, key=lambda folder: folder.stat().st_mtime_ns) if whole else None


def load_encoder(
    folder: Path | None = None, *, statistics: Path | None = None, layer: int = LAYER, device: str = "cpu"
) -> SpeechEncoder:
    """Load a w2v-bert model from disk.

    Parameters
    ----------
    folder : Path | None
        Where it lies; None looks into the cache of the Hugging Face hub.
    statistics : Path | None
        Mean and variance of each feature, where they do not lie in the folder.
    layer : int
        Whose output the features are; layers after it are not computed.
    device : str
        Where to compute.

    Raises
    ------
    MissingExtra
        If transformers is not installed, or there is no model on this machine.
    CheckpointError
        If the folder does not hold a whole w2v-bert model of so many layers as safetensors.
    """
    transformers = import_transformers()
    path = folder or find_encoder()
    if path is None or not path.is_dir():
        raise MissingExtra(
            "the model w2v-bert 2.0 is not on this machine",
            subject=str(path or REPOSITORY),
            hint=f"`{DOWNLOAD}` downloads it once; or give its folder: --features-model DIR",
        )
    standard = statistics or path / _STATISTICS
    files = [*_require_files(path), *([standard] if standard.is_file() else [])]
    _require_layers(path, layer)
    front_end, network = _load(transformers, path)
    network.encoder.layers = network.encoder.layers[:layer]
    scale = _read_statistics(standard, network.config.hidden_size)
    config = SpeechEncoderConfig(
        layer=layer,
        width=network.config.hidden_size,
        sample_rate=front_end.sampling_rate,
        hop_samples=front_end.sampling_rate // 100 * front_end.stride,
        normalised=scale is not None,
        fingerprint=sha256_of_json([sha256_of_file(file) for file in files]),
    )
    at_once = 0 if device == "cpu" else _FRAMES_AT_ONCE
    return SpeechEncoder(config, front_end, network.to(device), scale, frames_at_once=at_once)


def require_encoder(wanted: SpeechEncoderConfig, folder: Path | None = None, *, device: str = "cpu") -> SpeechEncoder:
    """Load the very encoder that a voice or a store was made with.

    Raises
    ------
    MissingExtra
        If transformers is not installed, or there is no model on this machine.
    CheckpointError
        If the model is damaged, or is another one.
    """
    encoder = load_encoder(folder, layer=wanted.layer, device=device)
    if differing := conditioning_differences(encoder.config, wanted):
        raise CheckpointError(
            f"the speech encoder is not the required one: {', '.join(differing)}",
            subject=str(folder or find_encoder()),
            hint="give the folder of the model that the codes were extracted with: --features-model DIR",
        )
    return encoder


def import_transformers(*classes: str, extra: str = "w2vbert") -> Any:  # noqa: ANN401
    """Import ``transformers``, with the classes that are used of it; without names, those of the speech encoder.

    Parameters
    ----------
    *classes : str
        Names of the classes.
    extra : str
        The extra of this package that installs it, for the error.

    Raises
    ------
    MissingExtra
        If it is not installed, or cannot be imported.
    """
    try:
        with torchaudio_or_stand_in():
            package = importlib.import_module("transformers")
            # The package loads its parts on use: they must meet the stand-in too.
            for name in classes or ("Wav2Vec2BertModel", "SeamlessM4TFeatureExtractor"):
                getattr(package, name)
    except ImportError as fault:
        raise MissingExtra(
            f"transformers cannot be imported: {fault}",
            subject="transformers",
            hint=f"pip install 'amhctl[{extra}]'",
        ) from fault
    return package


def _require_files(path: Path) -> list[Path]:
    """Return the files that decide what the hidden states are: settings and weights."""
    missing = [name for name in _SETTINGS if not (path / name).is_file()]
    weights = sorted(path.glob("model*.safetensors"))
    if not weights:
        missing.append("model.safetensors")
    if missing:
        raise CheckpointError(
            f"the folder does not hold a complete w2v-bert model: {', '.join(missing)} missing",
            subject=str(path),
            hint=f"`{DOWNLOAD}` downloads one; weights other than safetensors are not read",
        )
    return [*(path / name for name in _SETTINGS), *weights]


def _require_layers(path: Path, layer: int) -> None:
    try:
        settings = cast("dict[str, Any]", read_json(path / "config.json"))
        kind, layers = settings.get("model_type"), int(settings.get("num_hidden_layers", 24))
    except (ValueError, TypeError, AttributeError) as fault:
        raise CheckpointError(
            f"the configuration cannot be read: {fault}", subject=str(path / "config.json"), hint=_AGAIN
        ) from fault
    if kind != _MODEL_TYPE or layers < layer:
        raise CheckpointError(
            f"the model is a {kind} with {layers} layers; expected a {_MODEL_TYPE} with at least {layer}",
            subject=str(path / "config.json"),
            hint=f"`{DOWNLOAD}` downloads the right one",
        )


def _load(transformers: Any, path: Path) -> tuple[Any, Any]:  # noqa: ANN401
    logging = transformers.utils.logging
    talk, shows_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        front_end = transformers.SeamlessM4TFeatureExtractor.from_pretrained(str(path), local_files_only=True)
        network, loading = transformers.Wav2Vec2BertModel.from_pretrained(
            str(path), local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as fault:
        first = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        raise CheckpointError(
            f"the speech encoder cannot be loaded: {first}", subject=str(path), hint=_AGAIN
        ) from fault
    finally:
        logging.set_verbosity(talk)
        if shows_bars:
            logging.enable_progress_bar()
    # What is not in the file would be drawn at random, in silence.
    if lacking := sorted(loading["missing_keys"]):
        raise CheckpointError(
            f"{len(lacking)} tensors of the speech encoder are missing in its weights file, such as {lacking[0]}",
            subject=str(path),
            hint=_AGAIN,
        )
    return front_end, network.float().eval().requires_grad_(False)


def _read_statistics(file: Path, width: int) -> tuple[Tensor, Tensor] | None:
    """Return mean and deviation of each feature, or None if there is no such file."""
    if not file.is_file():
        return None
    try:
        values = cast("dict[str, Tensor]", read_torch_file(file, allow_old=True))
        mean_W, deviation_W = values["mean"].float(), values["var"].float().sqrt()
    except (CheckpointError, RuntimeError, LookupError, TypeError, AttributeError) as fault:
        raise CheckpointError(
            "the file does not hold a mean and a variance of each feature", subject=str(file), hint=_STATISTICS_HINT
        ) from fault
    is_sound = bool(torch.isfinite(mean_W).all()) and bool((deviation_W > 0).all() & torch.isfinite(deviation_W).all())
    if mean_W.shape != (width,) or deviation_W.shape != (width,) or not is_sound:
        raise CheckpointError(
            f"mean and variance are not {width} values, variances above 0", subject=str(file), hint=_STATISTICS_HINT
        )
    return mean_W, deviation_W

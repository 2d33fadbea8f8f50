"""Recognisers of other makers, from a folder in the form of the Hugging Face hub: CTC models and Whisper.

Read from disk only, as safetensors only; nothing is downloaded and no code of the folder is run. MMS models have an
adapter for each language: that of Amharic (``amh``) is put in where the folder has one. ``transformers`` is an extra.
"""

from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.documents import read_json
from amhctl.core.errors import CheckpointError, DocumentError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.encoders.speech import import_transformers

SAMPLE_RATE = 16_000
_CTC_TYPES = ("wav2vec2", "wav2vec2-bert", "hubert", "wavlm", "unispeech-sat", "data2vec-audio", "sew", "sew-d")
_ADAPTER = "adapter.amh.safetensors"
_LANGUAGE, _ISO_639_3 = "amharic", "amh"
_WHISPER = "whisper"
_HINT = (
    "give a folder with config.json, preprocessor_config.json, the tokenizer's files and model.safetensors, such as "
    "`hf download facebook/mms-1b-all --local-dir DIR` makes"
)


class TransformersRecogniser:
    """A recogniser of text by transformers; made by ``load_transformers_recogniser``.

    Parameters
    ----------
    folder : Path
        Where it lies.
    kind : str
        ``model_type`` of its configuration.
    processor : Any
        What makes features of samples and text of ids.
    network : Any
        The model.
    """

    def __init__(self, folder: Path, kind: str, processor: Any, network: Any) -> None:  # noqa: ANN401  (an extra)
        self._folder, self._kind, self._processor, self._network = folder, kind, processor, network

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self._folder.resolve().name

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the digests of its weights files."""
        return sha256_of_json([sha256_of_file(file) for file in _weights(self._folder)])

    @torch.inference_mode()
    def transcribe(self, waveform: Waveform) -> str:
        """Return the text of a recording, as the model writes it."""
        samples = resample(waveform, SAMPLE_RATE).samples
        features = self._processor(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        if self._kind == _WHISPER:
            options: dict[str, object] = {"task": "transcribe"}
            # A model of English alone has no names of languages.
            if getattr(self._network.generation_config, "is_multilingual", False):
                options["language"] = _LANGUAGE
            ids = self._network.generate(features["input_features"], **(options if len(options) > 1 else {}))
            return _joined(self._processor.batch_decode(ids, skip_special_tokens=True)[0])
        logits = self._network(**features).logits
        return _joined(self._processor.batch_decode(logits.argmax(dim=-1))[0])


def is_transformers_folder(folder: Path) -> bool:
    """Return whether a folder looks like one of the Hugging Face hub, and not like a checkpoint of amhctl."""
    return (folder / "config.json").is_file() and not (folder / "manifest.json").exists()


def load_transformers_recogniser(folder: Path) -> TransformersRecogniser:
    """Load a recogniser from disk.

    Raises
    ------
    MissingExtra
        If transformers is not installed.
    CheckpointError
        If the folder has no CTC or Whisper model as safetensors, or it is damaged.
    """
    kind = _read_kind(folder)
    names = (
        ("WhisperForConditionalGeneration", "WhisperProcessor")
        if kind == _WHISPER
        else ("AutoModelForCTC", "AutoProcessor")
    )
    transformers = import_transformers(*names, extra="recognisers")
    model_class, processor_class = (getattr(transformers, name) for name in names)
    logging = transformers.utils.logging
    talk, shows_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    options: dict[str, object] = {"local_files_only": True, "trust_remote_code": False}
    try:
        processor = processor_class.from_pretrained(str(folder), **options)
        has_adapter = (folder / _ADAPTER).is_file()
        if has_adapter:
            processor.tokenizer.set_target_lang(_ISO_639_3)
            options |= {"target_lang": _ISO_639_3, "ignore_mismatched_sizes": True}
        network, loading = model_class.from_pretrained(
            str(folder), use_safetensors=True, output_loading_info=True, **options
        )
        if has_adapter:
            network.load_adapter(_ISO_639_3, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as fault:
        first = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        raise CheckpointError(f"the recogniser cannot be loaded: {first}", subject=str(folder), hint=_HINT) from fault
    finally:
        logging.set_verbosity(talk)
        if shows_bars:
            logging.enable_progress_bar()
    missing = sorted(loading["missing_keys"])
    if missing and not has_adapter:
        raise CheckpointError(
            f"{len(missing)} tensors of the recogniser are missing in its weights file, such as {missing[0]}",
            subject=str(folder),
            hint=_HINT,
        )
    return TransformersRecogniser(folder, kind, processor, network.float().eval().requires_grad_(False))


def _joined(text: str) -> str:
    return " ".join(text.split())


def _weights(folder: Path) -> list[Path]:
    return sorted((*folder.glob("model*.safetensors"), *folder.glob(_ADAPTER)))


def _read_kind(folder: Path) -> str:
    path = folder / "config.json"
    try:
        document = cast("dict[str, Any]", read_json(path))
        kind = str(document.get("model_type")) if isinstance(document, dict) else "no object"
    except (DocumentError, OSError) as fault:
        raise CheckpointError(f"the configuration cannot be read: {fault}", subject=str(path), hint=_HINT) from fault
    if kind != _WHISPER and kind not in _CTC_TYPES:
        raise CheckpointError(
            f"the model is of type {kind}; expected {_WHISPER} or a CTC model: {', '.join(_CTC_TYPES)}",
            subject=str(path),
            hint=_HINT,
        )
    if not _weights(folder):
        raise CheckpointError("the folder has no weights as safetensors", subject=str(folder), hint=_HINT)
    return kind

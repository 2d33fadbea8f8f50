"""From a checkpoint folder to a voice that is ready to speak; whatever does not fit is refused here."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import (
    CODEC_FOLDER,
    VOCODER_FOLDER,
    LoadedCheckpoint,
    read_manifest,
    require_match,
)
from amhctl.checkpoint.validate import check_vocabulary
from amhctl.codec.codec import Codec
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codec.speech_encoder import require_encoder
from amhctl.codec.vocoder import Vocoder, bundled_vocoders, load_vocoder
from amhctl.config.conditioning import read_conditioning
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.mel import MelConfig
from amhctl.config.schema import ModelConfig
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.speaker import Listen, encode_speaker
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_soundness import SPEAKERS_FILE
from amhctl.model.flow_voice import MODEL_VERSION as FLOW_VERSION
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.soundness import REFERENCE_FILE, read_voice
from amhctl.model.unified_voice import MODEL_VERSION, UnifiedVoice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary

DEFAULT_VOICE = "m01"
_BUNDLED = Path(__file__).parent.parent / "assets" / "voices"


def bundled_voices() -> tuple[str, ...]:
    """Return the names of the voices in the package, sorted."""
    if not _BUNDLED.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in _BUNDLED.iterdir() if (folder / "manifest.json").is_file()))


def voice_path(name_or_path: str) -> Path:
    """Return the folder of a voice.

    Raises
    ------
    SynthesisError
        If there is no bundled voice and no checkpoint folder of that name.
    """
    if name_or_path in bundled_voices():
        return _BUNDLED / name_or_path
    path = Path(name_or_path).expanduser()
    if (path / "manifest.json").is_file():
        return path
    raise SynthesisError(
        "no such voice",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_voices()) or 'none'}; or give the folder of a voice checkpoint",
    )


def read_voice_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a voice without loading its weights.

    Raises
    ------
    SynthesisError
        If there is no such voice.
    CheckpointError
        If the manifest is damaged or is not a voice's.
    """
    path = voice_path(name_or_path)
    manifest = read_manifest(path)
    _require_voice(manifest, path)
    return manifest


def choose_device(wanted: str) -> str:
    """Return the device to compute on: ``auto`` is the accelerator if there is one.

    Raises
    ------
    SynthesisError
        If the device does not exist here.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=wanted)
    except (RuntimeError, AssertionError, NotImplementedError) as fault:
        raise SynthesisError(
            "this device is not available", subject=wanted, hint="use --device cpu, or auto"
        ) from fault
    return wanted


def load_voice(name_or_path: str, *, device: str = "cpu", codec: str | None = None) -> CodeVoice | SpectrogramVoice:
    """Load a voice by bundled name or checkpoint folder, with everything it needs, each part checked.

    Parameters
    ----------
    name_or_path : str
        Which voice.
    device : str
        As ``choose_device`` takes it.
    codec : str | None
        Name, folder or weights file of its codec, or name or folder of its vocoder; None looks beside the voice and
        among the bundled.

    Raises
    ------
    SynthesisError
        If there is no such voice or no such device.
    CheckpointError
        If the checkpoint is damaged, or a part is not the one it was trained with.
    """
    path = voice_path(name_or_path)
    chosen = choose_device(device)
    checkpoint = read_voice(path)
    manifest = checkpoint.manifest
    _require_voice(manifest, path)
    if manifest.vocabulary is None or manifest.text is None:
        raise CheckpointError("the voice does not name its vocabulary and text state", subject=str(path))
    vocabulary = Vocabulary.from_bytes(
        checkpoint.read_bytes(manifest.vocabulary.file), subject=str(path / manifest.vocabulary.file)
    )
    place = f"{path}: {manifest.vocabulary.file}"
    for fault in check_vocabulary(manifest, fingerprint=vocabulary.fingerprint, size=vocabulary.size, where=place):
        raise CheckpointError(fault.message, subject=fault.subject, hint=fault.hint)
    frontend = Frontend.from_state(checkpoint.read_json(manifest.text.file))
    require_match(manifest, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash)
    if manifest.model_version == FLOW_VERSION:
        vocoder = _load_vocoder(checkpoint, codec, chosen)
        require_match(manifest, vocoder=vocoder.spec)
        return SpectrogramVoice(
            manifest=manifest,
            frontend=frontend,
            tokenizer=Tokenizer(vocabulary),
            model=_build_flow(checkpoint).to(chosen),
            vocoder=vocoder,
            speakers=_read_speakers(checkpoint),
        )
    if manifest.codec is None:
        raise CheckpointError("the voice does not name its codec", subject=str(path))
    matching_codec = _load_codec(manifest, path, codec, chosen)
    require_match(manifest, codec=matching_codec.spec)
    model = _build_model(checkpoint).to(chosen)
    features_TF = checkpoint.read_tensors(REFERENCE_FILE)["features"].float()
    return CodeVoice(
        manifest=manifest,
        model=model,
        codec=matching_codec,
        frontend=frontend,
        tokenizer=Tokenizer(vocabulary),
        speaker=encode_speaker(model, features_TF),
    )


def load_listener(manifest: Manifest, folder: Path | None = None, *, device: str = "cpu") -> Listen | None:
    """Return the speech encoder that a voice is conditioned on, to listen to other clips; None if it hears log-mel.

    Parameters
    ----------
    manifest : Manifest
        The voice's.
    folder : Path | None
        Where the encoder lies; None looks into the cache of the Hugging Face hub.
    device : str
        As ``choose_device`` takes it.

    Raises
    ------
    MissingExtra
        If the encoder, or what runs it, is not on this machine.
    CheckpointError
        If it is damaged, or is not the one that the voice was trained with.
    """
    if manifest.conditioning is None:
        return None
    wanted = read_part(read_conditioning, manifest.conditioning, place="conditioning", subject=manifest.name)
    if isinstance(wanted, MelConfig):
        return None
    return require_encoder(wanted, folder, device=choose_device(device)).encode


def _require_voice(manifest: Manifest, path: Path) -> None:
    if manifest.kind != "voice" or manifest.model_version not in (MODEL_VERSION, FLOW_VERSION):
        raise CheckpointError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a voice of {MODEL_VERSION} "
            f"or {FLOW_VERSION}",
            subject=str(path),
            hint="a training run keeps its voice in the folder best/",
        )


def _load_codec(manifest: Manifest, path: Path, wanted: str | None, device: str) -> Codec:
    name = manifest.codec.name if manifest.codec else ""
    if wanted is None and (path / CODEC_FOLDER / "manifest.json").is_file():
        wanted = str(path / CODEC_FOLDER)
    if wanted is None and name in bundled_codecs():
        wanted = name
    if wanted is None:
        raise CheckpointError(
            f"the voice's codec {name!r} is not bundled",
            subject=str(path),
            hint=f"pass --codec with its folder or weights file, or copy its folder to {path / CODEC_FOLDER}",
        )
    return load_codec(wanted, device=device)


def _load_vocoder(checkpoint: LoadedCheckpoint, wanted: str | None, device: str) -> Vocoder:
    vocoder = checkpoint.manifest.vocoder
    name, beside = vocoder.name if vocoder else "", checkpoint.folder / VOCODER_FOLDER
    if wanted is None and (beside / "manifest.json").is_file():
        wanted = str(beside)
    if wanted is None and name in bundled_vocoders():
        wanted = name
    if wanted is None:
        raise CheckpointError(
            f"the voice's vocoder {name!r} is not bundled",
            subject=str(checkpoint.folder),
            hint=f"pass --codec with its folder, or copy its folder to {beside}",
        )
    return load_vocoder(wanted, device=device)


def _read_speakers(checkpoint: LoadedCheckpoint) -> dict[str, NDArray[np.float32]]:
    tensors = checkpoint.read_tensors(SPEAKERS_FILE)
    return {name: tensors[name].float().numpy() for name in checkpoint.manifest.speakers or ()}


def _build_flow(checkpoint: LoadedCheckpoint) -> FlowVoice:
    config = read_part(
        FlowVoiceConfig.model_validate, checkpoint.manifest.config, place="config", subject=str(checkpoint.folder)
    )
    model = FlowVoice(config)
    model.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()}, strict=True)
    return model.eval().requires_grad_(False)


def _build_model(checkpoint: LoadedCheckpoint) -> UnifiedVoice:
    config = read_part(
        ModelConfig.model_validate, checkpoint.manifest.config, place="config", subject=str(checkpoint.folder)
    )
    model = UnifiedVoice(config)
    model.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()}, strict=True)
    return model.eval().requires_grad_(False)

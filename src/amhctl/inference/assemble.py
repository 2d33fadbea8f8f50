"""From a voice's name to a voice that is ready to speak, by what computes it best here; loads no torch by itself.

A voice with ONNX graphs is spoken by them on the processor. Everything else, and any voice on an accelerator, is
PyTorch's (``on_torch``), which takes a second to load and is loaded only where it is needed.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from amhctl.checkpoint.folder import WEIGHTS_FILE, require_match
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.textparts import check_vocabulary
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.vocoder_session import VocoderOnOnnx
from amhctl.codec.vocoder_spec import VOCODER_GRAPH
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.core.units import PrecisionChoice
from amhctl.inference.opening import OpenedVoice, open_parts
from amhctl.inference.reference import EncodeSpeech
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_files import GRAPHS, SPEAKERS_FILE
from amhctl.model.flow_on_onnx import FlowOnOnnx
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary

if TYPE_CHECKING:
    from amhctl.inference.code_voice import CodeVoice


def load_voice(
    name_or_path: str,
    *,
    device: str = "cpu",
    codec: str | None = None,
    features_model: Path | None = None,
    precision: PrecisionChoice = "auto",
    opened: OpenedVoice | None = None,
    compiled: bool = False,
) -> "CodeVoice | SpectrogramVoice":
    """Load a voice by bundled name or checkpoint folder, with everything it needs, each part checked.

    Parameters
    ----------
    name_or_path : str
        Which voice.
    device : str
        Where to compute: ``auto`` is the processor for a voice with graphs, and for others the accelerator if there is
        one; any other name is PyTorch's.
    codec : str | None
        Name, folder or weights file of its codec, or name or folder of its vocoder; None looks beside the voice and
        among the bundled.
    features_model : Path | None
        Folder of the speech encoder of a semantic codec; None looks where the codec is, and into the cache.
    precision : PrecisionChoice
        In what a UnifiedVoice multiplies; ``auto`` is fp32 for a small one, and half precision for a large one on a
        device that is faster in it.
    opened : OpenedVoice | None
        What ``open_parts`` returned for this voice and codec; None opens them here.
    compiled : bool
        Whether the steps of a UnifiedVoice are compiled, on a CUDA device.

    Raises
    ------
    SynthesisError
        If there is no such voice or no such device, or something is given that its kind of voice does not have.
    OptionError
        If the device does not compute in the precision.
    CheckpointError
        If the checkpoint is damaged, or a part is not the one it was trained with.
    """
    opened = opened or open_parts(name_or_path, codec)
    voice = opened.voice
    if opened.vocoder is None:
        code_voice: CodeVoice = _on_torch().build_code_voice(
            voice,
            device=device,
            codec=codec,
            features_model=features_model,
            precision=precision,
            compiled=compiled,
        )
        return code_voice
    if features_model is not None:
        raise SynthesisError(
            "this is a FlowVoice: --features-model cannot be used",
            subject=voice.manifest.name,
            hint="omit it: a FlowVoice has no speech encoder",
        )
    if precision != "auto" or compiled:
        raise SynthesisError(
            f"this is a FlowVoice: {'--compile' if compiled else '--precision'} cannot be used",
            subject=voice.manifest.name,
            hint="omit it: it is for UnifiedVoices",
        )
    vocoder = opened.vocoder
    if device in ("auto", "cpu") and has_graphs(voice.manifest, vocoder.manifest):
        return _build_on_graphs(voice, vocoder)
    spectrogram_voice: SpectrogramVoice = _on_torch().build_spectrogram_voice(voice, vocoder, device=device)
    return spectrogram_voice


def load_speech_encoder(manifest: Manifest, folder: Path | None = None, *, device: str = "cpu") -> EncodeSpeech | None:
    """Return what hears other clips for a voice: its speech encoder or speaker encoder; None if it hears log-mel.

    Parameters
    ----------
    manifest : Manifest
        The voice's.
    folder : Path | None
        Where a speech encoder lies; None looks into the cache of the Hugging Face hub.
    device : str
        As ``choose_device`` takes it.

    Raises
    ------
    MissingExtra
        If the encoder, or what runs it, is not on this machine.
    CheckpointError
        If it is damaged, or is not the one that the voice was trained with.
    """
    encode_speech: EncodeSpeech | None = _on_torch().load_speech_encoder(manifest, folder, device=device)
    return encode_speech


def read_text_parts(voice: VerifiedFolder) -> tuple[Frontend, Tokenizer]:
    """Return how a voice reads, from the parts in its folder, which are the ones that its manifest names.

    Raises
    ------
    CheckpointError
        If a part is not.
    """
    manifest = voice.manifest
    if manifest.vocabulary is None or manifest.text is None:
        raise CheckpointError("the voice does not name its vocabulary and text state", subject=str(voice.folder))
    file = manifest.vocabulary.file
    vocabulary = Vocabulary.from_bytes(voice.read_bytes(file), subject=str(voice.folder / file))
    place = f"{voice.folder}: {file}"
    for fault in check_vocabulary(manifest, fingerprint=vocabulary.fingerprint, size=vocabulary.size, where=place):
        raise CheckpointError(fault.message, subject=fault.subject, hint=fault.hint)
    # A state is written as canonical JSON: the digest of the file, which has been verified, is that of the state.
    known = manifest.text.hash if manifest.files.get(manifest.text.file) == manifest.text.hash else None
    place = str(voice.folder / manifest.text.file)
    frontend = Frontend.from_state(voice.read_json(manifest.text.file), place=place, known_hash=known)
    require_match(manifest, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash)
    return frontend, Tokenizer(vocabulary)


def has_graphs(voice: Manifest, vocoder: Manifest) -> bool:
    """Return whether a voice and its vocoder both have graphs, so that it speaks without torch."""
    return set(GRAPHS) <= set(voice.files) and VOCODER_GRAPH in vocoder.files


def _build_on_graphs(voice: VerifiedFolder, vocoder: VerifiedFolder) -> SpectrogramVoice:
    manifest = voice.manifest
    config = read_part(FlowVoiceConfig.model_validate, manifest.config, place="config", subject=str(voice.folder))
    # One after the other: onnxruntime keeps the interpreter to itself while it prepares a graph.
    synthesiser = VocoderOnOnnx(vocoder)
    require_match(manifest, vocoder=synthesiser)
    frontend, tokenizer = read_text_parts(voice)
    return SpectrogramVoice(
        manifest=manifest,
        frontend=frontend,
        tokenizer=tokenizer,
        network=FlowOnOnnx(config, voice.folder, weights=WEIGHTS_FILE),
        vocoder=synthesiser,
        speakers=read_speakers(voice),
    )


def read_speakers(voice: VerifiedFolder) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of each speaker of a voice, in the order of its manifest."""
    with safe_open(voice.path(SPEAKERS_FILE), framework="numpy") as stream:
        return {name: stream.get_tensor(name).astype(np.float32) for name in voice.manifest.speakers or ()}


def _on_torch() -> ModuleType:
    return importlib.import_module("amhctl.inference.on_torch")

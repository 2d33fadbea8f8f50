"""Voices that compute by PyTorch: from a checkpoint folder to a voice that is ready to speak.

``assemble`` loads this module where it is needed.
"""

from pathlib import Path

import torch

from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.folder import CODEC_FOLDER, require_match
from amhctl.checkpoint.indextts import CODEC as SEMANTIC
from amhctl.checkpoint.indextts import SPEAKING
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint, load_checkpoint
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.codec import Codec
from amhctl.codec.indextts2.indextts2_codec import IndexTTS2Codec
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codec.semantic import SemanticCodec
from amhctl.codec.vocoder import build_vocoder
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import read_conditioning
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.mel import MelConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.core.units import Precision, PrecisionChoice
from amhctl.devices.device import choose_device
from amhctl.devices.precision import choose_precision
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.encoders.speech import require_encoder
from amhctl.inference.assemble import read_speakers, read_text_parts
from amhctl.inference.cloning_voice import CloningVoice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.reference import EncodeSpeech
from amhctl.inference.speaker import encode_speaker
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.kept_weights import keep_weight
from amhctl.model.soundness import REFERENCE_FILE, find_faults
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.model.versions import FLOW_VOICE
from amhctl.nn.unfilled import unfilled


def build_spectrogram_voice(voice: VerifiedFolder, vocoder: VerifiedFolder, *, device: str) -> SpectrogramVoice:
    """Build a FlowVoice and its vocoder from their verified folders.

    Raises
    ------
    SynthesisError
        If there is no such device.
    CheckpointError
        If a rule is broken, or a part is not the one it was trained with.
    """
    chosen = choose_device(device)
    checkpoint = load_checkpoint(voice, check=find_faults)
    frontend, tokenizer = read_text_parts(voice)
    synthesiser = build_vocoder(vocoder, device=chosen)
    require_match(voice.manifest, vocoder=synthesiser)
    return SpectrogramVoice(
        manifest=voice.manifest,
        frontend=frontend,
        tokenizer=tokenizer,
        network=FlowOnTorch(build_flow(checkpoint).to(chosen)),
        vocoder=synthesiser,
        speakers=read_speakers(voice),
    )


def build_code_voice(
    voice: VerifiedFolder,
    *,
    device: str,
    codec: str | Codec | None,
    features_model: Path | None = None,
    precision: PrecisionChoice = "auto",
    compiled: bool = False,
) -> CodeVoice:
    """Build a UnifiedVoice from its verified folder.

    Parameters
    ----------
    voice : VerifiedFolder
        The voice.
    device : str
        As ``choose_device`` takes it.
    codec : str | Codec | None
        Name, folder or weights file of its codec, or the loaded codec; None looks beside the voice and among the
        bundled.
    features_model : Path | None
        Folder of the speech encoder of a semantic codec; None looks where the codec is, and into the cache.
    precision : PrecisionChoice
        In what it multiplies, as ``choose_precision`` takes it.
    compiled : bool
        Whether its steps are compiled.

    Raises
    ------
    SynthesisError
        If there is no such device, or nothing can be compiled for it.
    OptionError
        If the device does not compute in the precision.
    CheckpointError
        If a rule is broken, or a part is not the one it was trained with.
    """
    chosen, manifest = choose_device(device), voice.manifest
    checkpoint = load_checkpoint(voice, check=find_faults)
    frontend, tokenizer = read_text_parts(voice)
    if manifest.codec is None:
        raise CheckpointError("the voice does not name its codec", subject=str(voice.folder))
    if codec is None or isinstance(codec, str):
        codec = _load_codec(manifest.codec, voice.folder, codec, chosen, features_model)
    require_match(manifest, codec=codec.spec)
    if compiled:
        _require_launches(torch.device(chosen))
    model, arithmetic = _build_model(checkpoint, torch.device(chosen), precision)
    steps = CompiledSteps(model) if compiled else None
    speaker = None
    if REFERENCE_FILE in manifest.files:
        speaker = encode_speaker(model, checkpoint.read_tensors(REFERENCE_FILE)["features"].float())
    if isinstance(codec, IndexTTS2Codec):
        return CloningVoice(
            manifest=manifest,
            model=model,
            codec=codec,
            frontend=frontend,
            tokenizer=tokenizer,
            speaker=speaker,
            precision=arithmetic,
            compiled=steps,
        )
    if isinstance(codec, SemanticCodec):
        raise CheckpointError("the codec alone makes no speech of its codes", subject=str(voice.folder), hint=SPEAKING)
    if speaker is None:
        raise CheckpointError(
            "the voice was imported and has no prompt for inference",
            subject=str(voice.folder),
            hint="fine-tune it: the new voice gets a prompt from its training data",
        )
    return CodeVoice(
        manifest=manifest,
        model=model,
        codec=codec,
        frontend=frontend,
        tokenizer=tokenizer,
        speaker=speaker,
        precision=arithmetic,
        compiled=steps,
    )


def load_speech_encoder(manifest: Manifest, folder: Path | None = None, *, device: str = "cpu") -> EncodeSpeech | None:
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
    if manifest.model_version == FLOW_VOICE:
        return _load_speaker_encoder(manifest)
    if manifest.conditioning is None:
        return None
    wanted = read_part(read_conditioning, manifest.conditioning, place="conditioning", subject=manifest.name)
    if isinstance(wanted, MelConfig):
        return None
    return require_encoder(wanted, folder, device=choose_device(device)).encode


def _load_speaker_encoder(manifest: Manifest) -> EncodeSpeech:
    encoder = SpeakerEncoder()
    if encoder.config.fingerprint != manifest.config.get("speaker_fingerprint"):
        raise CheckpointError(
            "the speaker encoder on this machine is not the one used in training",
            subject=manifest.name,
            hint="install the version of resemblyzer used in training, or omit the reference",
        )
    return lambda samples: encoder.embed(Waveform(samples, manifest.sample_rate))


def _load_codec(named: CodecSpec, folder: Path, wanted: str | None, device: str, features_model: Path | None) -> Codec:
    if wanted is None and (folder / CODEC_FOLDER / "manifest.json").is_file():
        wanted = str(folder / CODEC_FOLDER)
    if wanted is None and named.name in bundled_codecs():
        wanted = named.name
    if wanted is None:
        hint = f"pass --codec with its folder or weights file, or copy its folder to {folder / CODEC_FOLDER}"
        if named.architecture == SEMANTIC.architecture:
            hint = SPEAKING
        raise CheckpointError(f"the voice's codec {named.name!r} is not bundled", subject=str(folder), hint=hint)
    return load_codec(wanted, device=device, features_model=features_model)


def build_flow(checkpoint: LoadedCheckpoint) -> FlowVoice:
    """Return the network of a FlowVoice, ready to compute.

    Raises
    ------
    CheckpointError
        If its configuration cannot be read.
    """
    config = read_part(
        FlowVoiceConfig.model_validate, checkpoint.manifest.config, place="config", subject=str(checkpoint.folder)
    )
    model = FlowVoice(config)
    model.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()}, strict=True)
    return model.eval().requires_grad_(False)


def _require_launches(device: torch.device) -> None:
    if device.type != "cuda":
        raise SynthesisError(
            f"compiled steps are for CUDA devices; on the device {device} they save next to nothing",
            subject="--compile",
            hint="omit it",
        )


def _build_model(
    checkpoint: LoadedCheckpoint, device: torch.device, wanted: PrecisionChoice
) -> tuple[UnifiedVoice, Precision]:
    """Return the network of a UnifiedVoice, ready to compute, and its precision; its weights are in memory once."""
    config = read_part(
        ModelConfig.model_validate, checkpoint.manifest.config, place="config", subject=str(checkpoint.folder)
    )
    with unfilled():
        model = UnifiedVoice(config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    precision = choose_precision(wanted, device, parameters=parameters)
    kept = {name: keep_weight(name, tensor, precision, device) for name, tensor in checkpoint.iterate_weights()}
    model.load_state_dict(kept, strict=True, assign=True)
    return model.eval().requires_grad_(False), precision

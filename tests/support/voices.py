"""A tiny voice: a real checkpoint of two layers with seeded random weights, its own vocabulary, frontend and codec."""

import math
import shutil
from pathlib import Path

import torch
from support.codecs import tiny_codec_folder

from amhctl import __version__
from amhctl.checkpoint.folder import CODEC_FOLDER
from amhctl.checkpoint.manifest import Manifest, TextIdentity, VocabularyIdentity
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codec.registry import load_codec
from amhctl.config.conditioning import scale_of
from amhctl.config.mel import MelConfig
from amhctl.config.text import TextConfig
from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig
from amhctl.core.files import canonical_json
from amhctl.core.units import SPEECH_LEVEL
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.judge import JudgeLimits
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speaker import Speaker
from amhctl.model.soundness import REFERENCE_FILE
from amhctl.model.unified_voice import MODEL_VERSION, UnifiedVoice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.train import train_vocabulary

TEXTS = ("ሰላም ዓለም።", "ዛሬ ጥሩ ቀን ነው፣ ነገም እንዲሁ።", "አዲስ አበባ ትልቅ ከተማ ናት።", "ልጆች ወደ ትምህርት ቤት ሄዱ።")
# Random weights make noise, not speech: everything but numbers that are none passes.
ANYTHING = JudgeLimits(
    shortest_syllable=0.0,
    longest_syllable=0.5,
    longest_extra=1.0,
    lowest_level=-300.0,
    most_clipped=1.0,
    longest_gap=100.0,
)


def any_speech(seed: int = 0, speed: float = 1.0) -> SpeakOptions:
    """Return options under which whatever a random voice says is let out."""
    return SpeakOptions(seed=seed, speed=speed, limits=ANYTHING)


def tiny_voice_folder(
    folder: Path,
    *,
    alignment: bool = True,
    guided: bool = False,
    emotion: bool = False,
    name: str = "tiny",
    seed: int = 0,
) -> Path:
    """Write the checkpoint of a tiny voice with its codec beside it and return its folder.

    Parameters
    ----------
    folder : Path
        Where to work.
    alignment : bool
        Whether the voice has explicit durations.
    guided : bool
        Whether the voice can be guided by its text.
    emotion : bool
        Whether the voice has an emotion branch.
    name : str
        Name of the voice and of its folder.
    seed : int
        Seed of the weights.
    """
    codec_folder = tiny_codec_folder(folder, name="tiny-codec")
    spec = load_codec(str(codec_folder)).spec
    mel = MelConfig()
    frontend = Frontend(TextConfig(units="phones"))
    vocabulary = train_vocabulary([frontend.units(text) for text in TEXTS], size=128, units="phones", model_type="char")
    encoder = ConformerConfig(output_size=16, linear_units=32, attention_heads=2, num_blocks=1)
    config = ModelConfig(
        model_dim=32,
        layers=2,
        heads=2,
        max_text_tokens=120,
        max_mel_tokens=400,
        number_text_tokens=vocabulary.size,
        number_mel_codes=spec.codebook_size + 2,
        start_mel_token=spec.codebook_size,
        stop_mel_token=spec.codebook_size + 1,
        codebooks=spec.codebooks,
        condition_dim=mel.bins,
        condition_num_latent=2,
        condition_module=encoder,
        emo_condition_module=encoder if emotion else None,
        emo_dim=16,
        condition_norms=True,
        text_dropout=0.2 if guided else 0.0,
        position_rule="aligned",
        alignment=AlignmentConfig(encoder_layers=1, duration_layers=1) if alignment else None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = UnifiedVoice(config)
        # Untrained layers hardly look at anything; these do, so that every input of the model can be heard.
        for parameter in model.gpt.parameters():
            if parameter.ndim == 2:
                parameter.data.mul_(8.0)
        if alignment:
            # Untrained weights predict no frames at all; speech has a few for each phone.
            torch.nn.init.constant_(model.alignment.log_duration.bias, math.log1p(3.0))
        mean, deviation = scale_of(mel)
        for statistic, value in zip(model.conditioning_standard.buffers(), (mean, deviation), strict=True):
            statistic.fill_(value)
        reference_TF = mean + deviation * torch.randn(60, mel.bins)
    text_state = canonical_json(frontend.state()).encode()
    manifest = Manifest(
        kind="voice",
        name=name,
        model_version=MODEL_VERSION,
        package_version=__version__,
        sample_rate=spec.sample_rate,
        config=config.model_dump(mode="json"),
        vocabulary=VocabularyIdentity(
            file="vocabulary.model", fingerprint=vocabulary.fingerprint, size=vocabulary.size, units="phones"
        ),
        text=TextIdentity(file="text_state.json", hash=frontend.state_hash),
        codec=spec,
        conditioning=mel.model_dump(mode="json"),
        level=SPEECH_LEVEL,
        files={},
    )
    voice_folder = folder / name
    write_checkpoint(
        voice_folder,
        manifest=manifest,
        tensors=model.state_dict(),
        extra_files={"vocabulary.model": vocabulary.model_bytes, "text_state.json": text_state},
        extra_tensors={REFERENCE_FILE: {"features": reference_TF}},
    )
    shutil.copytree(codec_folder, voice_folder / CODEC_FOLDER)
    return voice_folder


def load_code_voice(folder: Path) -> CodeVoice:
    """Load a voice that writes codes."""
    voice = load_voice(str(folder))
    assert isinstance(voice, CodeVoice)
    return voice


def prompt_of(voice: CodeVoice) -> Speaker:
    """Return what such a voice speaks with unless it imitates."""
    assert voice.speaker is not None
    return voice.speaker

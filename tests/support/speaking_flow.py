"""A tiny random voice that draws spectrograms, ready to speak with the bundled vocoder."""

import math
from pathlib import Path
from typing import Literal

import torch
from support.voices import TEXTS

from amhctl import __version__
from amhctl.checkpoint.manifest import Manifest, TextIdentity, VocabularyIdentity
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.text import TextConfig
from amhctl.core.files import canonical_json
from amhctl.core.units import SPEECH_LEVEL
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.inference.assemble import load_voice
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_voice import MODEL_VERSION, FlowVoice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.train import train_vocabulary


def flow_voice_folder(
    folder: Path, *, name: str = "tinyflow", seed: int = 0, model_type: Literal["char", "bpe"] = "char"
) -> Path:
    """Write the checkpoint of a tiny FlowVoice with two speakers and return its folder.

    Parameters
    ----------
    folder : Path
        Where to work.
    name : str
        Name of the voice and of its folder.
    seed : int
        Seed of the weights.
    model_type : Literal["char", "bpe"]
        Of its vocabulary; to one of ``bpe`` pieces can be appended.
    """
    frontend = Frontend(TextConfig(units="phones"))
    lines = [frontend.units(text) for text in TEXTS]
    vocabulary = train_vocabulary(lines, size=128, units="phones", model_type=model_type)
    vocoder = load_vocoder(DEFAULT_VOCODER).spec
    config = FlowVoiceConfig(
        number_text_tokens=vocabulary.size,
        text_dim=16,
        text_layers=1,
        prosody_layers=1,
        model_dim=20,
        layers=2,
        condition_dim=16,
        speaker_fingerprint=SpeakerEncoder().config.fingerprint,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = FlowVoice(config)
        # Untrained layers hardly look at anything; these do, so that every input of the model can be heard.
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.data.copy_(torch.randn_like(parameter) * 0.3)
        model.log_duration.weight.data.mul_(0.01)
        torch.nn.init.constant_(model.log_duration.bias, math.log1p(7.0))
        model.mel_standard.mean.fill_(-5.0)
        model.prosody_standard.mean.copy_(torch.tensor([math.log(7.0), 5.0, -3.0]))
        model.prosody_standard.deviation.fill_(0.3)
        speakers = torch.nn.functional.normalize(torch.randn(2, config.speaker_dim), dim=1)
    manifest = Manifest(
        kind="voice",
        name=name,
        model_version=MODEL_VERSION,
        package_version=__version__,
        sample_rate=vocoder.sample_rate,
        config=config.model_dump(mode="json"),
        vocabulary=VocabularyIdentity(
            file="vocabulary.model", fingerprint=vocabulary.fingerprint, size=vocabulary.size, units="phones"
        ),
        text=TextIdentity(file="text_state.json", hash=frontend.state_hash),
        vocoder=vocoder.identity,
        speakers=("f01", "m02"),
        level=SPEECH_LEVEL,
        files={},
    )
    text_state = canonical_json(frontend.state()).encode()
    write_checkpoint(
        folder / name,
        manifest=manifest,
        tensors=model.state_dict(),
        extra_files={"vocabulary.model": vocabulary.model_bytes, "text_state.json": text_state},
        extra_tensors={SPEAKERS_FILE: {"f01": speakers[0], "m02": speakers[1]}},
    )
    return folder / name


def load_flow_voice(folder: Path) -> SpectrogramVoice:
    """Load a voice that draws spectrograms."""
    voice = load_voice(str(folder))
    assert isinstance(voice, SpectrogramVoice)
    return voice

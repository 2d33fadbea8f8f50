"""What must agree before a run of a FlowVoice starts: the data decide, the origin stays, contradictions are named."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.flow_world import tiny_flow_folder
from support.training_world import TINY_SPEC
from support.voices import tiny_voice_folder

from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint
from amhctl.codec.vocoder_spec import VocoderSpec
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.fitting import Explicit
from amhctl.training.flow_fitting import (
    build_flow,
    build_teacher,
    fit_flow,
    fit_vocoder,
    require_flow,
    settle_guidance,
)

PRESETS: Explicit = lambda _: False  # noqa: E731
ACOUSTICS = AcousticsConfig()
SPEAKER = SpeakerEncoderConfig(width=8, fingerprint="e" * 64)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> LoadedCheckpoint:
    return read_checkpoint(tiny_flow_folder(tmp_path_factory.mktemp("origin")), kind="voice")


@pytest.fixture(scope="module")
def vocabulary(origin: LoadedCheckpoint) -> Vocabulary:
    return Vocabulary.read(origin.folder / "vocabulary.model")


def choose(*keys: str) -> Explicit:
    return lambda key: key in keys


def fit(
    config: FlowVoiceConfig,
    vocabulary: Vocabulary,
    origin: LoadedCheckpoint | None = None,
    explicit: Explicit = PRESETS,
    *,
    speaker: SpeakerEncoderConfig = SPEAKER,
    acoustics: AcousticsConfig = ACOUSTICS,
) -> FlowVoiceConfig:
    return fit_flow(
        config,
        acoustics=acoustics,
        speaker=speaker,
        spec=TINY_SPEC,
        vocabulary=vocabulary,
        origin=origin,
        explicit=explicit,
    )


def test_data_decide_the_shape(vocabulary: Vocabulary) -> None:
    model = fit(FlowVoiceConfig(codebooks=1), vocabulary)
    assert model.number_text_tokens == vocabulary.size
    assert (model.speaker_dim, model.speaker_fingerprint) == (8, "e" * 64)
    assert (model.codebook_size, model.code_frame_samples) == (16, 640)
    assert model.acoustics == ACOUSTICS
    # Without codes, nothing of the codec is in the voice.
    assert fit(FlowVoiceConfig(), vocabulary).codebook_size == FlowVoiceConfig().codebook_size


def test_a_choice_that_contradicts_the_data_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError, match=r"model\.speaker_dim is 256.* 8"):
        fit(FlowVoiceConfig(), vocabulary, explicit=choose("model.speaker_dim"))
    with pytest.raises(ConfigError, match="codebooks is 3, but the codec has 2"):
        fit(FlowVoiceConfig(codebooks=3), vocabulary)


def test_the_origin_decides_all_but_what_has_no_weights(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    theirs = require_flow(origin)
    assert fit(FlowVoiceConfig(), vocabulary, origin) == theirs
    chosen = fit(FlowVoiceConfig(dropout=0.3), vocabulary, origin, choose("model.dropout"))
    assert chosen == theirs.model_copy(update={"dropout": 0.3})
    with pytest.raises(ConfigError, match=r"model\.layers is 8, the base checkpoint requires 2"):
        fit(FlowVoiceConfig(), vocabulary, origin, choose("model.layers"))


def test_data_that_do_not_fit_the_origin_are_refused(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    other = SPEAKER.model_copy(update={"fingerprint": "f" * 64})
    with pytest.raises(CheckpointError, match=f"speaker_fingerprint {'e' * 64} instead of {'f' * 64}"):
        fit(FlowVoiceConfig(), vocabulary, origin, speaker=other)
    with pytest.raises(CheckpointError, match="number_text_tokens"):
        fit(
            FlowVoiceConfig(),
            train_vocabulary(["səlam aləm"], size=400, units="phones", model_type="char"),
            origin,
        )
    higher = ACOUSTICS.model_copy(update={"pitch_floor": 70.0})
    with pytest.raises(CheckpointError, match=r"acoustics .*'pitch_floor': 60\.0"):
        fit(FlowVoiceConfig(), vocabulary, origin, acoustics=higher)


def test_an_origin_of_the_other_kind_or_without_a_shape_is_refused(origin: LoadedCheckpoint, tmp_path: Path) -> None:
    unified = read_checkpoint(tiny_voice_folder(tmp_path), kind="voice")
    with pytest.raises(CheckpointError, match="the base is a unified-voice-1, but the run trains a flow-voice-1"):
        require_flow(unified)
    config = {**origin.manifest.config, "layers": "many"}
    damaged = replace(origin, manifest=origin.manifest.model_copy(update={"config": config}))
    with pytest.raises(CheckpointError, match=r"config\.layers"):
        require_flow(damaged)


def vocoder(**mel: object) -> VocoderSpec:
    spectrogram = ACOUSTICS.mel.model_copy(update=mel)
    return VocoderSpec("v", "vocos", spectrogram.sample_rate, spectrogram, "f" * 64)


def test_a_vocoder_has_the_spectrogram_of_the_store() -> None:
    fit_vocoder(vocoder(), ACOUSTICS)
    with pytest.raises(CodecError, match="hop_samples 256 instead of 160, bins 100 instead of 80"):
        fit_vocoder(vocoder(bins=100, hop_samples=256), ACOUSTICS)


def test_new_weights_follow_the_seed_and_old_ones_the_origin(origin: LoadedCheckpoint) -> None:
    config = require_flow(origin)
    first, again, other = (build_flow(config, seed, None).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["input.weight"], other["input.weight"])
    half = replace(origin, tensors={name: tensor.half() for name, tensor in origin.tensors.items()})
    loaded = build_flow(config, 5, half).state_dict()
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    assert all(torch.equal(loaded[name], half.tensors[name].float()) for name in loaded)


def test_weights_of_another_shape_are_refused(origin: LoadedCheckpoint) -> None:
    wider = require_flow(origin).model_copy(update={"model_dim": 40})
    with pytest.raises(CheckpointError, match="the weights do not fit"):
        build_flow(wider, 0, origin)


def test_a_model_that_no_machine_holds_is_refused_before_it_is_made() -> None:
    with pytest.raises(ConfigError, match="GiB"):
        build_flow(FlowVoiceConfig(model_dim=65_520, layers=64), 0, None)


def test_guidance_is_learnt_from_a_base_that_has_not_learnt_it(origin: LoadedCheckpoint) -> None:
    model, config = require_flow(origin), TrainingConfig(distil_guidance=1.5)
    learnt = settle_guidance(model, config, origin)
    assert learnt.distilled_guidance == 1.5
    teacher = build_teacher(learnt, origin)
    assert teacher.guidance == 1.5
    assert teacher.model.config.dropout == 0.0
    for name, tensor in teacher.model.state_dict().items():
        assert torch.equal(tensor, origin.tensors[name]), name
    with pytest.raises(ConfigError, match="needs a base"):
        settle_guidance(model, config, None)
    manifest = origin.manifest.model_copy(update={"config": learnt.model_dump(mode="json")})
    with pytest.raises(ConfigError, match="already"):
        settle_guidance(learnt, config, replace(origin, manifest=manifest))
    # What learns from recordings again forgets it.
    assert settle_guidance(learnt, TrainingConfig(), replace(origin, manifest=manifest)).distilled_guidance == 0.0

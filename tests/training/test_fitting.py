"""Twin of ``training/fitting.py``."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_runs import CONDITIONS, build_run
from support.training_world import TINY_MEL, TINY_SPEC

from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint
from amhctl.config.conditioning import Conditioning, SpeechEncoderConfig
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError, DatasetError, VocabularyError
from amhctl.text.frontend import NO_LEXICON
from amhctl.text.lexicon import Lexicon
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.export import export_voice
from amhctl.training.fitting import (
    Explicit,
    build_model,
    fit_codec,
    fit_frontend,
    fit_level,
    fit_model,
    fit_vocabulary,
)

PRESETS: Explicit = lambda _: False  # noqa: E731


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> LoadedCheckpoint:
    folder = tmp_path_factory.mktemp("origin")
    run = build_run(folder / "run")
    export_voice(folder / "voice", run.identity, run.model.state_dict(), step=0, metrics={}, conditions=CONDITIONS)
    return read_checkpoint(folder / "voice", kind="voice")


@pytest.fixture(scope="module")
def vocabulary(origin: LoadedCheckpoint) -> Vocabulary:
    return Vocabulary.read(origin.folder / "vocabulary.model")


def other_vocabulary() -> Vocabulary:
    return train_vocabulary(["ሰላም።"], size=400, units="fidel", model_type="char")


def choose(*keys: str) -> Explicit:
    return lambda key: key in keys


def test_data_decide_the_shape(vocabulary: Vocabulary) -> None:
    model = fit_model(
        ModelConfig(), spec=TINY_SPEC, conditioning=TINY_MEL, vocabulary=vocabulary, origin=None, explicit=PRESETS
    )
    assert model.number_text_tokens == vocabulary.size
    assert (model.number_mel_codes, model.start_mel_token, model.stop_mel_token) == (18, 16, 17)
    assert model.condition_dim == TINY_MEL.bins


def test_a_voice_writes_as_many_codebooks_as_it_is_told_and_the_codec_has(vocabulary: Vocabulary) -> None:
    def fit(codebooks: int) -> int:
        config = ModelConfig(codebooks=codebooks)
        return fit_model(
            config, spec=TINY_SPEC, conditioning=TINY_MEL, vocabulary=vocabulary, origin=None, explicit=PRESETS
        ).codebooks

    assert [fit(1), fit(2)] == [1, 2]
    with pytest.raises(ConfigError, match="codebooks is 3, but the codec has 2"):
        fit(3)


def test_a_choice_that_contradicts_the_data_is_refused(vocabulary: Vocabulary) -> None:
    chosen = choose("model.stop_mel_token", "model.condition_dim")
    with pytest.raises(ConfigError, match=r"model\.stop_mel_token is 8193.* 17; model\.condition_dim is 1024.* 16"):
        fit_model(
            ModelConfig(), spec=TINY_SPEC, conditioning=TINY_MEL, vocabulary=vocabulary, origin=None, explicit=chosen
        )


def test_the_origin_decides_all_but_what_has_no_weights(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    model = fit_model(
        ModelConfig(dropout=0.3),
        spec=TINY_SPEC,
        conditioning=TINY_MEL,
        vocabulary=vocabulary,
        origin=origin,
        explicit=choose("model.dropout"),
    )
    assert model.dropout == 0.3
    assert model.layers == origin.manifest.config["layers"]


def test_a_voice_keeps_the_position_rule_of_its_base_unless_told(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    def fit(explicit: Explicit) -> str:
        manifest = origin.manifest.model_copy(
            update={"config": {**origin.manifest.config, "position_rule": "upstream"}}
        )
        return fit_model(
            ModelConfig(position_rule="aligned"),
            spec=TINY_SPEC,
            conditioning=TINY_MEL,
            vocabulary=vocabulary,
            origin=replace(origin, manifest=manifest),
            explicit=explicit,
        ).position_rule

    assert [fit(PRESETS), fit(choose("model.position_rule"))] == ["upstream", "aligned"]


def test_an_origin_that_cannot_be_is_named(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    manifest = origin.manifest.model_copy(update={"config": {**origin.manifest.config, "layers": "many"}})
    damaged = replace(origin, manifest=manifest)
    with pytest.raises(CheckpointError, match=r"config\.layers: Input should be a valid integer") as caught:
        fit_model(
            ModelConfig(),
            spec=TINY_SPEC,
            conditioning=TINY_MEL,
            vocabulary=vocabulary,
            origin=damaged,
            explicit=PRESETS,
        )
    assert caught.value.subject == str(origin.folder)


def test_data_that_do_not_fit_the_origin_are_refused(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    spec = TINY_SPEC.model_copy(update={"codebook_size": 32})
    with pytest.raises(CheckpointError, match="number_mel_codes 18 instead of 34"):
        fit_model(
            ModelConfig(), spec=spec, conditioning=TINY_MEL, vocabulary=vocabulary, origin=origin, explicit=PRESETS
        )


def test_where_the_origin_does_not_name_weights_all_else_decides(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    encoder = SpeechEncoderConfig(
        layer=17, width=16, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint=""
    )
    codec = origin.manifest.codec
    assert codec is not None
    manifest = origin.manifest.model_copy(
        update={
            "codec": codec.model_copy(update={"fingerprint": ""}),
            "conditioning": encoder.model_dump(mode="json"),
        }
    )
    foreign = replace(origin, manifest=manifest)
    fit_codec(TINY_SPEC, wanted=None, origin=foreign)
    other = manifest.model_copy(update={"codec": codec.model_copy(update={"architecture": "dac"})})
    with pytest.raises(CodecError, match="architecture mel instead of dac"):
        fit_codec(TINY_SPEC, wanted=None, origin=replace(origin, manifest=other))

    def fit(conditioning: Conditioning) -> int:
        return fit_model(
            ModelConfig(),
            spec=TINY_SPEC,
            conditioning=conditioning,
            vocabulary=vocabulary,
            origin=foreign,
            explicit=PRESETS,
        ).condition_dim

    assert fit(encoder.model_copy(update={"fingerprint": "a" * 64})) == 16
    with pytest.raises(CheckpointError, match="layer 16 instead of 17"):
        fit(encoder.model_copy(update={"fingerprint": "a" * 64, "layer": 16}))
    with pytest.raises(CheckpointError, match="encoder None instead of w2v-bert"):
        fit(TINY_MEL)


def test_features_that_the_origin_has_not_learnt_to_hear_are_refused(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    def fit(conditioning: Conditioning, origin: LoadedCheckpoint = origin) -> int:
        return fit_model(
            ModelConfig(),
            spec=TINY_SPEC,
            conditioning=conditioning,
            vocabulary=vocabulary,
            origin=origin,
            explicit=PRESETS,
        ).condition_dim

    encoder = SpeechEncoderConfig(
        layer=17, width=16, sample_rate=16_000, hop_samples=320, normalised=False, fingerprint="a" * 64
    )
    with pytest.raises(CheckpointError, match=r"low_hertz 80\.0 instead of 0\.0"):
        fit(TINY_MEL.model_copy(update={"low_hertz": 80.0}))
    with pytest.raises(CheckpointError, match="features None instead of mel"):
        fit(encoder)
    listening = origin.manifest.model_copy(update={"conditioning": encoder.model_dump(mode="json")})
    with pytest.raises(CheckpointError, match=f"fingerprint {'b' * 64} instead of {'a' * 64}"):
        fit(encoder.model_copy(update={"fingerprint": "b" * 64}), replace(origin, manifest=listening))
    assert fit(encoder, replace(origin, manifest=listening)) == 16
    damaged = origin.manifest.model_copy(update={"conditioning": {"features": "none"}})
    with pytest.raises(CheckpointError, match="conditioning") as caught:
        fit(TINY_MEL, replace(origin, manifest=damaged))
    assert caught.value.subject == str(origin.folder)
    # A foreign checkpoint does not say what it listens to: the width must fit, and nothing more is known.
    foreign = origin.manifest.model_copy(update={"conditioning": None})
    assert fit(encoder, replace(origin, manifest=foreign)) == 16


def test_a_codec_is_compared_by_what_it_is_not_by_its_name(origin: LoadedCheckpoint) -> None:
    fit_codec(TINY_SPEC.model_copy(update={"name": "other name"}), wanted=TINY_SPEC, origin=origin)
    with pytest.raises(CodecError, match="codebook_size 32 instead of 16"):
        fit_codec(TINY_SPEC.model_copy(update={"codebook_size": 32}), wanted=None, origin=origin)
    with pytest.raises(CodecError, match="selected codec: fingerprint"):
        fit_codec(TINY_SPEC, wanted=TINY_SPEC.model_copy(update={"fingerprint": "0" * 64}), origin=None)


def test_a_vocabulary_must_be_the_origins_and_of_the_texts_units(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    frontend = fit_frontend(TextConfig(units="phones"), NO_LEXICON, vocabulary, origin, PRESETS, reading="base")
    fit_vocabulary(vocabulary, frontend, origin)
    with pytest.raises(VocabularyError, match="not that of the base") as caught:
        fit_vocabulary(other_vocabulary(), frontend, origin)
    assert "vocab extend" in caught.value.hint
    phones = fit_frontend(
        TextConfig(units="phones"), NO_LEXICON, vocabulary, None, choose("text.units"), reading="base"
    )
    with pytest.raises(VocabularyError, match="has units fidel, but"):
        fit_vocabulary(vocabulary, phones, None)


def test_the_frontend_is_the_origins_and_cannot_be_chosen_otherwise(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    assert origin.manifest.text is not None
    config = TextConfig(fold_homophones=True)
    fitted = fit_frontend(config, NO_LEXICON, vocabulary, origin, PRESETS, reading="base")
    assert fitted.state_hash == origin.manifest.text.hash
    with pytest.raises(ConfigError, match="normalises text with False, not True"):
        fit_frontend(config, NO_LEXICON, vocabulary, origin, choose("text.fold_homophones"), reading="base")
    lexicon = Lexicon({"CBE": "ሲ ቢ ኢ"})
    with pytest.raises(ConfigError, match="pronunciations of these lexicons"):
        fit_frontend(TextConfig(), lexicon, vocabulary, origin, choose("paths.lexicons"), reading="base")


def test_a_voice_may_learn_to_read_as_the_project_does_now(origin: LoadedCheckpoint, vocabulary: Vocabulary) -> None:
    config, lexicon = TextConfig(fold_homophones=True), Lexicon({"CBE": "ሲ ቢ ኢ"})
    fitted = fit_frontend(config, lexicon, vocabulary, origin, PRESETS, reading="package")
    assert fitted.normalize("የCBE ሠራተኛ").text == "የሲ ቢ ኢ ሰራተኛ"
    assert fitted.config.units == vocabulary.units


def test_a_voice_has_the_level_of_its_store_and_of_its_origin(origin: LoadedCheckpoint) -> None:
    def at(level: float | None) -> LoadedCheckpoint:
        return replace(origin, manifest=origin.manifest.model_copy(update={"level": level}))

    assert fit_level(-26.0, origin=None, store="s") == -26.0
    assert fit_level(-26.0, origin=at(-26.0), store="s") == -26.0
    # An earlier version's voice means the level that references and evaluation took for granted.
    assert fit_level(-20.0, origin=at(None), store="s") == -20.0
    for level in (-20.0, None):
        with pytest.raises(CheckpointError, match="-26 dBFS, the base checkpoint was trained at -20") as caught:
            fit_level(-26.0, origin=at(level), store="s")
        assert "--level -20" in caught.value.hint
    for start in (None, at(-20.0)):
        with pytest.raises(DatasetError, match="not normalised to one level") as refused:
            fit_level(None, origin=start, store="s")
        assert "codes extract" in refused.value.hint


def test_a_base_from_before_an_option_has_its_default_and_cannot_be_told_another(
    origin: LoadedCheckpoint, vocabulary: Vocabulary
) -> None:
    values = {name: value for name, value in origin.manifest.config.items() if name != "condition_norms"}
    earlier = replace(origin, manifest=origin.manifest.model_copy(update={"config": values}))

    def fit(*chosen: str) -> ModelConfig:
        return fit_model(
            ModelConfig(condition_norms=True),
            spec=TINY_SPEC,
            conditioning=TINY_MEL,
            vocabulary=vocabulary,
            origin=earlier,
            explicit=choose(*chosen),
        )

    assert not fit().condition_norms
    with pytest.raises(ConfigError, match="condition_norms is True, the base checkpoint requires False"):
        fit("model.condition_norms")


def test_new_weights_follow_the_seed_and_old_ones_the_origin(origin: LoadedCheckpoint) -> None:
    config = ModelConfig.model_validate(origin.manifest.config)
    first, again, other = (build_model(config, seed, None).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["mel_head.weight"], other["mel_head.weight"])
    loaded = build_model(config, 5, origin).state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in origin.tensors.items())


def test_weights_of_another_shape_are_refused(origin: LoadedCheckpoint, tmp_path: Path) -> None:
    config = ModelConfig.model_validate({**origin.manifest.config, "layers": 1})
    with pytest.raises(CheckpointError, match="do not fit"):
        build_model(config, 0, origin)


def test_a_model_that_no_machine_holds_is_refused_before_it_is_made() -> None:
    huge = ModelConfig(model_dim=65_520, layers=1_000)
    with pytest.raises(ConfigError, match="GiB"):
        build_model(huge, 0, None)

"""The real loading code on a tiny model of the real architecture; skipped where the extra is not installed."""

import json
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.acoustics import far, numbers
from support.speech_encoders import WIDTH, tiny_encoder_folder, transformers_or_skip
from support.speechlike import vowel_train

from amhctl.core.errors import AudioError, CheckpointError, MissingExtra
from amhctl.encoders import speech as speech_encoder
from amhctl.encoders.speech import LAYER, find_encoder, load_encoder, require_encoder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder_folder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def copied(model: Path, tmp_path: Path) -> Path:
    """Return a folder that may be spoilt."""
    return Path(shutil.copytree(model, tmp_path / "w2v-bert"))


def _clips() -> list[np.ndarray]:
    return [vowel_train(seconds=seconds, seed=number).samples for number, seconds in enumerate((1.1, 0.4, 2.003))]


def test_features_are_the_layer_that_the_package_itself_gives(model: Path) -> None:
    transformers = transformers_or_skip()
    encoder = load_encoder(model)
    whole = transformers.Wav2Vec2BertModel.from_pretrained(model).eval()
    front_end = transformers.SeamlessM4TFeatureExtractor.from_pretrained(model)
    for clip in _clips():
        heard = front_end(clip, sampling_rate=16_000, return_tensors="pt")
        with torch.inference_mode():
            states = whole(**heard, output_hidden_states=True).hidden_states
        features_EW = encoder.encode(clip)
        assert features_EW.shape == ((1 + (clip.size - 400) // 160) // 2, WIDTH)
        assert np.array_equal(features_EW, states[LAYER][0, : features_EW.shape[0]].numpy())
    config = encoder.config
    assert (config.layer, config.width, config.sample_rate, config.hop_samples) == (LAYER, WIDTH, 16_000, 320)


def test_recordings_of_one_length_are_computed_together_as_they_are_alone(model: Path) -> None:
    """Nothing is padded. Together, a small matrix is multiplied in another order than alone; hence the tolerance."""
    seconds = (1.1, 0.4, 1.1, 2.003, 1.1, 0.4)
    clips = [vowel_train(seconds=each, seed=number).samples for number, each in enumerate(seconds)]
    encoder = load_encoder(model)
    alone = [encoder.encode(clip) for clip in clips]
    sizes: list[tuple[int, int]] = []
    network = encoder._network
    encoder._network = Watched(network, sizes)
    assert all(np.array_equal(a, b) for a, b in zip(encoder.encode_batch(clips), alone, strict=True))
    assert sizes == [(1, len(each)) for each in (alone[0], alone[0], alone[0], alone[1], alone[1], alone[3])]
    sizes.clear()
    # Two of the three long ones fit together.
    encoder.frames_at_once = 2 * len(alone[0]) + 1
    together = encoder.encode_batch(clips)
    assert sizes == [(2, len(alone[0])), (1, len(alone[0])), (2, len(alone[1])), (1, len(alone[3]))]
    assert [each.shape for each in together] == [each.shape for each in alone]
    assert max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True)) < 1e-5
    with pytest.raises(AudioError, match="shorter than"):
        encoder.encode_batch([clips[0], clips[0][:100]])
    assert encoder.encode_batch([]) == []


class Watched:
    """A network that notes the size of its batches."""

    def __init__(self, network: Any, sizes: list[tuple[int, int]]) -> None:
        self.device, self._network, self._sizes = network.device, network, sizes

    def __call__(self, inputs_BEF: torch.Tensor, **options: object) -> Any:
        self._sizes.append((inputs_BEF.shape[0], inputs_BEF.shape[1]))
        return self._network(inputs_BEF, **options)


def test_what_the_encoder_hears_is_what_was_published(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front end's numbers, and hidden states brought to mean 0 and deviation 1."""
    known, encoder = numbers(), load_encoder(model)
    heard = list[torch.Tensor]()

    class Network:
        device = "cpu"

        def __call__(self, features_1EF: torch.Tensor, **_options: bool) -> SimpleNamespace:
            heard.append(features_1EF)
            return SimpleNamespace(hidden_states=[known["feat.hidden_17"]] * (LAYER + 1))

    monkeypatch.setattr(encoder, "_network", Network())
    monkeypatch.setattr(encoder, "_statistics", (known["feat.mean"], known["feat.var"].sqrt()))
    features_EW = encoder.encode(known["front.wave_16k"][0, :12_640].numpy())
    assert far(torch.from_numpy(features_EW)[None], known["feat.normalised"]) < 1e-5
    # The last of the published pairs is half a pair, which is masked.
    pairs = int(known["front.w2v_attention_mask"].sum())
    assert far(heard[0], known["front.w2v_input_features"][:, :pairs]) < 1e-3


def test_a_recording_has_the_same_features_whatever_is_encoded_before_or_after(model: Path) -> None:
    encoder, clips = load_encoder(model), _clips()
    there, back = [encoder.encode(clip) for clip in clips], [encoder.encode(clip) for clip in clips[::-1]]
    for one, other in zip(there, back[::-1], strict=True):
        assert np.array_equal(one, other)


def test_statistics_may_lie_elsewhere(copied: Path, tmp_path: Path) -> None:
    statistics = tmp_path / "wav2vec2bert_stats.pt"
    torch.save({"mean": torch.ones(WIDTH), "var": torch.full((WIDTH,), 4.0)}, statistics)
    apart = load_encoder(copied, statistics=statistics)
    plain_EW = load_encoder(copied).encode(_clips()[0])
    np.testing.assert_allclose(apart.encode(_clips()[0]), (plain_EW - 1.0) / 2.0, rtol=1e-5)
    shutil.copy(statistics, copied / statistics.name)
    assert load_encoder(copied).config == apart.config


def test_statistics_normalise_and_make_another_encoder(model: Path, copied: Path) -> None:
    plain = load_encoder(model)
    mean, variance = torch.linspace(-1, 1, WIDTH), torch.linspace(0.5, 2.0, WIDTH)
    torch.save({"mean": mean, "var": variance}, copied / "wav2vec2bert_stats.pt")
    normalised = load_encoder(copied)
    clip = _clips()[0]
    expected = (torch.from_numpy(plain.encode(clip)) - mean) / variance.sqrt()
    assert np.array_equal(normalised.encode(clip), expected.numpy())
    assert (plain.config.normalised, normalised.config.normalised) == (False, True)
    with pytest.raises(CheckpointError, match=r"normalised True instead of False, fingerprint") as caught:
        require_encoder(plain.config, copied)
    assert "--features-model" in caught.value.hint
    assert require_encoder(normalised.config, copied).config == normalised.config


def test_the_encoder_of_other_weights_is_another(model: Path, tmp_path: Path) -> None:
    other = tiny_encoder_folder(tmp_path / "other", seed=1)
    with pytest.raises(CheckpointError, match="fingerprint"):
        require_encoder(load_encoder(model).config, other)


def test_a_recording_without_a_frame_is_refused(model: Path) -> None:
    encoder = load_encoder(model)
    assert encoder.encode(np.full(560, 0.1, np.float32)).shape == (1, WIDTH)
    with pytest.raises(AudioError, match="shorter than"):
        encoder.encode(np.full(559, 0.1, np.float32))


def _drop_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file(
        {name: tensor for name, tensor in tensors.items() if "layers.3.ffn1" not in name}, folder / "model.safetensors"
    )


def _cut(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def _pickle_weights(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def _set(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))

    return change


class _Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('ran')",))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), r"config\.json missing"),
        (lambda folder: (folder / "preprocessor_config.json").unlink(), r"preprocessor_config\.json missing"),
        (_pickle_weights, r"model\.safetensors missing"),
        (_cut, "cannot be loaded"),
        (_drop_tensor, "tensors of the speech encoder are missing in its weights file"),
        (_set("model_type", "hubert"), "is a hubert"),
        (_set("num_hidden_layers", 4), "with 4 layers"),
        (_set("hidden_size", 32), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (
            lambda folder: (folder / "wav2vec2bert_stats.pt").write_bytes(pickle.dumps(_Harmful(), protocol=2)),
            "mean and a variance",
        ),
        (lambda folder: torch.save(torch.tensor(1.0), folder / "wav2vec2bert_stats.pt"), "mean and a variance"),
        (
            lambda folder: torch.save(
                {"mean": torch.full((WIDTH,), torch.nan), "var": torch.ones(WIDTH)}, folder / "wav2vec2bert_stats.pt"
            ),
            "mean and variance are not",
        ),
        (
            lambda folder: torch.save({"mean": torch.ones(3), "var": torch.ones(3)}, folder / "wav2vec2bert_stats.pt"),
            "16",
        ),
    ],
)
def test_a_folder_that_is_no_whole_model_is_refused(copied: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(copied)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_encoder(copied)
    assert caught.value.hint


def test_the_model_is_found_in_the_cache_and_its_absence_has_a_command(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert find_encoder() is None
    with pytest.raises(MissingExtra, match="not on this machine") as caught:
        load_encoder()
    assert speech_encoder.DOWNLOAD in caught.value.hint
    with pytest.raises(MissingExtra, match="not on this machine"):
        load_encoder(tmp_path / "nowhere")
    snapshot = tmp_path / "hub" / "models--facebook--w2v-bert-2.0" / "snapshots" / "abc"
    shutil.copytree(model, snapshot)
    assert find_encoder() == snapshot
    assert load_encoder().config == load_encoder(model).config


def test_without_transformers_the_extra_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match="transformers cannot be imported") as caught:
        load_encoder(model)
    assert "amhctl[w2vbert]" in caught.value.hint

"""A recogniser in use: its graph's values, long recordings in pieces, words from labels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from support.damaged import rewrite
from support.recognisers import TINY_RECOGNISER, planted_log_probabilities, tiny_recogniser_folder
from support.speechlike import vowel_train

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, CheckpointError
from amhctl.core.files import sha256_of_file
from amhctl.recogniser.decoding import BeamSearch, best_path
from amhctl.recogniser.features import speech_features
from amhctl.recogniser.labels import BORDER, LABELS, NUMBERS, without_borders
from amhctl.recogniser.network import RecogniserNetwork, fill_network
from amhctl.recogniser.quantised import restore
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser, load_recogniser
from amhctl.text.g2p.phones import split_phones


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny recogniser."""
    return tiny_recogniser_folder(tmp_path_factory.mktemp("recogniser"))


@pytest.fixture(scope="module")
def recogniser(folder: Path) -> Recogniser:
    """Return the recogniser of that folder."""
    return load_recogniser(str(folder), threads=1)


def _network_values(folder: Path, features: NDArray[np.float32]) -> NDArray[np.float32]:
    network = RecogniserNetwork(TINY_RECOGNISER).eval()
    fill_network(network, restore(load_file(folder / "model.safetensors")), subject="")
    with torch.inference_mode():
        values: NDArray[np.float32] = network(torch.from_numpy(features)[None])[0][0].log_softmax(-1).numpy()
    return values


def _labels(*words: str) -> tuple[int, ...]:
    found: list[int] = []
    for word in words:
        found += [BORDER] * bool(found) + [NUMBERS[phone] for phone in split_phones(word)]
    return tuple(found)


def test_it_says_what_it_is(recogniser: Recogniser, folder: Path) -> None:
    assert recogniser.name == "tiny-recogniser"
    assert recogniser.fingerprint == sha256_of_file(folder / "model.safetensors")


def test_it_computes_what_its_network_computes(recogniser: Recogniser, folder: Path) -> None:
    waveform = vowel_train(seconds=1.21)
    centred = waveform.samples - waveform.samples.mean()
    values = recogniser.log_probabilities(waveform)
    assert values.shape == (61, len(LABELS))
    assert len(values) * FRAME_SECONDS == pytest.approx(1.22)
    np.testing.assert_allclose(values, _network_values(folder, speech_features(centred)), atol=1e-4)


def test_rate_and_offset_of_a_recording_do_not_matter(recogniser: Recogniser) -> None:
    fast = vowel_train(sample_rate=44_100)
    np.testing.assert_allclose(
        recogniser.log_probabilities(fast), recogniser.log_probabilities(resample(fast, 16_000)), atol=1e-4
    )
    plain = vowel_train()
    moved = Waveform(plain.samples + np.float32(0.1), plain.sample_rate)
    np.testing.assert_allclose(recogniser.log_probabilities(moved), recogniser.log_probabilities(plain), atol=0.02)


@pytest.mark.parametrize(("seconds", "starts"), [(24.0, (0,)), (24.01, (0, 22)), (46.0, (0, 22)), (47.5, (0, 22, 44))])
def test_a_long_recording_is_computed_in_pieces(
    recogniser: Recogniser, folder: Path, seconds: float, starts: tuple[int, ...]
) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    features = speech_features(samples - samples.mean(dtype=np.float64).astype(np.float32))
    pieces = []
    for start in starts:
        values = _network_values(folder, features[100 * start : 100 * start + 2_400])
        # Of two seconds of overlap, each piece gives one.
        first, last = 50 * (start > 0), len(values) - 50 * (start != starts[-1])
        pieces.append(values[first:last])
    found = recogniser.log_probabilities(Waveform(samples, 16_000))
    assert len(found) == (len(features) + 1) // 2
    np.testing.assert_allclose(found, np.concatenate(pieces), atol=1e-3)


def test_recordings_that_have_no_frames_are_refused(recogniser: Recogniser) -> None:
    for size in (0, 399):
        with pytest.raises(AudioError):
            recogniser.log_probabilities(Waveform(np.zeros(size, np.float32), 16_000))
    assert len(recogniser.log_probabilities(Waveform(np.zeros(400, np.float32), 16_000))) == 1
    spoiled = vowel_train().samples.copy()
    spoiled[7] = np.nan
    with pytest.raises(AudioError, match="not finite"):
        recogniser.recognise(Waveform(spoiled, 16_000))


def test_what_is_said_is_searched_and_written(recogniser: Recogniser) -> None:
    waveform = vowel_train()
    values = recogniser.log_probabilities(waveform)
    found = recogniser.recognise(waveform)
    assert found.labels == BeamSearch(recogniser.phone_model, recogniser.words).run(values)
    assert found.text == recogniser.write(found.labels)
    assert found.phones == without_borders(found.labels)
    assert recogniser.phones_alone(waveform) == without_borders(best_path(values))


def test_labels_are_written_as_words(recogniser: Recogniser) -> None:
    assert recogniser.write(_labels("səlam", "aləm")) == "ሰላም ዓለም"
    # The first is a word it knows, spelled as in its texts; the second is not.
    assert recogniser.write(_labels("aləm", "alət")) == "ዓለም አለት"
    assert recogniser.write(()) == recogniser.write((BORDER,)) == ""
    assert recogniser.write((BORDER, *_labels("bet"), BORDER, BORDER, *_labels("bet"), BORDER)) == "ቤት ቤት"


def test_a_sentence_that_leaves_no_doubt_is_recognised(recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = _labels("səlam", "aləm", "sɨmu")
    monkeypatch.setattr(Recogniser, "log_probabilities", lambda self, waveform: planted_log_probabilities(labels))
    found = recogniser.recognise(vowel_train())
    assert (found.labels, found.text) == (labels, "ሰላም ዓለም ስሙ")
    assert recogniser.phones_alone(vowel_train()) == found.phones == without_borders(labels)


def test_a_folder_whose_parts_are_damaged_is_refused(tmp_path: Path) -> None:
    folder = tiny_recogniser_folder(tmp_path)
    rewrite(folder, files={"language.safetensors": b"noise", "words.tsv.xz": b"noise"})
    found = load_recogniser(str(folder))
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        assert found.phone_model
    with pytest.raises(CheckpointError, match="the word list is damaged"):
        assert found.words
    rewrite(folder, files={"recogniser.onnx": b"noise"})
    with pytest.raises(CheckpointError, match="cannot load the graph"):
        load_recogniser(str(folder))
    with pytest.raises(CheckpointError, match="recogniser not found"):
        load_recogniser(str(tmp_path))

"""Vocoders: a batch equals its items, what cannot be drawn is refused, the bundled one copies a voice."""

from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train
from support.vocoders import TINY_VOCODER, tiny_vocoder_folder

from amhctl.audio.mel import log_mel
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codec.vocoder import load_vocoder, read_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, bundled_vocoders, read_vocoder_manifest
from amhctl.core.errors import CheckpointError, CodecError


def test_a_batch_equals_its_items(tmp_path: Path) -> None:
    vocoder = load_vocoder(str(tiny_vocoder_folder(tmp_path)))
    random = np.random.default_rng(0)
    mels = [random.normal(-5, 2, (frames, 20)).astype(np.float32) for frames in (1, 7, 100)]
    together = vocoder.synthesise(mels)
    for mel, samples in zip(mels, together, strict=True):
        assert (samples.shape, samples.dtype) == ((mel.shape[0] * 160,), np.float32)
        np.testing.assert_array_equal(samples, vocoder.synthesise([mel])[0])


@pytest.mark.parametrize(
    ("mel", "words"),
    [
        (np.zeros((0, 20)), "(0, 20)"),
        (np.zeros((3, 80)), "(frames, 20)"),
        (np.zeros(20), "(20,)"),
        (np.full((3, 20), np.nan), "not finite"),
    ],
)
def test_what_is_no_spectrogram_is_refused(mel: np.ndarray, words: str, tmp_path: Path) -> None:
    vocoder = load_vocoder(str(tiny_vocoder_folder(tmp_path)))
    with pytest.raises(CodecError) as caught:
        vocoder.synthesise([mel.astype(np.float32)])
    assert words in str(caught.value)


def test_it_says_what_it_is(tmp_path: Path) -> None:
    folder = tiny_vocoder_folder(tmp_path)
    spec = load_vocoder(str(folder)).spec
    assert (spec.name, spec.sample_rate, spec.mel) == ("tiny-vocoder", 16_000, TINY_VOCODER.mel)
    assert spec.identity.model_dump() == {
        "name": "tiny-vocoder",
        "architecture": "vocos",
        "sample_rate": 16_000,
        "mel": TINY_VOCODER.mel.model_dump(),
        "fingerprint": spec.fingerprint,
    }
    assert load_vocoder(str(tiny_vocoder_folder(tmp_path, seed=1, name="b"))).spec.fingerprint != spec.fingerprint
    assert read_vocoder(str(folder))[0] == TINY_VOCODER


def test_a_shape_that_is_not_that_of_the_weights_is_refused(tmp_path: Path) -> None:
    folder = tiny_vocoder_folder(tmp_path)
    manifest = read_vocoder_manifest(str(folder))
    wider = manifest.model_copy(update={"config": manifest.config | {"width": 32}})
    write_checkpoint(tmp_path / "wider", manifest=wider, tensors=read_vocoder(str(folder))[1])
    with pytest.raises(CheckpointError, match="expected"):
        load_vocoder(str(tmp_path / "wider"))


def test_the_bundled_one_copies_what_it_is_given() -> None:
    assert DEFAULT_VOCODER in bundled_vocoders()
    vocoder = load_vocoder(DEFAULT_VOCODER)
    samples = vowel_train(seconds=1.0).samples
    mel = log_mel(samples, vocoder.spec.mel)[:-1]
    copy = vocoder.synthesise([mel])[0]
    assert copy.size == 16_000
    loud = mel > -4.0
    assert float(np.abs(log_mel(copy, vocoder.spec.mel)[:-1] - mel)[loud].mean()) < 0.3

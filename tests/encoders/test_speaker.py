"""Twin of ``encoders/speaker.py``: unit vectors, the same clip is the same voice, other voices are farther."""

import importlib
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from support.realdata import real_manifest
from support.speechlike import between_silences, vowel_train

from amhctl.audio.levels import trim_silence
from amhctl.audio.waveform import Waveform
from amhctl.config.acoustics import SpeakerEncoderConfig
from amhctl.core.errors import AudioError
from amhctl.corpus.records import read_audio, read_records
from amhctl.encoders.speaker import SpeakerEncoder, _fingerprint, _speech_only
from amhctl.evaluation.similarity import similarity


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


def test_embeddings_are_unit_vectors_and_repeatable(encoder: SpeakerEncoder) -> None:
    clip = vowel_train(seconds=2.5)
    vector = encoder.embed(clip)
    assert vector.shape == (256,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(vector, encoder.embed(clip))
    assert similarity(vector, vector) == pytest.approx(1.0, abs=1e-6)


def test_silence_around_a_clip_does_not_change_the_voice_but_another_pitch_does(encoder: SpeakerEncoder) -> None:
    voice = encoder.embed(vowel_train(seconds=2.0))
    padded = encoder.embed(between_silences(vowel_train(seconds=2.0)))
    other = encoder.embed(vowel_train(seconds=2.0, pitch=230.0, seed=9))
    assert similarity(voice, padded) > 0.95 > similarity(voice, other)


def test_a_recording_in_pieces_is_the_same_voice_and_silence_is_nobody(encoder: SpeakerEncoder) -> None:
    clip = vowel_train(seconds=4.0)
    silence = Waveform(np.zeros(16_000, dtype=np.float32), 16_000)
    pieces = [Waveform(clip.samples[:32_000], 16_000), silence, Waveform(clip.samples[32_000:], 16_000)]
    assert similarity(encoder.embed(clip), encoder.embed_pieces(pieces)) > 0.95
    np.testing.assert_array_equal(encoder.embed_pieces([clip, silence]), encoder.embed(clip))
    for nothing in ([silence], []):
        with pytest.raises(AudioError, match="silent"):
            encoder.embed_pieces(nothing)


@pytest.mark.parametrize("samples", [1, 100, 399, 401, 1_000])
def test_the_shortest_clips_have_a_voice(encoder: SpeakerEncoder, samples: int) -> None:
    vector = encoder.embed(Waveform(vowel_train(seconds=0.5).samples[1_000 : 1_000 + samples], 16_000))
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)


def test_the_fingerprint_is_that_of_the_weights_wherever_they_come_from(encoder: SpeakerEncoder) -> None:
    assert encoder.config == SpeakerEncoderConfig(fingerprint=_fingerprint(encoder.state_dict()))
    other = {name: value + (name == "linear.bias") for name, value in encoder.state_dict().items()}
    assert _fingerprint(other) != encoder.config.fingerprint


@pytest.fixture(scope="module")
def package() -> Any:
    """Return the package's own encoder, which imports what setuptools and SciPy no longer have."""
    versions = types.ModuleType("pkg_resources")
    versions.get_distribution = lambda _: types.SimpleNamespace(version="0")  # type: ignore[attr-defined]
    morphology = types.ModuleType("scipy.ndimage.morphology")
    morphology.binary_dilation = scipy.ndimage.binary_dilation  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setitem(sys.modules, "pkg_resources", versions)
        patch.setitem(sys.modules, "scipy.ndimage.morphology", morphology)
        return importlib.import_module("resemblyzer").VoiceEncoder("cpu", verbose=False)


@pytest.mark.parametrize("seconds", [0.4, 1.6, 3.0, 7.3])
def test_the_embedding_is_the_packages(encoder: SpeakerEncoder, package: Any, seconds: float) -> None:
    clip = vowel_train(seconds=seconds)
    theirs = package.embed_utterance(_speech_only(trim_silence(clip)))
    assert np.abs(encoder.embed(clip) - theirs).max() < 1e-5


def test_the_embedding_of_real_clips_is_the_packages(encoder: SpeakerEncoder, package: Any) -> None:
    manifest = real_manifest("m01")
    for record in read_records(manifest)[:3]:
        clip = read_audio(record, manifest.parent, sample_rate=16_000)
        theirs = package.embed_utterance(_speech_only(trim_silence(clip)))
        assert np.abs(encoder.embed(clip) - theirs).max() < 1e-5

"""A voice that is a FlowVoice: seeds, speed, speakers, steering, edges, loudness, on a tiny random voice."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.speechlike import vowel_train
from support.voices import any_speech

from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import DurationScale
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.inference.assemble import load_speech_encoder
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_sampling import between_silences

TEXT = "ሰላም ዓለም።"


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> SpectrogramVoice:
    return load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))


def test_the_same_seed_gives_the_same_samples_and_another_does_not(voice: SpectrogramVoice) -> None:
    one, again, other = (voice.speak(TEXT, any_speech(seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.waveform.samples, again.waveform.samples)
    assert not np.array_equal(one.waveform.samples, other.waveform.samples)


def test_a_segment_sounds_alike_whatever_stands_beside_it(voice: SpectrogramVoice) -> None:
    options = any_speech()
    ids = voice.tokenizer.encode(voice.frontend.units("ሰላም"))
    speaker = voice.speakers["f01"]
    drawn = [voice._draw(ids, speaker, options, np.random.default_rng(7), 1.0)[0] for _ in range(2)]
    np.testing.assert_array_equal(*drawn)  # type: ignore[arg-type]


def test_twice_the_speed_takes_half_the_time(voice: SpectrogramVoice) -> None:
    ids = voice.tokenizer.encode(voice.frontend.units("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው"))
    frames = [
        len(voice._draw(ids, voice.speakers["f01"], any_speech(), np.random.default_rng(7), pace)[0])
        for pace in (0.5, 1.0)
    ]
    assert frames[0] == pytest.approx(2 * frames[1], rel=0.1)


def test_speakers_and_references_differ_and_an_unknown_one_is_refused(voice: SpectrogramVoice) -> None:
    first, named, second = (voice.speak(TEXT, replace(any_speech(), person=name)) for name in (None, "f01", "m02"))
    np.testing.assert_array_equal(first.waveform.samples, named.waveform.samples)
    assert not np.array_equal(first.waveform.samples, second.waveform.samples)
    with pytest.raises(SynthesisError, match="no speaker 'nobody'"):
        voice.speak(TEXT, replace(any_speech(), person="nobody"))
    encode_speech = load_speech_encoder(voice.manifest)
    low, high = (voice.imitate(vowel_train(seconds=1.0, pitch=pitch), encode_speech) for pitch in (90.0, 250.0))
    assert np.linalg.norm(low) == pytest.approx(1.0, abs=1e-5)
    said = [voice.speak(TEXT, any_speech(), speaker=speaker).waveform.samples for speaker in (low, high)]
    assert not np.array_equal(*said)  # type: ignore[arg-type]


def test_a_reference_that_says_nothing_is_refused(voice: SpectrogramVoice) -> None:
    with pytest.raises(SynthesisError, match="too little"):
        voice.imitate(vowel_train(seconds=0.3))
    with pytest.raises(SynthesisError, match="silent"):
        voice.imitate(Waveform(np.zeros(16_000, dtype=np.float32), 16_000))


def test_a_reference_of_an_encoder_that_the_voice_does_not_know_is_refused(voice: SpectrogramVoice) -> None:
    other = voice.manifest.model_copy(update={"config": voice.manifest.config | {"speaker_fingerprint": "0" * 64}})
    with pytest.raises(CheckpointError, match="not the one used in training"):
        load_speech_encoder(other)
    with pytest.raises(SynthesisError, match="speaker encoder, which is not given"):
        voice.imitate(vowel_train(seconds=1.0))


@pytest.mark.parametrize(
    "change",
    [
        {"pitch": 3.0},
        {"energy": 6.0},
        {"steps": 2},
        {"noise": 0.2},
        {"prosody_noise": 0.0},
        {"sharpness": 0.0},
    ],
)
def test_what_is_steered_changes_the_sound(voice: SpectrogramVoice, change: dict[str, Any]) -> None:
    plain = voice.speak(TEXT, any_speech())
    steered = voice.speak(TEXT, replace(any_speech(), **change))
    assert not np.array_equal(plain.waveform.samples, steered.waveform.samples)


def test_options_of_the_other_kind_are_refused(voice: SpectrogramVoice) -> None:
    with pytest.raises(SynthesisError, match="is a FlowVoice"):
        voice.speak(TEXT, replace(any_speech(), temperature=0.6))
    with pytest.raises(SynthesisError, match="takes"):
        voice.speak(TEXT, replace(any_speech(), takes=2))


def test_the_silence_at_the_edges_is_short(voice: SpectrogramVoice) -> None:
    ids = voice.tokenizer.encode(voice.frontend.units("ሰላም።"))
    text = voice.network.read(np.array(ids), voice.speakers["f01"])
    slow = np.zeros((len(ids), 3), dtype=np.float32)
    slow[:, 0] = 10.0
    durations = voice._durations(text, slow, ids, 0.5).tolist()
    silent = [voice._is_silent(piece) for piece in ids]
    assert silent[0]
    assert silent[-1]
    edges = [frames for frames, is_silent in zip(durations, silent, strict=True) if is_silent]
    assert max(edges) <= 10
    assert max(durations) > 10


def test_speech_is_as_loud_as_it_is_to_be(voice: SpectrogramVoice) -> None:
    speech = voice.speak("ዛሬ ጥሩ ቀን ነው።", any_speech())
    peak = float(np.abs(speech.waveform.samples).max())
    assert loudness(speech.waveform) == pytest.approx(-18.0, abs=0.05) or peak == pytest.approx(0.99, abs=1e-3)


def test_energy_is_told_in_decibels(voice: SpectrogramVoice) -> None:
    plain = np.zeros((2, 3), dtype=np.float32)
    steered = voice._steer(plain, 10.0)
    deviation = voice.network.prosody_scale.deviation
    np.testing.assert_allclose(steered * deviation[1:], [[0.0, 0.5 * math.log(10.0)]] * 2, rtol=1e-5)


def test_how_long_a_recording_was_silent_at_its_edges_says_nothing_of_the_pace(voice: SpectrogramVoice) -> None:
    ids = voice.tokenizer.encode(voice.frontend.units("ሰላም ዓለም።"))
    text = voice.network.read(np.array(ids), voice.speakers["f01"])
    inner = between_silences(np.array([voice._is_silent(piece) for piece in ids]))
    assert 0 < inner.sum() < len(ids)
    drawn = np.zeros((len(ids), 3), dtype=np.float32)
    usual = voice._durations(text, drawn, ids, 1.0)
    drawn[~inner, 0] = 8.0
    np.testing.assert_array_equal(voice._durations(text, drawn, ids, 1.0)[inner], usual[inner])


def test_speech_is_as_long_as_the_correction_of_its_durations_says(voice: SpectrogramVoice) -> None:
    text = "ሰላም ዓለም ዛሬ ጥሩ ቀን ነው"
    scale = DurationScale(overall=2.0, speakers={"m02": 0.5})
    corrected = replace(voice, manifest=voice.manifest.model_copy(update={"duration_scale": scale}))

    def seconds(of: SpectrogramVoice, person: str | None, *, speed: float = 1.0) -> float:
        return of.speak(text, replace(any_speech(speed=speed), person=person)).waveform.duration

    # A speaker without a factor of his own has that of all; who is not named in a call is the first.
    assert seconds(corrected, "f01") == seconds(corrected, None) == seconds(voice, "f01", speed=0.5)
    assert seconds(corrected, "m02") == seconds(voice, "m02", speed=2.0)
    encoder = load_speech_encoder(voice.manifest)
    reference = voice.imitate(vowel_train(seconds=1.0, pitch=120.0), encoder)
    spoken, slow = (
        len(of.speak(text, any_speech(speed=speed), speaker=reference).waveform.samples)
        for of, speed in ((corrected, 1.0), (voice, 0.5))
    )
    assert spoken == slow

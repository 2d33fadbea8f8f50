"""A voice that writes codes: takes, sampling, prompts, edges, on a tiny random voice."""

import copy
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.speechlike import vowel_train
from support.voices import any_speech, load_code_voice, tiny_voice_folder

from amhctl.audio.loudness import loudness
from amhctl.audio.resample import bring_to
from amhctl.codec.codec import Codec
from amhctl.config.mel import MelConfig
from amhctl.core.errors import SynthesisError
from amhctl.core.units import SPEECH_LEVEL
from amhctl.inference import decode
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.decode import Codes, Passage
from amhctl.inference.options import SpeakOptions
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker, encode_speaker, features_of
from amhctl.model.unified_voice import UnifiedVoice


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("free"), alignment=False))


class _Listening:
    """A codec that remembers what it was given to decode."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.spec = codec.spec
        self.output_rate = codec.output_rate
        self.given: list[list[NDArray[np.uint16]]] = []

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        self.given.append(takes)
        return self._codec.decode_mean(takes)


def _takes_of(voice: CodeVoice, options: SpeakOptions) -> list[list[NDArray[np.uint16]]]:
    codec = _Listening(voice.codec)
    replace(voice, codec=cast(Codec, codec)).speak("ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።", options)
    return codec.given


def test_takes_differ_and_what_one_says_does_not_depend_on_the_others(voice: CodeVoice) -> None:
    one, three, by_itself = (
        _takes_of(voice, replace(any_speech(), takes=takes, **asdict(Sampling()))) for takes in (1, 3, None)
    )
    assert [len(takes) for takes in (*one, *three, *by_itself)] == [1, 1, 3, 3, 4, 4]
    for single, triple, four in zip(one, three, by_itself, strict=True):
        assert len({take.tobytes() for take in four}) == 4
        for fewer, more in ((single, triple), (triple, four)):
            assert all(np.array_equal(take, same) for take, same in zip(fewer, more, strict=False))


def test_a_voice_whose_takes_differ_in_length_says_each_segment_once(free: CodeVoice) -> None:
    assert [len(takes) for takes in _takes_of(free, any_speech())] == [1, 1]
    with pytest.raises(SynthesisError, match="differ in length"):
        free.speak("ሰላም።", replace(any_speech(), takes=2))


def test_codes_are_drawn_by_what_suits_voice_and_takes_unless_it_is_said(
    voice: CodeVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = load_code_voice(tiny_voice_folder(tmp_path, guided=True))
    drawn: list[Sampling] = []
    heard = decode.decode

    def encode_speech(
        model: UnifiedVoice, passages: Sequence[Passage], speaker: Speaker, sampling: Sampling, compiled: None
    ) -> list[Codes]:
        drawn.append(sampling)
        return heard(model, passages, speaker, sampling)

    monkeypatch.setattr("amhctl.inference.code_voice.decode", encode_speech)
    for takes in (1, 4):
        assert guided.sampling(takes).guidance > 0.0
        assert voice.sampling(takes) == replace(guided.sampling(takes), guidance=0.0)
        guided.speak("ሰላም።", replace(any_speech(), takes=takes))
    guided.speak("ሰላም።", replace(any_speech(), temperature=0.7))
    assert drawn == [guided.sampling(1), guided.sampling(4), replace(guided.sampling(4), temperature=0.7)]
    assert guided.sampling(1) != guided.sampling(4)


def test_another_speaker_changes_the_sound(voice: CodeVoice) -> None:
    """What the clip alone does, and by far: a voice whose latents hardly differ would be refused, see below."""
    own, (low, high) = voice.speaker.latents_1LD, (vowel_train(seconds=1.0, pitch=pitch) for pitch in (90.0, 250.0))  # type: ignore[union-attr]
    speakers = [voice.imitate(clip) for clip in (low, high)]
    for speaker in speakers:
        assert float((speaker.latents_1LD - own).square().mean().sqrt()) > 0.2 * float(own.square().mean().sqrt())
    sounds = [voice.speak("ሰላም ዓለም።", any_speech(), speaker=speaker).waveform.samples for speaker in speakers]
    assert not np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], voice.speak("ሰላም ዓለም።", any_speech()).waveform.samples)


@pytest.mark.parametrize("growth", [0.0, 1e12])
def test_a_voice_that_cannot_hear_a_reference_refuses_it(voice: CodeVoice, growth: float) -> None:
    """Its prompt says nothing, or bursts the branch: it would speak alike with every clip."""
    collapsed = replace(voice, model=copy.deepcopy(voice.model))
    collapsed.model.perceiver_encoder.proj_context.weight.mul_(growth)
    with pytest.raises(SynthesisError, match="cannot imitate a reference") as caught:
        collapsed.imitate(vowel_train(seconds=1.0))
    assert caught.value.subject == voice.manifest.name
    assert "ckpt validate" in caught.value.hint
    assert collapsed.speak("ሰላም።", any_speech()).waveform.duration > 0.0


def test_a_reference_is_brought_to_the_level_of_the_voice(voice: CodeVoice) -> None:
    clip, mel = vowel_train(seconds=1.0), MelConfig()
    assert voice.level == SPEECH_LEVEL
    lower = replace(voice, manifest=voice.manifest.model_copy(update={"level": -32.0}))
    for one, level in ((voice, SPEECH_LEVEL), (lower, -32.0)):
        wanted = encode_speaker(voice.model, features_of(clip, mel, level=level)).latents_1LD
        assert torch.equal(one.imitate(clip).latents_1LD, wanted)
    assert not torch.equal(lower.imitate(clip).latents_1LD, voice.imitate(clip).latents_1LD)


def test_a_voice_without_durations_has_one_speed(free: CodeVoice) -> None:
    assert free.speeds == (1.0, 1.0)
    with pytest.raises(SynthesisError, match="speed 1 only") as caught:
        free.speak("ሰላም።", any_speech(speed=1.5))
    assert "training.speed_share" in caught.value.hint


def test_a_voice_that_was_told_speeds_follows_those_and_no_others(
    free: CodeVoice, voice: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[float]] = []
    heard = decode.decode

    def encode_speech(
        model: UnifiedVoice, passages: Sequence[Passage], speaker: Speaker, sampling: Sampling, compiled: None
    ) -> list[Codes]:
        told.append([passage.speed for passage in passages])
        return heard(model, passages, speaker, sampling)

    monkeypatch.setattr("amhctl.inference.code_voice.decode", encode_speech)
    model = copy.deepcopy(free.model)
    torch.nn.init.normal_(model.speed_emb.weight, std=3.0)
    speeds = (0.8, 1.25)
    timed = replace(free, model=model, manifest=free.manifest.model_copy(update={"speeds": speeds}))
    assert timed.speeds == speeds
    usual, fast = (timed.speak("ሰላም ዓለም።", any_speech(speed=speed)).waveform.samples for speed in (1.0, 1.25))
    assert not np.array_equal(usual, fast)
    with pytest.raises(SynthesisError, match=r"from 0\.8 to 1\.25, not 1\.3") as caught:
        timed.speak("ሰላም።", any_speech(speed=1.3))
    assert "--speed 1.25" in caught.value.hint
    # Where durations are explicit they are scaled, and nothing is told besides.
    voice.speak("ሰላም።", replace(any_speech(speed=1.3), takes=1))
    assert told == [[1.0], [1.25], [1.0]]
    assert voice.speeds == (0.5, 2.0)


def test_the_silence_at_the_edges_is_short_and_nothing_else_is(voice: CodeVoice) -> None:
    boundary, word = voice.tokenizer.encode("səlam ።")[0], voice.tokenizer.encode("səlam ።")[1]
    mark = voice.tokenizer.encode("səlam ።")[-1]
    most = round(0.24 * voice.codec.spec.frame_rate)
    ids = (boundary, word, boundary, mark)
    assert voice._without_silent_edges(ids, [40, 30, 40, 40]) == (most, 30, 40, most)
    assert voice._without_silent_edges((word, word), [40, 40]) == (40, 40)
    assert voice._without_silent_edges(ids, [0, 0, 0, 0]) == (0, 0, 0, 1)


def test_speech_of_codes_is_as_loud_as_any(voice: CodeVoice) -> None:
    speech = voice.speak("ሰላም ዓለም", any_speech())
    assert loudness(speech.waveform) == pytest.approx(-18.0, abs=0.1)


@pytest.fixture(scope="module")
def feeling(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    folder = tiny_voice_folder(tmp_path_factory.mktemp("feeling"), emotion=True)
    return load_code_voice(folder)


def test_emotion_is_taken_from_another_clip_and_the_speaker_stays(feeling: CodeVoice) -> None:
    reference, clip = vowel_train(seconds=1.0, pitch=90.0), vowel_train(seconds=1.0, pitch=250.0)
    speaker, other = feeling.imitate(reference), feeling.imitate(clip)
    assert not torch.equal(speaker.emotion_1D, other.emotion_1D)
    for strength in (0.0, 0.25, 1.0):
        felt = feeling.feel(speaker, clip, strength=strength)
        assert torch.equal(felt.latents_1LD, speaker.latents_1LD)
        wanted = speaker.emotion_1D + strength * (other.emotion_1D - speaker.emotion_1D)
        torch.testing.assert_close(felt.emotion_1D, wanted)
    assert torch.equal(feeling.feel(speaker, clip, strength=0.0).emotion_1D, speaker.emotion_1D)
    assert torch.equal(feeling.feel(speaker, clip).emotion_1D, other.emotion_1D)
    # Without a reference, the voice's own speaker feels.
    own = feeling.feel(None, clip)
    assert torch.equal(own.latents_1LD, feeling.speaker.latents_1LD)  # type: ignore[union-attr]
    said = [feeling.speak("ሰላም።", any_speech(), speaker=each).waveform.samples for each in (None, own)]
    assert not np.array_equal(said[0], said[1])


def test_emotion_is_refused_by_voices_that_have_none_and_beyond_its_range(feeling: CodeVoice, voice: CodeVoice) -> None:
    clip = vowel_train(seconds=1.0)
    with pytest.raises(SynthesisError, match="no emotion branch") as caught:
        voice.feel(None, clip)
    assert caught.value.subject == voice.manifest.name
    for strength in (-0.1, 1.1):
        with pytest.raises(SynthesisError, match="not between 0 and 1"):
            feeling.feel(None, clip, strength=strength)


def test_a_copy_is_what_the_codec_makes_of_a_recording(voice: CodeVoice) -> None:
    recording = vowel_train(seconds=0.73, seed=2)
    copied = voice.copy(recording)
    samples = bring_to(recording, level=voice.level, sample_rate=16_000).samples
    assert copied.sample_rate == 16_000
    assert np.array_equal(copied.samples, voice.codec.decode(voice.codec.encode([samples]))[0][: samples.size])


def test_emotions_as_numbers_are_those_of_another_kind_of_voice(voice: CodeVoice) -> None:
    with pytest.raises(SynthesisError, match="no emotions as numbers"):
        voice.weigh_emotions(None, (0.0,) * 8)

"""Speaking: seeds, segments, retries, refusals, on a tiny random voice."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.speechlike import vowel_train
from support.voices import ANYTHING, any_speech, tiny_voice_folder

from amhctl.codec.codec import Codec
from amhctl.config.mel import MelConfig
from amhctl.core.errors import SynthesisError, TextError, UnspeakableError
from amhctl.core.units import SPEECH_LEVEL
from amhctl.inference import decode
from amhctl.inference import voice as voice_module
from amhctl.inference.assemble import load_voice
from amhctl.inference.decode import Codes, Passage, Sampling
from amhctl.inference.speaker import Speaker, encode_speaker, features_of
from amhctl.inference.voice import SpeakOptions, Voice
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.text.lexicon import Lexicon


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return load_voice(str(tiny_voice_folder(tmp_path_factory.mktemp("voice"))))


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return load_voice(str(tiny_voice_folder(tmp_path_factory.mktemp("free"), alignment=False)))


def test_the_same_seed_gives_the_same_samples_and_another_does_not(voice: Voice) -> None:
    one, again, other = (voice.speak("ሰላም ዓለም።", any_speech(seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.waveform.samples, again.waveform.samples)
    assert not np.array_equal(one.waveform.samples, other.waveform.samples)


def test_a_lexicon_is_read_by_the_copy_and_not_by_the_voice(voice: Voice) -> None:
    told = voice.with_lexicon(Lexicon({"ዓለም": "ዓለሙ"}))
    said = [one.speak("ሰላም ዓለም።", any_speech()).segments[0].text for one in (told, voice)]
    assert said == ["ሰላም ዓለሙ።", "ሰላም ዓለም።"]
    assert voice.with_lexicon(Lexicon()) is voice


class _Listening:
    """A codec that remembers what it was given to decode."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.spec = codec.spec
        self.given: list[list[NDArray[np.uint16]]] = []

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        self.given.append(takes)
        return self._codec.decode_mean(takes)


def _takes_of(voice: Voice, options: SpeakOptions) -> list[list[NDArray[np.uint16]]]:
    codec = _Listening(voice.codec)
    replace(voice, codec=cast(Codec, codec)).speak("ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።", options)
    return codec.given


def test_takes_differ_and_what_one_says_does_not_depend_on_the_others(voice: Voice) -> None:
    one, three, by_itself = (
        _takes_of(voice, replace(any_speech(), takes=takes, sampling=Sampling())) for takes in (1, 3, None)
    )
    assert [len(takes) for takes in (*one, *three, *by_itself)] == [1, 1, 3, 3, 4, 4]
    for single, triple, four in zip(one, three, by_itself, strict=True):
        assert len({take.tobytes() for take in four}) == 4
        for fewer, more in ((single, triple), (triple, four)):
            assert all(np.array_equal(take, same) for take, same in zip(fewer, more, strict=False))


def test_a_voice_whose_takes_differ_in_length_says_each_segment_once(free: Voice) -> None:
    assert [len(takes) for takes in _takes_of(free, any_speech())] == [1, 1]
    with pytest.raises(SynthesisError, match="differ in length"):
        free.speak("ሰላም።", replace(any_speech(), takes=2))


def test_codes_are_drawn_by_what_suits_voice_and_takes_unless_it_is_said(
    voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = load_voice(str(tiny_voice_folder(tmp_path, guided=True)))
    drawn: list[Sampling] = []
    heard = decode.decode

    def listen(model: UnifiedVoice, passages: Sequence[Passage], speaker: Speaker, sampling: Sampling) -> list[Codes]:
        drawn.append(sampling)
        return heard(model, passages, speaker, sampling)

    monkeypatch.setattr("amhctl.inference.voice.decode", listen)
    for takes in (1, 4):
        assert guided.sampling(takes).guidance > 0.0
        assert voice.sampling(takes) == replace(guided.sampling(takes), guidance=0.0)
        guided.speak("ሰላም።", replace(any_speech(), takes=takes))
    said = Sampling(temperature=0.7)
    guided.speak("ሰላም።", replace(any_speech(), sampling=said))
    assert drawn == [guided.sampling(1), guided.sampling(4), said]
    assert guided.sampling(1) != guided.sampling(4)


@pytest.mark.parametrize("takes", [0, -1, 65])
def test_impossible_takes_are_refused(takes: int) -> None:
    with pytest.raises(SynthesisError, match="takes are not between 1 and 64"):
        SpeakOptions(takes=takes)


def test_every_sentence_is_a_segment_in_order(voice: Voice) -> None:
    speech = voice.speak("ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።", any_speech())
    assert ["ሰላም" in segment.text for segment in speech.segments] == [True, False]
    assert all(segment.stopped and segment.attempts == 1 for segment in speech.segments)
    spoken = sum(segment.seconds for segment in speech.segments)
    pauses = sum(segment.pause for segment in speech.segments[:-1])
    assert speech.waveform.duration == pytest.approx(spoken + pauses, abs=0.05)
    assert speech.waveform.sample_rate == voice.sample_rate


def test_many_segments_are_spoken_in_batches(voice: Voice) -> None:
    speech = voice.speak("ሰላም። " * 11, any_speech())
    assert len(speech.segments) == 11


@pytest.mark.parametrize("written", ["ቁጥር " + "9" * 60, "ሰላም " * 3 + "ለሁላችሁ" * 30 + "።"])
def test_what_is_longer_than_the_model_can_say_is_said_in_parts(voice: Voice, written: str) -> None:
    small = replace(voice, model=UnifiedVoice(voice.model.config.model_copy(update={"max_text_tokens": 40})).eval())
    speech = small.speak(written, any_speech())
    ids = [small.tokenizer.encode(small.frontend.units(segment.text)) for segment in speech.segments]
    assert max(map(len, ids)) <= 40
    said = "".join(segment.text for segment in speech.segments).replace(" ", "")
    assert said == voice.frontend.normalize(written).text.replace(" ", "")


def test_what_takes_more_frames_than_the_model_has_is_said_in_parts(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = lambda _model, rows, speed: [np.full(len(row), 2) for row in rows]  # noqa: E731
    monkeypatch.setattr(voice_module, "predict_durations", slow)
    small = replace(voice, model=UnifiedVoice(voice.model.config.model_copy(update={"max_mel_tokens": 40})).eval())
    speech = small.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው።", any_speech())
    assert len(speech.segments) > 1
    assert "".join(segment.text for segment in speech.segments).replace(" ", "") == "ሰላምዓለምዛሬጥሩቀንነው።"


def test_what_is_not_spoken_is_a_finding(voice: Voice) -> None:
    speech = voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው 好 ሰላም 😀።", any_speech())
    assert [(finding.code, finding.subject) for finding in speech.findings] == [
        ("T002", "text, characters 20-21"), ("T003", "text, characters 26-27"),
    ]  # fmt: skip


def test_a_text_of_which_more_than_a_tenth_is_not_spoken_is_refused_unless_allowed(voice: Voice) -> None:
    with pytest.raises(TextError, match=r"15% of the letters cannot be read: 'мир'"):
        voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው ሰላም мир።", any_speech())
    allowed = replace(any_speech(), most_unspoken=1.0)
    (finding,) = voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው ሰላም мир።", allowed).findings
    assert finding.code == "T002"


def test_slow_speech_is_longer(voice: Voice) -> None:
    slow, fast = (voice.speak("ሰላም ዓለም።", any_speech(speed=speed)).waveform.duration for speed in (0.5, 2.0))
    assert slow > fast


def test_another_speaker_changes_the_sound(voice: Voice) -> None:
    """What the clip alone does, and by far: a voice whose latents hardly differ would be refused, see below."""
    own, (low, high) = voice.speaker.latents_1LD, (vowel_train(seconds=1.0, pitch=pitch) for pitch in (90.0, 250.0))
    speakers = [voice.imitate(clip) for clip in (low, high)]
    for speaker in speakers:
        assert float((speaker.latents_1LD - own).square().mean().sqrt()) > 0.2 * float(own.square().mean().sqrt())
    sounds = [voice.speak("ሰላም ዓለም።", any_speech(), speaker=speaker).waveform.samples for speaker in speakers]
    assert not np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], voice.speak("ሰላም ዓለም።", any_speech()).waveform.samples)


@pytest.mark.parametrize("growth", [0.0, 1e12])
def test_a_voice_that_cannot_hear_a_reference_refuses_it(voice: Voice, growth: float) -> None:
    """Its prompt says nothing, or bursts the branch: it would speak alike with every clip."""
    deaf = replace(voice, model=copy.deepcopy(voice.model))
    deaf.model.perceiver_encoder.proj_context.weight.mul_(growth)
    with pytest.raises(SynthesisError, match="cannot hear a reference") as caught:
        deaf.imitate(vowel_train(seconds=1.0))
    assert caught.value.subject == voice.manifest.name
    assert "ckpt validate" in caught.value.hint
    assert deaf.speak("ሰላም።", any_speech()).waveform.duration > 0.0


def test_a_reference_is_brought_to_the_level_of_the_voice(voice: Voice) -> None:
    clip, mel = vowel_train(seconds=1.0), MelConfig()
    assert voice.level == SPEECH_LEVEL
    lower = replace(voice, manifest=voice.manifest.model_copy(update={"level": -32.0}))
    for one, level in ((voice, SPEECH_LEVEL), (lower, -32.0)):
        wanted = encode_speaker(voice.model, features_of(clip, mel, level=level)).latents_1LD
        assert torch.equal(one.imitate(clip).latents_1LD, wanted)
    assert not torch.equal(lower.imitate(clip).latents_1LD, voice.imitate(clip).latents_1LD)


def test_the_bundled_voice_says_that_it_has_no_ear() -> None:
    with pytest.raises(SynthesisError, match="cannot hear a reference"):
        load_voice("m01").imitate(vowel_train(seconds=1.0))


def test_what_is_judged_bad_every_time_is_withheld(voice: Voice) -> None:
    strict = SpeakOptions(limits=replace(ANYTHING, lowest_level=200.0))
    with pytest.raises(UnspeakableError, match="3 attempts") as caught:
        voice.speak("ሰላም ዓለም።", strict)
    assert "S002" in caught.value.message


def test_a_bad_attempt_is_sampled_again_and_reported(free: Voice) -> None:
    """A random free voice stops by chance; with enough attempts some seed stops, and the retry is on record."""
    options = replace(any_speech(), attempts=60, limits=replace(ANYTHING, longest_syllable=0.0, longest_extra=0.5))
    speeches = [free.speak("ሰላም።", replace(options, seed=seed)) for seed in range(6)]
    assert all(speech.segments[0].stopped for speech in speeches)
    retried = [speech for speech in speeches if speech.segments[0].attempts > 1]
    assert retried
    assert all([finding.code for finding in speech.findings] == ["S008"] for speech in retried)


@pytest.mark.parametrize("text", ["", "  \n", "... !", "—"])
def test_nothing_speakable_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(TextError):
        voice.speak(text, any_speech())


def test_a_voice_without_durations_has_one_speed(free: Voice) -> None:
    with pytest.raises(SynthesisError, match="speed 1 only"):
        free.speak("ሰላም።", any_speech(speed=1.5))


@pytest.mark.parametrize("speed", [0.4, 2.1, float("nan")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(SynthesisError):
        SpeakOptions(speed=speed)


def test_the_silence_at_the_edges_is_short_and_nothing_else_is(voice: Voice) -> None:
    boundary, word = voice.tokenizer.encode("səlam ።")[0], voice.tokenizer.encode("səlam ።")[1]
    mark = voice.tokenizer.encode("səlam ።")[-1]
    most = round(0.24 * voice.codec.spec.frame_rate)
    ids = (boundary, word, boundary, mark)
    assert voice._without_silent_edges(ids, [40, 30, 40, 40]) == (most, 30, 40, most)
    assert voice._without_silent_edges((word, word), [40, 40]) == (40, 40)
    assert voice._without_silent_edges(ids, [0, 0, 0, 0]) == (0, 0, 0, 1)

"""Speaking: seeds, segments, retries, refusals, on a tiny random voice."""

from dataclasses import replace

import numpy as np
import pytest
from support.voices import ANYTHING, any_speech, load_code_voice, tiny_voice_folder

from amhctl.core.errors import SynthesisError, TextError, UnspeakableError
from amhctl.inference import code_voice as voice_module
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.text.lexicon import Lexicon


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("free"), alignment=False))


def test_the_same_seed_gives_the_same_samples_and_another_does_not(voice: CodeVoice) -> None:
    one, again, other = (voice.speak("ሰላም ዓለም።", any_speech(seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.waveform.samples, again.waveform.samples)
    assert not np.array_equal(one.waveform.samples, other.waveform.samples)


def test_a_lexicon_is_read_by_the_copy_and_not_by_the_voice(voice: CodeVoice) -> None:
    told = voice.with_lexicon(Lexicon({"ዓለም": "ዓለሙ"}))
    said = [one.speak("ሰላም ዓለም።", any_speech()).segments[0].text for one in (told, voice)]
    assert said == ["ሰላም ዓለሙ።", "ሰላም ዓለም።"]
    assert voice.with_lexicon(Lexicon()) is voice


def test_every_sentence_is_a_segment_in_order(voice: CodeVoice) -> None:
    speech = voice.speak("ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።", any_speech())
    assert ["ሰላም" in segment.text for segment in speech.segments] == [True, False]
    assert all(segment.stopped and segment.attempts == 1 for segment in speech.segments)
    spoken = sum(segment.seconds for segment in speech.segments)
    pauses = sum(segment.pause for segment in speech.segments[:-1])
    assert speech.waveform.duration == pytest.approx(spoken + pauses, abs=0.05)
    assert speech.waveform.sample_rate == voice.sample_rate


def test_many_segments_are_spoken_in_batches(voice: CodeVoice) -> None:
    speech = voice.speak("ሰላም። " * 11, any_speech())
    assert len(speech.segments) == 11


@pytest.mark.parametrize("written", ["ቁጥር " + "9" * 60, "ሰላም " * 3 + "ለሁላችሁ" * 30 + "።"])
def test_what_is_longer_than_the_model_can_say_is_said_in_parts(voice: CodeVoice, written: str) -> None:
    small = replace(voice, model=UnifiedVoice(voice.model.config.model_copy(update={"max_text_tokens": 40})).eval())
    speech = small.speak(written, any_speech())
    ids = [small.tokenizer.encode(small.frontend.units(segment.text)) for segment in speech.segments]
    assert max(map(len, ids)) <= 40
    said = "".join(segment.text for segment in speech.segments).replace(" ", "")
    assert said == voice.frontend.normalize(written).text.replace(" ", "")


def test_what_takes_more_frames_than_the_model_has_is_said_in_parts(
    voice: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = lambda _model, rows, speed: [np.full(len(row), 2) for row in rows]  # noqa: E731
    monkeypatch.setattr(voice_module, "predict_durations", slow)
    small = replace(voice, model=UnifiedVoice(voice.model.config.model_copy(update={"max_mel_tokens": 40})).eval())
    speech = small.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው።", any_speech())
    assert len(speech.segments) > 1
    assert "".join(segment.text for segment in speech.segments).replace(" ", "") == "ሰላምዓለምዛሬጥሩቀንነው።"


def test_what_is_not_spoken_is_a_finding(voice: CodeVoice) -> None:
    speech = voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው 好 ሰላም 😀።", any_speech())
    assert [(finding.code, finding.subject) for finding in speech.findings] == [
        ("T002", "text, characters 20-21"), ("T003", "text, characters 26-27"),
    ]  # fmt: skip


def test_a_text_of_which_more_than_a_tenth_is_not_spoken_is_refused_unless_allowed(voice: CodeVoice) -> None:
    with pytest.raises(TextError, match=r"15% of the letters cannot be read: 'мир'"):
        voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው ሰላም мир።", any_speech())
    allowed = replace(any_speech(), most_unspoken=1.0)
    (finding,) = voice.speak("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው ሰላም мир።", allowed).findings
    assert finding.code == "T002"


def test_a_stream_is_the_speech_in_pieces_made_when_they_are_asked_for(
    voice: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው። ሰላም። እንዴት ናችሁ?"
    whole = voice.speak(text, any_speech(seed=2))
    spoken: list[int] = []
    attempt = CodeVoice._attempt
    monkeypatch.setattr(
        CodeVoice, "_attempt", lambda self, batch, *rest: spoken.append(len(batch)) or attempt(self, batch, *rest)
    )
    stream = voice.stream(text, any_speech(seed=2))
    assert (stream.segments, stream.sample_rate, spoken) == (4, voice.sample_rate, [])
    first = next(iter(stream))
    # The first is alone, so that it is heard at once.
    assert spoken == [1]
    rest = list(stream)
    assert spoken == [1, 3]
    pieces = [chunk.waveform.samples for chunk in (first, *rest)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole.waveform.samples)
    assert tuple(chunk.segment for chunk in (first, *rest)) == whole.segments


def test_options_are_refused_before_anything_is_spoken(voice: CodeVoice) -> None:
    with pytest.raises(SynthesisError, match="--pitch"):
        voice.stream("ሰላም።", replace(any_speech(), pitch=2.0))
    with pytest.raises(TextError):
        voice.stream("...", any_speech())


def test_slow_speech_is_longer(voice: CodeVoice) -> None:
    slow, fast = (voice.speak("ሰላም ዓለም።", any_speech(speed=speed)).waveform.duration for speed in (0.5, 2.0))
    assert slow > fast


def test_what_is_judged_bad_every_time_is_withheld(voice: CodeVoice) -> None:
    strict = SpeakOptions(limits=replace(ANYTHING, lowest_level=200.0))
    with pytest.raises(UnspeakableError, match="3 attempts") as caught:
        voice.speak("ሰላም ዓለም።", strict)
    assert "S002" in caught.value.message


def test_a_bad_attempt_is_sampled_again_and_reported(free: CodeVoice) -> None:
    """A random free voice stops by chance; with enough attempts some seed stops, and the retry is on record."""
    options = replace(any_speech(), attempts=60, limits=replace(ANYTHING, longest_syllable=0.0, longest_extra=0.5))
    speeches = [free.speak("ሰላም።", replace(options, seed=seed)) for seed in range(6)]
    assert all(speech.segments[0].stopped for speech in speeches)
    retried = [speech for speech in speeches if speech.segments[0].attempts > 1]
    assert retried
    assert all([finding.code for finding in speech.findings] == ["S008"] for speech in retried)


@pytest.mark.parametrize("text", ["", "  \n", "... !", "—"])
def test_nothing_speakable_is_refused(voice: CodeVoice, text: str) -> None:
    with pytest.raises(TextError):
        voice.speak(text, any_speech())

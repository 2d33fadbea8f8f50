"""How long a text is expected to be: what the voice then speaks."""

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import any_speech

from amhctl.core.errors import TextError
from amhctl.inference.expected_length import expect_length
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.model.flow_sampling import between_silences


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> SpectrogramVoice:
    return load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))


def test_speech_has_the_frames_that_are_expected(voice: SpectrogramVoice) -> None:
    text = "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው፣ እናም ደስ ይላል"
    speaker = voice.speakers["f01"]
    expected = expect_length(voice.network, voice.frontend, voice.tokenizer, text, speaker)
    jobs, _ = voice.plan(text, any_speech())
    assert len(jobs) > 1
    assert expected.pauses == sum(job.pause for job in jobs[:-1])
    frames = 0.0
    for job in jobs:
        read = voice.network.read(np.array(job.ids), speaker)
        inner = between_silences(np.array([voice._is_silent(piece) for piece in job.ids]))
        frames += float(voice._durations(read, np.zeros((len(job.ids), 3), np.float32), job.ids, 1.0)[inner].sum())
    # Each group is rounded to whole frames.
    assert frames == pytest.approx(expected.speech, abs=0.5 * len(jobs))


def test_a_text_without_anything_to_say_is_an_error(voice: SpectrogramVoice) -> None:
    with pytest.raises(TextError):
        expect_length(voice.network, voice.frontend, voice.tokenizer, "...", voice.speakers["f01"])

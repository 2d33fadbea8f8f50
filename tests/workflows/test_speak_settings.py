"""Settings differ where the speech would."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.voices import load_code_voice, tiny_voice_folder

from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.longtext import Role
from amhctl.inference.options import SpeakOptions
from amhctl.text.lexicon import Lexicon
from amhctl.text.subtitles import Cue
from amhctl.workflows.speak_request import Clips, SpeakRequest
from amhctl.workflows.speak_settings import batch_settings, settings_of
from amhctl.workflows.speak_source import Source

LINES = Source(lambda: iter(()), None, "", None, can_resume=True)
REQUEST = SpeakRequest(output=None, text="ሰላም")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


def test_what_changes_the_speech_changes_the_settings_and_what_lets_it_out_does_not(
    voice: CodeVoice, tmp_path: Path
) -> None:
    usual = settings_of(REQUEST, voice, {}, LINES)
    clip = tmp_path / "a.wav"
    clip.write_bytes(b"RIFF")
    others = [
        settings_of(replace(REQUEST, options=SpeakOptions(seed=1)), voice, {}, LINES),
        settings_of(replace(REQUEST, options=SpeakOptions(pause=2.0)), voice, {}, LINES),
        settings_of(replace(REQUEST, chapters="headings"), voice, {}, LINES),
        settings_of(replace(REQUEST, clips=Clips(reference=clip)), voice, {}, LINES),
        settings_of(REQUEST, voice.with_lexicon(Lexicon({"ሰላም": "ጤና"})), {}, LINES),
        settings_of(REQUEST, replace(voice, precision="bf16"), {}, LINES),
        settings_of(replace(REQUEST, compiled=True), voice, {}, LINES),
        settings_of(REQUEST, voice, {"she": Role(voice)}, LINES),
        settings_of(REQUEST, voice, {}, replace(LINES, cues=(Cue(0.0, 1.0, "ሰላም"),))),
    ]
    assert all(other != usual for other in others)
    same = (SpeakOptions(attempts=9), SpeakOptions(most_unspoken=1.0))
    assert all(settings_of(replace(REQUEST, options=options), voice, {}, LINES) == usual for options in same)
    assert settings_of(replace(REQUEST, text="ሌላ"), voice, {}, LINES) == usual


def test_items_of_a_batch_differ_where_voices_lexicon_or_arithmetic_do(tmp_path: Path) -> None:
    one, two = (str(tiny_voice_folder(tmp_path / name, seed=seed)) for name, seed in (("one", 0), ("two", 1)))
    request = replace(REQUEST, voice=one)
    digests = {
        batch_settings(each, lexicon)
        for each, lexicon in (
            (request, Lexicon()),
            (replace(request, text="ሌላ"), Lexicon()),
            (replace(request, voice=two), Lexicon()),
            (replace(request, cast=(("she", two),)), Lexicon()),
            (replace(request, cast=(("she", str(tmp_path / "none")),)), Lexicon()),
            (replace(request, codec="mel16k"), Lexicon()),
            (replace(request, precision="fp32"), Lexicon()),
            (replace(request, check=True), Lexicon()),
            (request, Lexicon({"ሰላም": "ጤና"})),
        )
    }
    assert len(digests) == 8

"""Who says a line, and how far its manner can be followed."""

import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import load_code_voice, tiny_voice_folder

from amhctl.inference.bends import Bend
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.following import Role, find_role, follow
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.text.lines import Manner


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> SpectrogramVoice:
    return load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


def test_whom_markup_names(flow: SpectrogramVoice, voice: CodeVoice) -> None:
    role, options = Role(flow, speaker="somebody"), SpeakOptions(person="f01")
    cast = {"other": Role(voice, person=None)}
    person = flow.persons[-1]
    assert find_role(role, options, cast, "") == (role, options, ())
    assert find_role(role, options, cast, "nobody") == (role, options, ("there is no voice 'nobody'",))
    other, told, _ = find_role(role, options, cast, "other")
    assert (other, told.person) == (cast["other"], None)
    own, told, _ = find_role(role, options, cast, person)
    assert (own.voice, own.speaker, told.person) == (flow, None, person)


def test_a_manner_adds_to_the_options_within_their_ranges(flow: SpectrogramVoice, voice: CodeVoice) -> None:
    options = SpeakOptions(speed=1.5, pitch=2.0, volume=-3.0)
    assert follow(flow, options, Manner()) == (Bend(1.5, 2.0, -3.0), ())
    assert follow(flow, options, Manner(speed=0.5, pitch=-1.0, volume=2.0)) == (Bend(0.75, 1.0, -1.0), ())
    bend, faults = follow(flow, options, Manner(speed=2.0, pitch=20.0, volume=20.0))
    assert (bend, len(faults)) == (Bend(2.0, 12.0, 6.0), 3)
    assert follow(voice, SpeakOptions(), Manner(pitch=1.0)) == (
        Bend(1.0, 0.0, 0.0),
        ("the voice has no pitch to change",),
    )

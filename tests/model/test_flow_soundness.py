"""The rules of a FlowVoice's checkpoint: silent on sound ones, one finding for each thing that cannot be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.flow_world import SPEAKERS, tiny_flow_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import survey_folder  # type: ignore[attr-defined]
from amhctl.checkpoint.survey import TensorFacts
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.findings import Finding
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_soundness import find_flow_faults, flow_shapes
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.network_soundness import AVERAGE_FILE
from amhctl.model.soundness import find_faults, read_voice

Surveys = dict[str, dict[str, TensorFacts]]
FIRST = SPEAKERS[0]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        "plain": tiny_flow_folder(tmp_path_factory.mktemp("plain")),
        "coded": tiny_flow_folder(tmp_path_factory.mktemp("coded"), "model.codebooks=2"),
    }


@pytest.fixture
def voice(folders: dict[str, Path]) -> tuple[Manifest, Surveys]:
    manifest = read_manifest(folders["plain"])
    return manifest, survey_folder(folders["plain"], manifest.files)


@pytest.fixture
def coded(folders: dict[str, Path]) -> tuple[Manifest, Surveys]:
    manifest = read_manifest(folders["coded"])
    return manifest, survey_folder(folders["coded"], manifest.files)


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


def changed(manifest: Manifest, key: str, value: object) -> Manifest:
    part, _, field = key.partition(".")
    held = getattr(manifest, part)
    if not field:
        new = value
    elif isinstance(held, dict):
        new = {**held, field: value}
    else:
        new = held.model_copy(update={field: value})
    return manifest.model_copy(update={part: new})


def test_sound_voices_have_no_faults(
    folders: dict[str, Path], voice: tuple[Manifest, Surveys], coded: tuple[Manifest, Surveys]
) -> None:
    assert find_flow_faults(*voice) == find_faults(*voice) == ()
    assert find_faults(*coded) == ()
    assert read_voice(folders["plain"]).manifest.speakers == SPEAKERS


def test_the_shapes_are_those_of_the_network() -> None:
    config = FlowVoiceConfig(text_dim=16, model_dim=20, condition_dim=8, layers=3, codebooks=1)
    expected = {name: tuple(tensor.shape) for name, tensor in FlowVoice(config).state_dict().items()}
    assert flow_shapes(config) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("sample_rate", 22_050, ("C021", "sample_rate")),
        ("vocabulary.size", 7, ("C021", "config.number_text_tokens")),
        ("vocoder", None, ("C021", "vocoder")),
        ("vocoder.mel", {"bins": 100}, ("C021", "config.acoustics.mel")),
        ("config.layers", "many", ("C006", "config.layers")),
        ("config.kind", "unified", ("C006", "config.kind")),
        ("config.model_dim", 10**9, ("C006", "config.model_dim")),
        ("config.text_kernel", 4, ("C006", "config")),
        ("speakers", None, ("C022", SPEAKERS_FILE)),
        ("speakers", (), ("C022", SPEAKERS_FILE)),
        ("speakers", (*SPEAKERS, "x99"), ("C022", SPEAKERS_FILE)),
    ],
)
def test_a_manifest_that_cannot_be(
    key: str, value: object, expected: tuple[str, str], voice: tuple[Manifest, Surveys]
) -> None:
    manifest, surveys = voice
    assert codes(find_faults(changed(manifest, key, value), surveys)) == [expected]


@pytest.mark.parametrize(
    ("key", "value", "subject"),
    [
        ("codec", None, "codec"),
        ("codec.codebook_size", 99, "config.codebook_size"),
        ("codec.frame_samples", 320, "config.code_frame_samples"),
    ],
)
def test_a_voice_that_draws_from_codes_names_their_codec(
    key: str, value: object, subject: str, coded: tuple[Manifest, Surveys]
) -> None:
    manifest, surveys = coded
    assert codes(find_faults(changed(manifest, key, value), surveys)) == [("C021", subject)]


@pytest.mark.parametrize(
    "facts",
    [
        TensorFacts((9,), "float32", is_float=True, lowest=-1.0, highest=1.0),
        TensorFacts((1, 8), "float32", is_float=True, lowest=-1.0, highest=1.0),
        TensorFacts((8,), "int64", is_float=False, lowest=-1.0, highest=1.0),
        None,
    ],
)
def test_a_speaker_that_cannot_be(facts: TensorFacts | None, voice: tuple[Manifest, Surveys]) -> None:
    manifest, surveys = voice
    others = {name: each for name, each in surveys[SPEAKERS_FILE].items() if name != FIRST}
    spoilt = others if facts is None else {**others, FIRST: facts}
    assert codes(find_faults(manifest, {**surveys, SPEAKERS_FILE: spoilt})) == [("C022", SPEAKERS_FILE)]
    assert codes(find_faults(manifest, {WEIGHTS_FILE: surveys[WEIGHTS_FILE]})) == [("C022", SPEAKERS_FILE)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "int32", "is_float": False}, "C020"),
        ({"lowest": 0.0, "highest": 0.0}, "C024"),
        ({"shape": (2, 2)}, "C009"),
    ],
)
@pytest.mark.parametrize("file", [WEIGHTS_FILE, AVERAGE_FILE])
def test_a_matrix_that_is_none(change: dict[str, Any], code: str, file: str, voice: tuple[Manifest, Surveys]) -> None:
    manifest, surveys = voice
    name = "output.weight"
    held = surveys[WEIGHTS_FILE]
    spoilt = {**surveys, file: {**held, name: replace(held[name], **change)}}
    place = name if file == WEIGHTS_FILE else f"{file}: {name}"
    assert codes(find_faults(manifest, spoilt)) == [(code, place)]


def test_what_is_zero_at_first_may_be_zero(voice: tuple[Manifest, Surveys]) -> None:
    """A voice that was trained for a step only, or never met prosody, is sound."""
    _, surveys = voice
    facts = surveys[WEIGHTS_FILE]
    zero = {name for name, each in facts.items() if each.is_zero and len(each.shape) > 1}
    assert zero
    assert all(name.startswith(("prosody_condition.", "noise_condition.")) or ".modulate." in name for name in zero)


def test_a_large_model_is_compared_by_arithmetic_alone(voice: tuple[Manifest, Surveys]) -> None:
    manifest, surveys = voice
    large = changed(changed(manifest, "config.model_dim", 65_520), "config.layers", 3)
    assert {finding.code for finding in find_faults(large, surveys)} == {"C007", "C009"}

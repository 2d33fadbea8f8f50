"""The rules of a voice's checkpoint: silent on sound ones, one finding for each thing that cannot be."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import survey_folder  # type: ignore[attr-defined]
from amhctl.checkpoint.survey import TensorFacts
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding
from amhctl.model.network_soundness import AVERAGE_FILE, OPTIMIZER_FILE
from amhctl.model.soundness import REFERENCE_FILE, find_faults, read_voice

Surveys = dict[str, dict[str, TensorFacts]]
HEAD = "mel_head.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


@pytest.fixture
def voice(folder: Path) -> tuple[Manifest, Surveys]:
    manifest = read_manifest(folder)
    return manifest, survey_folder(folder, manifest.files)


@pytest.fixture
def state(voice: tuple[Manifest, Surveys]) -> tuple[Manifest, Surveys]:
    """Return a training state of the voice, with moments of one matrix."""
    manifest, surveys = voice
    weights = surveys[WEIGHTS_FILE]
    moments = {f"{HEAD}/{slot}": replace(weights[HEAD], lowest=0.0, highest=1.0) for slot in ("exp_avg", "exp_avg_sq")}
    moments[f"{HEAD}/step"] = TensorFacts((), "float32", is_float=True, lowest=3.0, highest=3.0)
    return manifest.model_copy(update={"kind": "training"}), {
        WEIGHTS_FILE: weights,
        AVERAGE_FILE: dict(weights),
        OPTIMIZER_FILE: moments,
    }


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


def test_a_sound_voice_and_a_sound_state_have_no_faults(
    folder: Path, voice: tuple[Manifest, Surveys], state: tuple[Manifest, Surveys]
) -> None:
    assert find_faults(*voice) == ()
    assert find_faults(*state) == ()
    assert read_voice(folder).manifest == voice[0]
    with pytest.raises(CheckpointError, match="expected training"):
        read_voice(folder, kind="training")


def test_a_voice_that_is_not_sound_is_not_read(folder: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(folder, tmp_path / "spoilt"))
    path = spoilt / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"sample_rate": 16000', '"sample_rate": 22050', 1))
    with pytest.raises(CheckpointError, match="sample_rate"):
        read_voice(spoilt)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("kind", "codec", ("C021", "kind")),
        ("kind", "vocoder", ("C021", "kind")),
        ("model_version", "unified-voice-9", ("C021", "kind")),
        ("sample_rate", 22_050, ("C021", "sample_rate")),
        ("codec.codebook_size", 32, ("C021", "config.number_mel_codes")),
        ("codec.codebooks", 1, ("C021", "config.codebooks")),
        ("vocabulary.size", 7, ("C021", "config.number_text_tokens")),
        ("conditioning.bins", -3, ("C006", "conditioning.bins")),
        ("conditioning.bins", 80, ("C021", "config.condition_dim")),
        ("config.layers", "many", ("C006", "config.layers")),
        ("config.model_dim", 10**9, ("C006", "config.model_dim")),
        ("config.start_text_token", 10**6, ("C006", "config")),
        ("config.stop_text_token", -1, ("C006", "config")),
    ],
)
def test_a_manifest_that_cannot_be(
    key: str, value: object, expected: tuple[str, str], voice: tuple[Manifest, Surveys]
) -> None:
    manifest, surveys = voice
    part, _, field = key.partition(".")
    held = getattr(manifest, part)
    if not field:
        changed = value
    elif isinstance(held, dict):
        changed = {**held, field: value}
    else:
        changed = held.model_copy(update={field: value})
    assert codes(find_faults(manifest.model_copy(update={part: changed}), surveys)) == [expected]


def test_a_large_model_is_compared_by_arithmetic_alone(voice: tuple[Manifest, Surveys]) -> None:
    manifest, surveys = voice
    config = {**manifest.config, "model_dim": 65_536, "layers": 3}
    found = find_faults(manifest.model_copy(update={"config": config}), surveys)
    assert {finding.code for finding in found} == {"C007", "C009"}


@pytest.mark.parametrize(
    "features",
    [
        None,
        {},
        {"features": TensorFacts((60, 7), "float32", is_float=True, lowest=0.0, highest=1.0)},
        {"features": TensorFacts((2, 100), "float32", is_float=True, lowest=0.0, highest=1.0)},
        {"features": TensorFacts((1, 60, 100), "float32", is_float=True, lowest=0.0, highest=1.0)},
        {"features": TensorFacts((60, 100), "int64", is_float=False, lowest=0.0, highest=0.0)},
    ],
)
def test_a_prompt_that_cannot_be_heard(
    features: dict[str, TensorFacts] | None, voice: tuple[Manifest, Surveys]
) -> None:
    manifest, surveys = voice
    others = {name: facts for name, facts in surveys.items() if name != REFERENCE_FILE}
    spoilt = others if features is None else {**others, REFERENCE_FILE: features}
    assert codes(find_faults(manifest, spoilt)) == [("C022", REFERENCE_FILE)]


def test_a_training_state_is_judged_by_its_weights_average_and_moments(state: tuple[Manifest, Surveys]) -> None:
    manifest, surveys = state
    zero = replace(surveys[WEIGHTS_FILE][HEAD], lowest=0.0, highest=0.0)
    for file in (WEIGHTS_FILE, AVERAGE_FILE):
        place = HEAD if file == WEIGHTS_FILE else f"{file}: {HEAD}"
        assert codes(find_faults(manifest, {**surveys, file: {**surveys[file], HEAD: zero}})) == [("C024", place)]
    without = {name: facts for name, facts in surveys.items() if name != OPTIMIZER_FILE}
    assert codes(find_faults(manifest, without)) == [("C023", OPTIMIZER_FILE)]

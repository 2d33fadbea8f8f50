"""One rule, one fault, one finding: and none on a sound checkpoint."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint, tiny_manifest, tiny_tensors

from amhctl.checkpoint import validate
from amhctl.checkpoint.folder import MANIFEST_FILE, WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.survey import Survey
from amhctl.core.findings import Finding


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "voice")


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


def expected_shapes() -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tiny_tensors().items()}


def shapes(surveys: Mapping[str, Survey]) -> dict[str, tuple[int, ...]]:
    return {name: facts.shape for name, facts in surveys[WEIGHTS_FILE].items()}


def test_a_sound_checkpoint_has_no_findings(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert validate.check_files(folder, manifest) == ()
    assert validate.check_embedded(folder, manifest) == ()
    surveys, unreadable = validate.survey_files(folder, manifest)
    assert unreadable == ()
    assert surveys.keys() == {WEIGHTS_FILE, "reference.safetensors"}
    assert validate.compare_shapes(shapes(surveys), expected_shapes()) == ()
    assert validate.check_licences(manifest) == ()
    assert validate.check_level(manifest.model_copy(update={"level": -20.0})) == ()
    assert validate.check_speaker_collapse("tiny", "") == ()
    assert validate.check_against(manifest, manifest) == ()


def test_a_voice_that_names_no_level_and_one_that_does_not_hear(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert codes(validate.check_level(manifest)) == [("C030", "tiny")]
    assert validate.check_level(manifest.model_copy(update={"kind": "codec"})) == ()
    assert codes(validate.check_speaker_collapse("tiny", "all clips alike")) == [("C019", "tiny")]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda f: (f / "text_state.json").write_bytes(b"{ }"), [("C002", "text_state.json")]),
        (lambda f: (f / "text_state.json").unlink(), [("C002", "text_state.json")]),
        (lambda f: (f / "notes.txt").write_text("x"), [("C003", "notes.txt")]),
    ],
)
def test_files_that_are_changed_missing_or_unknown(
    folder: Path, spoil: Callable[[Path], object], expected: list[tuple[str, str]]
) -> None:
    manifest = read_manifest(folder)
    spoil(folder)
    assert codes(validate.check_files(folder, manifest)) == expected


def test_all_faults_of_the_files_are_reported_at_once(folder: Path) -> None:
    manifest = read_manifest(folder)
    (folder / "text_state.json").unlink()
    (folder / WEIGHTS_FILE).write_bytes(b"")
    assert codes(validate.check_files(folder, manifest)) == [("C002", WEIGHTS_FILE), ("C002", "text_state.json")]
    assert codes(validate.check_embedded(folder, manifest)) == [("C005", WEIGHTS_FILE)]
    (folder / "reference.safetensors").write_bytes(b"junk")
    surveys, unreadable = validate.survey_files(folder, manifest)
    assert surveys == {}
    assert codes(unreadable) == [("C005", "reference.safetensors")]


def test_a_manifest_that_is_not_the_one_inside_the_weights(folder: Path) -> None:
    document = json.loads((folder / MANIFEST_FILE).read_text())
    document["config"]["nested"]["width"] = 5
    document["metrics"]["valid_loss"] = 0.1
    (folder / MANIFEST_FILE).write_text(json.dumps(document))
    found = validate.check_embedded(folder, read_manifest(folder))
    assert codes(found) == [("C004", "config.nested.width"), ("C004", "metrics.valid_loss")]


def test_tensors_missing_unexpected_and_misshapen(folder: Path) -> None:
    wanted = {**expected_shapes(), "weight": (3, 2), "absent": (1,)}
    del wanted["steps"]
    surveys, _ = validate.survey_files(folder, read_manifest(folder))
    found = validate.compare_shapes(shapes(surveys), wanted)
    assert codes(found) == [("C007", "absent"), ("C008", "steps"), ("C009", "weight")]
    found = validate.compare_shapes(shapes(surveys), wanted, file="average.safetensors")
    assert [finding.subject for finding in found] == [
        f"average.safetensors: {name}" for name in ("absent", "steps", "weight")
    ]


def test_a_frontend_that_has_drifted_is_a_warning_for_each_entry() -> None:
    stored = {"rules": {"percent": "በመቶ", "birr": "ብር"}, "version": 1}
    present = {"rules": {"percent": "ፐርሰንት", "birr": "ብር"}, "version": 2}
    found = validate.check_drift(stored, present)
    assert codes(found) == [("C013", "rules.percent"), ("C013", "version")]
    assert {finding.severity.value for finding in found} == {"warning"}


def test_a_table_that_drifted_in_many_entries_is_counted() -> None:
    stored = {"tables": {"units": {f"u{number:02}": "a" for number in range(15)}, "months": {"1": "a"}}}
    present = {"tables": {"units": {f"u{number:02}": "b" for number in range(15)}, "months": {"1": "b"}}}
    found = validate.check_drift(stored, present)
    assert [finding.subject for finding in found if finding.subject.startswith("tables.units")] == [
        *(f"tables.units.u{number:02}" for number in range(10)),
        "tables.units",
    ]
    assert any(finding.subject == "tables.units" and finding.message.startswith("5 more") for finding in found)
    assert any(finding.subject == "tables.months.1" for finding in found)


def test_no_licence_is_a_warning() -> None:
    assert codes(validate.check_licences(tiny_manifest().model_copy(update={"licences": ()}))) == [("C016", "tiny")]


def test_a_checkpoint_that_cannot_replace_another() -> None:
    other = tiny_manifest().model_copy(update={"sample_rate": 24_000, "metrics": {}, "name": "other"})
    assert codes(validate.check_against(tiny_manifest(), other)) == [("C017", "sample_rate")]

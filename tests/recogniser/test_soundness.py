"""The rules of a recogniser's checkpoint: silent on sound ones, one finding for each thing that cannot be."""

from pathlib import Path

import pytest
from support.recognisers import TINY_RECOGNISER, tiny_network, tiny_recogniser_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.survey import TensorFacts, survey, survey_file
from amhctl.recogniser.soundness import find_faults

Facts = dict[str, TensorFacts]


@pytest.fixture
def recogniser(tmp_path: Path) -> tuple[Manifest, Facts]:
    """Return the manifest of a sound recogniser and the facts of its weights."""
    folder = tiny_recogniser_folder(tmp_path)
    return read_manifest(folder), survey_file(folder / WEIGHTS_FILE)


def test_a_sound_recogniser_has_no_faults(recogniser: tuple[Manifest, Facts]) -> None:
    manifest, facts = recogniser
    assert find_faults(manifest, {WEIGHTS_FILE: facts}) == ()
    # Without its weights, there is nothing to find in them.
    assert find_faults(manifest, {}) == ()


def test_a_state_of_training_has_weights_in_single_precision(recogniser: tuple[Manifest, Facts]) -> None:
    manifest = recogniser[0].model_copy(update={"kind": "training"})
    assert find_faults(manifest, {WEIGHTS_FILE: survey(tiny_network().state_dict())}) == ()
    found = find_faults(manifest, {WEIGHTS_FILE: recogniser[1]})
    assert {finding.code for finding in found} == {"C008"}
    assert all(finding.subject.endswith(".scale") for finding in found)


@pytest.mark.parametrize(
    ("values", "code", "subject"),
    [
        ({"kind": "codec"}, "C021", "kind"),
        ({"model_version": "recogniser-9"}, "C021", "kind"),
        ({"kind": "training", "model_version": "vocoder-1"}, "C021", "kind"),
        ({"sample_rate": 24_000}, "C021", "sample_rate"),
    ],
)
def test_a_manifest_that_contradicts_itself(
    values: dict[str, object], code: str, subject: str, recogniser: tuple[Manifest, Facts]
) -> None:
    manifest, facts = recogniser
    found = find_faults(manifest.model_copy(update=values), {WEIGHTS_FILE: facts})
    assert [(finding.code, finding.subject) for finding in found] == [(code, subject)]


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"width": 0}, "config.width"),
        ({"width": 17}, "config.width"),
        ({"heads": "many"}, "config.heads"),
        ({"blocks": 10**9}, "config.blocks"),
        ({"invented": 1}, "config.invented"),
        ({"heads": 3}, "config"),
    ],
)
def test_an_impossible_configuration_is_a_finding(
    values: dict[str, object], subject: str, recogniser: tuple[Manifest, Facts]
) -> None:
    manifest, facts = recogniser
    broken = manifest.model_copy(update={"config": {**manifest.config, **values}})
    found = find_faults(broken, {WEIGHTS_FILE: facts})
    assert [(finding.code, finding.subject) for finding in found] == [("C006", subject)]


def test_tensors_are_those_of_the_configuration(recogniser: tuple[Manifest, Facts]) -> None:
    manifest, facts = recogniser
    spoiled = {name: each for name, each in facts.items() if name != "norm.bias"}
    spoiled |= {"other": facts["norm.bias"], "conv1.weight": facts["conv2.weight"]}
    found = find_faults(manifest, {WEIGHTS_FILE: spoiled})
    assert [(finding.code, finding.subject) for finding in found] == [
        ("C009", "conv1.weight"),
        ("C007", "norm.bias"),
        ("C008", "other"),
    ]


def test_a_configuration_of_any_size_takes_no_memory(recogniser: tuple[Manifest, Facts]) -> None:
    manifest, facts = recogniser
    huge = TINY_RECOGNISER.model_copy(update={"width": 65_536}).model_dump(mode="json")
    found = find_faults(manifest.model_copy(update={"config": huge}), {WEIGHTS_FILE: facts})
    assert {finding.code for finding in found} == {"C009"}

"""The rules of any voice's network and of its training: silent on sound facts, one finding for each fault."""

from dataclasses import replace

import pytest

from amhctl.checkpoint.survey import TensorFacts
from amhctl.core.findings import Finding, Severity
from amhctl.model.network_soundness import (
    AVERAGE_FILE,
    OPTIMIZER_FILE,
    contradiction,
    find_state_faults,
    find_weight_faults,
)

Survey = dict[str, TensorFacts]
HEAD = "head.weight"
SHAPES: dict[str, tuple[int, ...]] = {HEAD: (3, 4), "head.bias": (3,), "speed_emb.weight": (2, 4)}


def facts(shape: tuple[int, ...]) -> TensorFacts:
    return TensorFacts(shape, "float32", is_float=True, lowest=-1.0, highest=1.0)


@pytest.fixture
def weights() -> Survey:
    return {name: facts(shape) for name, shape in SHAPES.items()}


@pytest.fixture
def state(weights: Survey) -> dict[str, Survey]:
    """Return the files of a training state, with moments of one matrix."""
    moments = {f"{HEAD}/{slot}": replace(weights[HEAD], lowest=0.0) for slot in ("exp_avg", "exp_avg_sq")}
    moments[f"{HEAD}/step"] = TensorFacts((), "float32", is_float=True, lowest=3.0, highest=3.0)
    return {AVERAGE_FILE: dict(weights), OPTIMIZER_FILE: moments}


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


def test_sound_facts_have_no_faults(weights: Survey, state: dict[str, Survey]) -> None:
    assert find_weight_faults(weights, SHAPES) == ()
    assert tuple(find_state_faults(state, SHAPES)) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "int32", "is_float": False}, "C020"),
        ({"lowest": 0.0, "highest": 0.0}, "C024"),
        ({"shape": (2, 2)}, "C009"),
    ],
)
@pytest.mark.parametrize("file", ["", AVERAGE_FILE])
def test_a_matrix_that_is_none(change: dict[str, object], code: str, file: str, weights: Survey) -> None:
    spoilt = {**weights, HEAD: replace(weights[HEAD], **change)}  # type: ignore[arg-type]
    place = f"{file}: {HEAD}" if file else HEAD
    assert codes(find_weight_faults(spoilt, SHAPES, file=file)) == [(code, place)]


def test_names_are_all_and_only_those_of_the_network(weights: Survey) -> None:
    other = {"other.bias" if name == "head.bias" else name: each for name, each in weights.items()}
    assert codes(find_weight_faults(other, SHAPES)) == [("C007", "head.bias"), ("C008", "other.bias")]


def test_only_what_is_named_may_be_zero(weights: Survey) -> None:
    """The table of two speeds always may: the official training leaves it so."""
    zero = {name: replace(each, lowest=0.0, highest=0.0) for name, each in weights.items() if name != HEAD}
    assert find_weight_faults({**weights, **zero}, SHAPES) == ()
    dead = {**weights, HEAD: replace(weights[HEAD], lowest=0.0, highest=0.0)}
    assert find_weight_faults(dead, SHAPES, zero=(HEAD,)) == ()
    assert codes(find_weight_faults(dead, SHAPES, zero=("head.bias",))) == [("C024", HEAD)]


@pytest.mark.parametrize(
    ("key", "change", "code"),
    [
        (f"{HEAD}/exp_avg", {"shape": (2, 2)}, "C023"),
        (f"{HEAD}/exp_avg", {"shape": ()}, "C023"),
        (f"{HEAD}/exp_avg", {"type": "int32", "is_float": False}, "C023"),
        (f"{HEAD}/exp_avg_sq", {"lowest": -1e-9}, "C023"),
        (f"{HEAD}/exp_avg_sq", {"lowest": 0.0, "highest": 0.0}, "C024"),
        ("nobody/exp_avg", {}, "C023"),
    ],
)
def test_moments_that_cannot_be(key: str, change: dict[str, object], code: str, state: dict[str, Survey]) -> None:
    moments = state[OPTIMIZER_FILE]
    held = moments.get(key, moments[f"{HEAD}/exp_avg"])
    spoilt = {**moments, key: replace(held, **change)}  # type: ignore[arg-type]
    assert [finding.code for finding in find_state_faults({**state, OPTIMIZER_FILE: spoilt}, SHAPES)] == [code]


@pytest.mark.parametrize("file", [AVERAGE_FILE, OPTIMIZER_FILE])
def test_a_state_without_one_of_its_files(file: str, state: dict[str, Survey]) -> None:
    fewer = {name: each for name, each in state.items() if name != file}
    assert codes(tuple(find_state_faults(fewer, SHAPES))) == [("C023", file)]


def test_a_contradiction_names_both_sides() -> None:
    found = contradiction("sample_rate", 16_000, "codec.sample_rate", 22_050)
    assert (found.code, found.subject, found.severity) == ("C021", "sample_rate", Severity.ERROR)
    assert found.message == "16000, but codec.sample_rate is 22050"

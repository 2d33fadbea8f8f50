"""Facts of tensors, and what is wrong with them whatever network they belong to."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from amhctl.checkpoint.survey import TensorFacts, check_values, check_weights, survey, survey_file
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("values", "finite", "zero"),
    [
        ([1.0, -2.0], True, False),
        ([0.0, -0.0], True, True),
        ([], True, True),
        ([0.0, float("nan")], False, False),
        ([float("inf"), 0.0], False, False),
        ([float("-inf"), 0.0], False, False),
    ],
)
def test_facts_of_values(kind: torch.dtype, values: list[float], finite: bool, zero: bool) -> None:
    facts = TensorFacts.of(torch.tensor(values, dtype=kind))
    assert (facts.is_float, facts.is_finite, facts.is_zero) == (True, finite, zero)
    assert facts.type == str(kind).removeprefix("torch.")


@pytest.mark.parametrize("tensor", [torch.zeros(2, dtype=torch.int32), torch.zeros(2, dtype=torch.bool)])
def test_whole_numbers_are_no_weights(tensor: Tensor) -> None:
    facts = TensorFacts.of(tensor)
    assert (facts.is_float, facts.is_finite, facts.is_zero) == (False, True, False)


def test_a_file_is_surveyed_like_its_tensors(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.zeros(()), "c": torch.tensor([7])}
    save_file(tensors, tmp_path / "a.safetensors")
    assert survey_file(tmp_path / "a.safetensors") == survey(tensors)
    assert list(survey(tensors)) == ["a", "b", "c"]
    (tmp_path / "a.safetensors").write_bytes(b"junk")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        survey_file(tmp_path / "a.safetensors")


def test_values_that_are_not_finite_are_named() -> None:
    facts = survey({"a": torch.ones(2), "b": torch.tensor([float("nan")]), "c": torch.tensor(float("inf"))})
    assert codes(check_values(facts)) == [("C010", "b"), ("C010", "c")]
    assert codes(check_values(facts, file="x.safetensors")) == [
        ("C010", "x.safetensors: b"),
        ("C010", "x.safetensors: c"),
    ]


def test_a_file_of_zeros() -> None:
    counted = {"a": torch.zeros(2, 2), "b": torch.zeros(3), "step": torch.tensor(7.0)}
    assert codes(check_values(survey(counted))) == [("C024", "weights")]
    assert codes(check_values(survey(counted), file="optimizer.safetensors")) == [("C024", "optimizer.safetensors")]
    assert check_values(survey({**counted, "b": torch.tensor([0.0, 1e-30])})) == ()
    assert check_values(survey({"counts": torch.zeros(4, dtype=torch.int64)})) == ()
    assert check_values({}) == ()


def test_matrices_of_zeros_and_of_whole_numbers() -> None:
    facts = survey(
        {
            "alive": torch.ones(2, 2),
            "bias": torch.zeros(2),
            "dead": torch.zeros(2, 2),
            "whole": torch.ones(2, 2, dtype=torch.int32),
            "table": torch.zeros(2, 2),
        }
    )
    assert codes(check_weights(facts, zero=("table",))) == [("C020", "whole"), ("C024", "dead")]
    assert codes(check_weights(facts, file="f", zero=("table", "dead"))) == [("C020", "f: whole")]

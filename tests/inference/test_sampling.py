"""How codes are drawn: impossible values are refused."""

import pytest

from amhctl.core.errors import OptionError
from amhctl.inference.sampling import Sampling


@pytest.mark.parametrize("temperature", [-1.0, 1e-300, 9e-4, 1001.0, 1e300, float("nan"), float("inf")])
def test_a_temperature_that_leaves_no_probabilities_is_refused(temperature: float) -> None:
    with pytest.raises(OptionError, match="neither 0 nor between"):
        Sampling(temperature=temperature)


@pytest.mark.parametrize("guidance", [-1.0, 1_000.1, float("inf"), float("nan")])
def test_a_guidance_that_is_none_is_refused(guidance: float) -> None:
    with pytest.raises(OptionError, match="guidance"):
        Sampling(guidance=guidance)


@pytest.mark.parametrize("wrong", [{"top_k": -1}, {"top_p": 0.0}, {"top_p": 1.1}, {"top_p": float("nan")}])
def test_shares_that_are_none_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="top-"):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_the_ends_of_what_is_possible() -> None:
    assert Sampling(temperature=0.0, top_k=0, top_p=1.0, guidance=1_000.0).guidance == 1_000.0
    assert Sampling(temperature=1e3).temperature == 1e3


@pytest.mark.parametrize("penalty", [0.9, 100.1, float("nan"), -1.0])
def test_a_penalty_that_is_none_is_refused(penalty: float) -> None:
    with pytest.raises(OptionError, match="repetition penalty"):
        Sampling(repetition_penalty=penalty)

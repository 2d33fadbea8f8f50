"""How to speak: impossible values are refused at once, and what is not given is as usual."""

import pytest

from amhctl.core.errors import OptionError, SynthesisError
from amhctl.inference.options import SpeakOptions
from amhctl.inference.sampling import Sampling
from amhctl.model.flow_sampling import FlowSampling


@pytest.mark.parametrize("takes", [0, -1, 65])
def test_impossible_takes_are_refused(takes: int) -> None:
    with pytest.raises(SynthesisError, match="samples per segment is not between 1 and 64"):
        SpeakOptions(takes=takes)


@pytest.mark.parametrize("speed", [0.4, 2.1, float("nan")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(SynthesisError):
        SpeakOptions(speed=speed)


@pytest.mark.parametrize(
    "values", [{"temperature": -1.0}, {"top_k": -1}, {"top_p": 0.0}, {"guidance": -0.5}, {"steps": 0}, {"steps": 101}]
)
def test_impossible_sampling_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        SpeakOptions(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{"pitch": 13.0}, {"energy": -13.0}, {"attempts": 0}])
def test_impossible_steering_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(SynthesisError):
        SpeakOptions(**values)  # type: ignore[arg-type]


def test_what_is_not_given_is_as_usual() -> None:
    usual = Sampling(temperature=0.8, top_k=60, top_p=0.95, guidance=3.0)
    assert SpeakOptions().sampling(usual) == usual
    assert SpeakOptions(top_k=0).sampling(usual) == Sampling(temperature=0.8, top_k=0, top_p=0.95, guidance=3.0)
    assert SpeakOptions().flow_sampling() == FlowSampling()
    told = SpeakOptions(steps=9, guidance=0.0, noise=0.5, prosody_noise=0.0)
    assert told.flow_sampling() == FlowSampling(steps=9, guidance=0.0, noise=0.5, prosody_noise=0.0)

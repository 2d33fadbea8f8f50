"""Twin of ``training/guard.py``."""

import math

import pytest

from amhctl.config.schema import TrainingConfig
from amhctl.training.guard import (
    BAD_IN_A_ROW,
    FEWEST,
    MOST_RETURNS,
    WINDOW,
    Judgement,
    Verdict,
    Watch,
    judge_step,
    refuse,
)

CONFIG = TrainingConfig(spike_norm=10.0, spike_loss=3.0)


def judge(watch: Watch, loss: float = 1.0, norm: float = 1.0, config: TrainingConfig = CONFIG) -> Judgement:
    return judge_step(watch, config, loss=loss, norm=norm)


def settled(steps: int = FEWEST) -> Watch:
    watch = Watch()
    for _ in range(steps):
        watch = judge(watch).watch
    return watch


@pytest.mark.parametrize(("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan), (1.0, math.inf)])
def test_what_is_not_finite_is_never_taken(loss: float, norm: float) -> None:
    judged = judge(Watch(), loss, norm)
    assert judged.verdict == "skip"
    assert judged.watch == Watch(bad=1)
    assert "not finite" in judged.why


@pytest.mark.parametrize(
    ("loss", "norm", "verdict"),
    [(3.0, 10.0, "take"), (3.01, 1.0, "skip"), (1.0, 10.1, "skip"), (0.01, 0.01, "take")],
)
def test_what_is_far_from_usual_is_not_taken(loss: float, norm: float, verdict: Verdict) -> None:
    assert judge(settled(), loss, norm).verdict == verdict
    # Nothing is unusual before enough is known, or where it is not asked for.
    assert judge(settled(FEWEST - 1), loss, norm).verdict == "take"
    assert judge(settled(), loss, norm, TrainingConfig(spike_norm=0.0, spike_loss=0.0)).verdict == "take"


def test_a_spike_does_not_become_usual() -> None:
    watch = settled(WINDOW + 5)
    assert len(watch.losses) == len(watch.norms) == WINDOW
    after = judge(watch, 50.0).watch
    assert after.losses == watch.losses
    assert after.bad == 1
    assert judge(after).watch.bad == 0


def test_bad_steps_in_a_row_lead_back_lower_the_rate_and_in_the_end_stop() -> None:
    watch = settled()
    verdicts = []
    while True:
        judged = judge(watch, math.nan)
        verdicts.append(judged.verdict)
        watch = judged.watch
        if judged.verdict == "stop":
            break
        if judged.verdict == "return":
            assert watch == Watch(returns=watch.returns, slowed=0.5**watch.returns)
    round_trip = ["skip"] * (BAD_IN_A_ROW - 1)
    assert verdicts == [*round_trip, "return"] * MOST_RETURNS + [*round_trip, "stop"]


def test_a_run_that_goes_well_again_may_go_back_again() -> None:
    watch = Watch(returns=MOST_RETURNS, slowed=0.25)
    for step in range(WINDOW):
        assert watch.returns == MOST_RETURNS, step
        watch = judge(watch).watch
    assert (watch.returns, watch.slowed) == (0, 0.25)


def test_what_cannot_wait_leads_back_at_once() -> None:
    judged = refuse(settled(), "the validation is not finite", at_once=True)
    assert (judged.verdict, judged.watch) == ("return", Watch(returns=1, slowed=0.5))


def test_what_is_remembered_survives_its_file() -> None:
    watch = judge(settled(), loss=1 / 3, norm=0.1 + 0.2).watch
    assert Watch.model_validate_json(watch.model_dump_json()) == watch
